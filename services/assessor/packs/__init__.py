"""Label packs: what texts are read for, in files that operations people edit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.assessor.domain.agreeing import PackId
from services.assessor.domain.asking import Task
from services.assessor.domain.reading import Thresholds
from services.assessor.packs import choosing, fitted
from services.assessor.packs.choosing import SHIPPED
from services.assessor.packs.fitted import FittedHead
from services.assessor.packs.pack import OTHER, Pack, mistakes
from services.chassis import documents
from services.chassis.errors import ConfigurationError

__all__ = ["MODELS", "SHIPPED", "configure", "head_specs", "load_pack", "load_packs"]

# The head that answers each task, by its name on the server. The language's needs no pack.
MODELS = {
    Task.INTENT: "intent_retail",
    Task.SENTIMENT: "sentiment",
    Task.EXCEPTION: "supply_exception",
    Task.URGENCY: "urgency",
    Task.INJECTION: "injection",
}

# A language that is read with less is not known. What a text is too short for is told with less.
_LANGUAGE = Thresholds(confidence=0.5)


@dataclass(frozen=True, slots=True)
class Configured:
    """What the packs mean for the running service."""

    packs: Mapping[Task, PackId]
    thresholds: Mapping[Task, Thresholds]


def load_pack(file: Path) -> Pack:
    """One pack.

    Raises:
        ConfigurationError: one line per mistake, with file, line and field.
    """
    return documents.load(file, Pack, check=mistakes)


def load_packs(given: Path | None = None) -> Mapping[Task, Pack]:
    """The pack of each task: those of a choice, and the shipped ones for what it has none for.

    `given` is a folder, a pack's file or the name of a shipped pack; None: those that come with
    Sluice.

    Raises:
        ConfigurationError: one line per mistake, with file, line and field.
    """
    return {task: found.pack for task, found in _found(given).items()}


def configure(given: Path | None = None) -> Configured:
    """What the assessor needs of the packs; raises like `load_packs`."""
    packs = load_packs(given)
    return Configured(
        {task: PackId(pack.id, pack.digest) for task, pack in packs.items()},
        {Task.LANGUAGE: _LANGUAGE} | {task: _thresholds(pack) for task, pack in packs.items()},
    )


def head_specs(given: Path | None = None) -> list[dict[str, Any]]:
    """What each head is made from, as plain JSON; raises like `load_packs`.

    `fitted` is there where a head was fitted to a labelled file: then it is taken as it is.
    """
    return [
        {
            "model": MODELS[task],
            "task": task.value,
            "pack": found.pack.id,
            "pack_digest": found.pack.digest,
            "labels": found.pack.material(),
        }
        | ({"fitted": fitted.spec(found.file, found.head)} if found.head else {})
        for task, found in sorted(_found(given).items())
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    file: Path
    pack: Pack
    head: FittedHead | None


def _found(given: Path | None) -> dict[Task, _Found]:
    packs: dict[Task, _Found] = {}
    for file in choosing.files_in(SHIPPED) if given is None else choosing.chosen(given):
        pack = load_pack(file)
        if pack.task in packs:
            raise ConfigurationError(
                f"{file}: task: {packs[pack.task].pack.id} is a pack for '{pack.task}', too: "
                "move one of them out of the folder"
            )
        packs[pack.task] = _Found(file, pack, fitted.read(file, pack))
    return packs if given is None else _found(None) | packs


def _thresholds(pack: Pack) -> Thresholds:
    return Thresholds(
        pack.thresholds.confidence,
        pack.thresholds.margin,
        frozenset(pack.languages),
        frozenset({OTHER} & set(pack.labels)),
        pack.thresholds.scope,
    )
