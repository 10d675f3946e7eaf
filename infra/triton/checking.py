"""What is in a made repository, and whether it is still what was made."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.triton import sources

_MANIFEST = "manifest.json"
_ENSEMBLE = re.compile(r'^platform:\s*"ensemble"', re.MULTILINE)
_IDENTITY = ("name", "version", "digest")  # without these there is no warrant
REMEDY = "run `sluice models build --force`"


@dataclass(frozen=True, slots=True)
class Model:
    """One model's version folder with its manifest; None: there is no readable one."""

    folder: Path
    manifest: dict[str, Any] | None

    @property
    def name(self) -> str:
        """As Triton serves it."""
        return self.folder.parent.name


def models(repository: Path) -> list[Model]:
    """All models with bits of their own; ensembles only put others together."""
    return [
        Model(config.parent / "1", _manifest(config.parent / "1" / _MANIFEST))
        for config in sorted(repository.glob("*/config.pbtxt"))
        if not _ENSEMBLE.search(config.read_text())
    ]


def faults(repository: Path) -> list[str]:
    """One line per thing that is not as it was made; no line: all is well."""
    if not repository.is_dir():
        return [f"the models are not built for this machine and these packs ({repository})"]
    found = []
    for model in models(repository):
        found += _faults(model)
    return found


def _faults(model: Model) -> list[str]:
    manifest = model.manifest
    where = model.folder / _MANIFEST
    if manifest is None:
        return [f"{where} is missing or no JSON object"]
    identity = manifest.get("identity", {})
    found = [f"{where}: identity.{name} is missing" for name in _IDENTITY if not identity.get(name)]
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        return [*found, f"{where}: files is missing"]
    for name, digest in files.items():
        file = model.folder / name
        if not file.is_file():
            found.append(f"{file} is missing")
        elif sources.digest(file) != digest:
            found.append(f"{file} is not the file that was built")
    return found


def _manifest(file: Path) -> dict[str, Any] | None:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None
