"""The build gives the same bytes again, and the command tells what it made."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.triton import building, checking, environment, planning
from infra.triton.settings import ModelsSettings
from services.assessor.packs import SHIPPED
from services.cli.models import models

pytestmark = [pytest.mark.triton, pytest.mark.usefixtures("triton_server")]


def sluice_models(*arguments: str) -> Result:
    """`sluice models ...`."""
    return CliRunner().invoke(models, arguments, catch_exceptions=False)


@pytest.fixture
def other_packs(tmp_path: Path) -> Path:
    """Packs that nobody built anything from."""
    packs = tmp_path / "packs"
    shutil.copytree(SHIPPED, packs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    pack = packs / "sentiment.yaml"
    pack.write_text(pack.read_text().replace("\nversion: ", "\nversion: 9"))
    return packs


@pytest.mark.timeout(300)
def test_the_same_inputs_on_the_same_cpu_give_the_same_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another folder, process and minute: a digest in a warrant can be made again by anybody."""
    settings = ModelsSettings()
    env = building.environment_of(settings, print)
    first = planning.plan(settings, None)
    weights = environment.cache() / "files" / first.sources["encoder"].file_sha256
    monkeypatch.setenv("SLUICE_CACHE_HOME", str(tmp_path / "cache"))
    (environment.cache() / "files").mkdir(parents=True)
    shutil.copy(weights, environment.cache() / "files")
    second = planning.plan(settings, None)
    assert second.repository != first.repository
    building.build(second, env, print)
    for one, other in zip(
        checking.models(first.repository), checking.models(second.repository), strict=True
    ):
        assert other.manifest == one.manifest
    assert checking.faults(second.repository) == []


def test_a_second_build_finds_everything_there() -> None:
    """It says where, and nothing but that on standard output."""
    done = sluice_models("build")
    assert done.exit_code == 0
    folder = Path(done.stdout.strip())
    assert (folder / "read_ticket" / "config.pbtxt").is_file()
    assert "quantizing" not in done.stderr


def test_what_was_made_is_listed() -> None:
    """Everything that a warrant or an audit asks for, for people and for programs."""
    done = sluice_models("list", "--json")
    assert done.exit_code == 0
    made = {each["identity"]["name"]: each for each in json.loads(done.stdout)["models"]}
    assert set(made) == {
        "encoder",
        "injection",
        "intent_retail",
        "language",
        "sentiment",
        "supply_exception",
        "urgency",
    }
    encoder = made["encoder"]
    for field in ("licence", "source", "tokenizer", "max_tokens", "pad_id", "cpu_features"):
        assert encoder[field] not in (None, ""), field
    assert encoder["why_this_form"]
    assert all(each["licence"] and each["source"] and each["files"] for each in made.values())
    shown = sluice_models("list").stdout
    assert encoder["identity"]["digest"][:12] in shown
    assert "intent_retail" in shown


def test_what_is_served_as_built_is_well(triton_server) -> None:
    """Files against manifests, heads against packs."""
    done = sluice_models("check", "--url", triton_server.url)
    assert done.exit_code == 0, done.stdout
    assert f"served at {triton_server.url}" in done.stdout


def test_heads_from_other_packs_are_named_with_the_remedy(triton_server, other_packs: Path) -> None:
    """An edited pack that was not built is seen before a case is decided by it."""
    done = sluice_models("check", "--url", triton_server.url, "--packs", str(other_packs), "--json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert not report["well"]
    assert any("not built" in line for line in report["faults"])
    (served,) = [line for line in report["faults"] if "served head" in line]
    assert "sentiment" in served
    assert "sluice models build" in served
    assert sluice_models("list", "--packs", str(other_packs)).exit_code == 1


def test_a_server_that_does_not_answer_is_named() -> None:
    """Nobody listens on port 9 of loopback."""
    done = sluice_models("check", "--url", "127.0.0.1:9")
    assert done.exit_code == 1
    assert "127.0.0.1:9 does not answer" in done.stdout
