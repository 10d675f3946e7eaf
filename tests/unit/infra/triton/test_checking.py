"""A repository is what was built, or each thing that is not is named."""

import hashlib
import json
from pathlib import Path

import pytest

from infra.triton import checking


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two models and an ensemble over them, as a build leaves them."""
    for name in ("encoder", "sentiment"):
        folder = tmp_path / name / "1"
        folder.mkdir(parents=True)
        (folder.parent / "config.pbtxt").write_text(f'name: "{name}"\nbackend: "python"\n')
        (folder / "model.bin").write_bytes(name.encode())
        manifest = {
            "identity": {"name": name, "version": "1.0", "digest": "d" * 64},
            "files": {"model.bin": hashlib.sha256(name.encode()).hexdigest()},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "read" / "1").mkdir(parents=True)
    (tmp_path / "read" / "config.pbtxt").write_text('name: "read"\nplatform: "ensemble"\n')
    return tmp_path


def change(repository: Path, **fields: object) -> None:
    """Set fields of the encoder's manifest; None removes one."""
    file = repository / "encoder" / "1" / "manifest.json"
    manifest = json.loads(file.read_text()) | fields
    file.write_text(
        json.dumps({name: value for name, value in manifest.items() if value is not None})
    )


def test_what_was_built_has_no_faults(repository: Path) -> None:
    """And an ensemble, which has no bits of its own, needs no manifest."""
    assert checking.faults(repository) == []
    assert [model.name for model in checking.models(repository)] == ["encoder", "sentiment"]


def test_a_changed_file_is_named(repository: Path) -> None:
    """One flipped byte of the weights gives answers that nobody fitted a threshold to."""
    (repository / "encoder" / "1" / "model.bin").write_bytes(b"Encoder")
    (fault,) = checking.faults(repository)
    assert "encoder/1/model.bin is not the file that was built" in fault


def test_a_missing_file_is_named(repository: Path) -> None:
    """As a copy that broke off leaves it."""
    (repository / "sentiment" / "1" / "model.bin").unlink()
    (fault,) = checking.faults(repository)
    assert "sentiment/1/model.bin is missing" in fault


@pytest.mark.parametrize("content", ["", "[]", "{", None])
def test_a_manifest_that_is_none_is_named(repository: Path, content: str | None) -> None:
    """Missing, empty, broken, or something else."""
    file = repository / "encoder" / "1" / "manifest.json"
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    (fault,) = checking.faults(repository)
    assert "encoder/1/manifest.json" in fault


def test_fields_without_which_there_is_no_warrant_are_named(repository: Path) -> None:
    """Which bits answered must be known of every answer."""
    change(repository, identity={"name": "encoder", "version": "1.0"}, files=None)
    digest, files = checking.faults(repository)
    assert "identity.digest is missing" in digest
    assert "files is missing" in files


def test_a_repository_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    """Nothing was built for this machine and these packs."""
    (fault,) = checking.faults(tmp_path / "none")
    assert "not built" in fault
