"""Label packs: what texts are read for, in files that operations people edit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.assessor.domain.agreeing import PackId
from services.assessor.domain.asking import Task
from services.assessor.domain.reading import Thresholds
from services.assessor.packs.pack import OTHER, Pack, mistakes
from services.chassis import documents
from services.chassis.errors import ConfigurationError

SHIPPED = Path(__file__).parent

# The head that answers each task, by its name on the server. The language's needs no pack.
MODELS = {
    Task.INTENT: "intent_retail",
    Task.SENTIMENT: "sentiment",
    Task.EXCEPTION: "supply_exception",
}

# A language that is read with less is not known. What a text is too short for is told with less.
_LANGUAGE = Thresholds(confidence=0.5)


@dataclass(frozen=True, slots=True)
class Configured:
    """What the packs mean for the running service."""

    packs: Mapping[Task, PackId]
    thresholds: Mapping[Task, Thresholds]


def load_packs(folder: Path | None = None) -> Mapping[Task, Pack]:
    """The pack of each task, from a folder or, with None, those that come with Sluice.

    Raises:
        ConfigurationError: one line per mistake, with file, line and field.
    """
    place = SHIPPED if folder is None else folder
    if not place.is_dir():
        raise ConfigurationError(f"{place}: no such folder of label packs (SLUICE_ASSESSOR_PACKS)")
    packs: dict[Task, Pack] = {}
    for file in sorted(each for each in place.iterdir() if each.suffix in {".yaml", ".yml"}):
        pack = documents.load(file, Pack, check=mistakes)
        if pack.task in packs:
            raise ConfigurationError(
                f"{file}: task: {packs[pack.task].id} is a pack for '{pack.task}', too: "
                "move one of them out of the folder"
            )
        packs[pack.task] = pack
    missing = [task.value for task in MODELS if task not in packs]
    if missing:
        raise ConfigurationError(
            f"{place}: no label pack for {', '.join(missing)}: "
            f"add one, the shipped ones are in {SHIPPED}"
        )
    return packs


def configure(folder: Path | None = None) -> Configured:
    """What the assessor needs of the packs; raises like `load_packs`."""
    packs = load_packs(folder)
    return Configured(
        {task: PackId(pack.id, pack.digest) for task, pack in packs.items()},
        {Task.LANGUAGE: _LANGUAGE} | {task: _thresholds(pack) for task, pack in packs.items()},
    )


def head_specs(folder: Path | None = None) -> list[dict[str, Any]]:
    """What each head is made from, as plain JSON; raises like `load_packs`."""
    return [
        {
            "model": MODELS[task],
            "task": task.value,
            "pack": pack.id,
            "pack_digest": pack.digest,
            "labels": pack.material(),
        }
        for task, pack in sorted(load_packs(folder).items())
    ]


def _thresholds(pack: Pack) -> Thresholds:
    return Thresholds(
        pack.thresholds.confidence,
        pack.thresholds.margin,
        frozenset(pack.languages),
        frozenset({OTHER} & set(pack.labels)),
    )
