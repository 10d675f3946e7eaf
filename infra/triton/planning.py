"""What the models depend on, and so where they are: folders named by a hash of it all."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.triton import environment, forms, sources
from infra.triton.settings import ModelsSettings

HERE = Path(__file__).parent
REPOSITORY = HERE / "repository"
BUILD = HERE / "build"
# These make the heads, not the encoder: another one leaves the encoder as it is.
_NOT_ENCODER = frozenset(
    {"calibrating.py", "fitting.py", "heads.py", "injection.py", "head", "__main__.py"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Models for one machine, one configuration and one state of the code."""

    sources: dict[str, sources.Source]
    choice: forms.Choice
    processes: int
    # One per head, as the packs and the build of heads agree on it.
    specs: list[dict[str, Any]]
    weights: Path
    encoder: Path
    repository: Path


def plan(settings: ModelsSettings, packs: Path | None) -> Plan:
    """The plan for this machine and these packs; reads everything, makes nothing.

    Raises:
        SluiceError: a pack or sources.toml is wrong; names file and field.
    """
    from services.assessor.packs import head_specs  # noqa: PLC0415 - reads every pack

    known = sources.read()
    choice = forms.choose(forms.cpu_features(), settings.form)
    processes = settings.processes or len(os.sched_getaffinity(0))
    specs = head_specs(packs)
    encoder = key(
        contents([environment.LOCK, *_files(BUILD, _NOT_ENCODER)]),
        contents(_files(REPOSITORY / "encoder" / "1")),
        asdict(known["encoder"]),
        asdict(choice),
    )
    repository = key(
        encoder,
        contents([*_files(BUILD), *_files(REPOSITORY)]),
        asdict(known["language"]),
        [_without_place(spec) for spec in specs],
        processes,
    )
    cache = environment.cache()
    return Plan(
        known,
        choice,
        processes,
        specs,
        settings.weights or cache / "files",
        cache / "encoder" / encoder,
        cache / "repository" / repository,
    )


def _without_place(spec: dict[str, Any]) -> dict[str, Any]:
    """A fitted head is what its digest says, wherever it lies."""
    if "fitted" not in spec:
        return spec
    fitted = {name: value for name, value in spec["fitted"].items() if name != "file"}
    return spec | {"fitted": fitted}


def key(*parts: object) -> str:
    """A short name that is another one when anything in the parts is."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def contents(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Name and digest of each file."""
    return [(os.path.relpath(file, HERE), sources.digest(file)) for file in files]


def _files(folder: Path, but: frozenset[str] = frozenset()) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.relative_to(folder).parts[0] not in but
    )
