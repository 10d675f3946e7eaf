"""What a row's label means in a pack: by its names, by a map, or out of scope."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from infra.evaluation.labelled import Row
from services.assessor.packs.pack import OTHER, Pack
from services.chassis import documents
from services.chassis.errors import ConfigurationError


class LabelMap(BaseModel):
    """Labels of a file, each with the labels of a pack that are right for it.

    `out_of_scope` lists those that the pack has nothing for, `left_out` those that are not scored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    labels: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    out_of_scope: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meant:
    """A row, and which labels of the pack are right for it; none: it is out of scope."""

    row: Row
    truth: frozenset[str]


def read_map(file: Path, pack: Pack) -> LabelMap:
    """The map, every label of which is the pack's.

    Raises:
        ConfigurationError: with file, line and field.
    """

    def unknown(read: LabelMap) -> list[tuple[tuple[str | int, ...], str]]:
        return [
            (("labels", name), f"the pack {pack.id} has no label '{label}'")
            for name, labels in read.labels.items()
            for label in ((labels,) if isinstance(labels, str) else labels)
            if label not in pack.labels
        ]

    return documents.load(file, LabelMap, check=unknown)


def mean(
    rows: Sequence[Row], pack: Pack, mapped: LabelMap | None, outside: str | None, *, file: Path
) -> list[Meant]:
    """Every row that is scored.

    Raises:
        ConfigurationError: labels that neither pack nor map know, each with its count.
    """
    known = _known(pack, mapped, outside)
    left_out = frozenset(mapped.left_out) if mapped else frozenset[str]()
    unknown = Counter(
        row.label for row in rows if row.label not in known and row.label not in left_out
    )
    if unknown:
        first = {row.label: row.line for row in reversed(rows)}
        listed = "\n".join(
            f"{file}:{first[label]}: '{label}' ({count} rows) is no label of {pack.id}"
            for label, count in unknown.most_common()
        )
        raise ConfigurationError(
            f"{listed}\nsay by --map what these are (labels: {{theirs: ours}}, out_of_scope: "
            "[theirs], left_out: [theirs]), or by --out-of-scope which one is none of the pack's"
        )
    return [Meant(row, known[row.label]) for row in rows if row.label in known]


def _known(pack: Pack, mapped: LabelMap | None, outside: str | None) -> dict[str, frozenset[str]]:
    known = {
        word: frozenset[str]() if label == OTHER else frozenset({label})
        for word, label in pack.known_as.items()
    }
    if mapped is not None:
        for name, labels in mapped.labels.items():
            meant = {labels} if isinstance(labels, str) else set(labels)
            known[name] = frozenset(meant - {OTHER})
        known |= dict.fromkeys(mapped.out_of_scope, frozenset[str]())
        for name in mapped.left_out:
            known.pop(name, None)
    if outside is not None:
        known[outside] = frozenset()
    return known
