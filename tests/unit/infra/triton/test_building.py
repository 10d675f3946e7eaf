"""What is made is whole or not there; what fails says why."""

import json
from pathlib import Path

import pytest

from infra.triton import building, environment
from infra.triton.environment import Environment
from infra.triton.errors import ModelsError
from infra.triton.settings import ModelsSettings


def fake_environment(folder: Path, script: str) -> Environment:
    """An environment whose python is a script of ours: `$4` is the file with the request."""
    python = Environment(folder).python
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return Environment(folder)


def test_a_folder_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    """Whoever is killed or fails half way leaves what was there before."""
    target = tmp_path / "models"
    with environment.replacing(target) as fresh:
        (fresh / "file").write_text("first")
        assert not target.exists()

    def fail() -> None:
        with environment.replacing(target) as fresh:
            (fresh / "file").write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (target / "file").read_text() == "first"
    with environment.replacing(target) as fresh:
        (fresh / "file").write_text("second")
    assert (target / "file").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    """Hundreds of megabytes that nobody would ever look at again."""
    (tmp_path / ".making-abc" / "made").mkdir(parents=True)
    with environment.replacing(tmp_path / "models"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_what_a_build_says_is_passed_on(tmp_path: Path) -> None:
    """Progress line by line; the request arrives as it was sent."""
    env = fake_environment(tmp_path / "env", 'echo "step of $3"; cat "$4"; echo noise >&2')
    said: list[str] = []
    building._run(env, "encoder", {"into": "há"}, said.append)
    assert said[0] == "step of encoder"
    assert json.loads(said[1]) == {"into": "há"}
    assert len(said) == 2


def test_a_failed_build_ends_with_its_last_words(tmp_path: Path) -> None:
    """A traceback in Triton's environment must reach whoever asked for the models."""
    env = fake_environment(tmp_path / "env", "echo 'ValueError: not so' >&2; exit 3")
    with pytest.raises(ModelsError, match=r"(?s)failed \(heads\).*ValueError: not so"):
        building._run(env, "heads", {}, print)


def test_a_link_is_moved_in_one_step(tmp_path: Path) -> None:
    """Triton, started at any moment, finds the old models or the new ones."""
    link = tmp_path / "place" / "models"
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        building.point(link, tmp_path / name)
        assert link.resolve() == tmp_path / name
    assert [path.name for path in link.parent.iterdir()] == ["models"]


def test_the_number_of_processes_is_set(tmp_path: Path) -> None:
    """In the one place where the configuration has it."""
    config = tmp_path / "config.pbtxt"
    config.write_text("instance_group [ { kind: KIND_CPU count: 2 } ]\n")
    building._set_processes(config, 12)
    assert config.read_text() == "instance_group [ { kind: KIND_CPU count: 12 } ]\n"
    with pytest.raises(ModelsError, match="expected one"):
        building._set_processes(config, 3)


def test_a_given_environment_that_is_not_whole_is_named(tmp_path: Path) -> None:
    """Before anything is built with it, with the command that completes one."""
    settings = ModelsSettings(environment=tmp_path)
    with pytest.raises(ModelsError, match=r"tritonserver is missing.*infra\.triton\.environment"):
        building.environment_of(settings, print)
