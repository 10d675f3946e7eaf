"""Dead letters read back: what each says of itself, and as which record it comes again."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.base import Event
from services.chassis.dead_letters import (
    DEAD,
    LOSS_ACCEPTED,
    OMITTED,
    RecordOrigin,
    carried_origin,
    origin_headers,
    originals,
)
from services.chassis.record import Message, Record
from topics import Topic

UNKNOWN = "unknown"
_SUFFIX = ".dead-letter.v1"


def dead_letter_topic(service: str) -> str:
    """Where a service's dead letters are."""
    return f"{service}{_SUFFIX}"


def services(topics: Sequence[Topic[Event]]) -> list[str]:
    """Those that have a dead-letter topic."""
    return sorted(t.name.removesuffix(_SUFFIX) for t in topics if t.name.endswith(_SUFFIX))


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a dead letter says of itself, but its key, its headers and its value."""

    service: str
    partition: int
    offset: int
    written_at: datetime
    reason: str
    detail: str
    origin: RecordOrigin | None
    tenant: str | None  # only our own topics' keys begin with it
    size: int | None  # None is a null value
    omitted: bool = False  # too large to be written again: the value is at its origin alone

    @property
    def place(self) -> str:
        """As people name it, and as `show` and `redrive --position` take it."""
        return f"{self.service} {self.partition} {self.offset}"


def letter_of(record: Record, service: str, topics: Sequence[Topic[Event]]) -> Letter:
    """Read the headers of a dead letter; what they do not say is unknown, never a fault."""
    origin = carried_origin(record)
    source = _declared(origin.topic, topics) if origin else None
    tenant = (record.key or b"").decode(errors="replace").partition("|")[0]
    return Letter(
        service,
        record.partition,
        record.offset,
        record.timestamp,
        record.header(f"{DEAD}reason") or UNKNOWN,
        record.header(f"{DEAD}detail") or "",
        origin,
        tenant or None if source and "outside" not in source.writers else None,
        None if record.value is None else len(record.value),
        record.header(OMITTED) is not None,
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters a person means; an empty part means all."""

    reasons: frozenset[str] = frozenset()
    tenant: str | None = None
    since: datetime | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether the letter is one of them."""
        return (
            (not self.reasons or letter.reason in self.reasons)
            and (self.tenant is None or letter.tenant == self.tenant)
            and (self.since is None or letter.written_at >= self.since)
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a redrive does: where each chosen letter goes, and why others stay where they are."""

    letters: tuple[Letter, ...]
    routes: Mapping[tuple[int, int], str]  # (partition, offset) of the letter: its parent topic
    left: Counter[str]


def plan(letters: Iterable[Letter], topics: Sequence[Topic[Event]]) -> Plan:
    """Of one service's letters; of several of the same record the newest goes, once."""
    newest: dict[RecordOrigin, tuple[Letter, str]] = {}
    left: Counter[str] = Counter()
    for letter in sorted(letters, key=lambda each: (each.written_at, each.offset)):
        parent, why = _parent(letter, topics)
        if parent is None or letter.origin is None:
            left[why] += 1
            continue
        if letter.origin in newest:
            left["an older letter of a record that came back: its newest goes"] += 1
        newest[letter.origin] = (letter, parent)
    return Plan(
        tuple(letter for letter, _ in newest.values()),
        {(each.partition, each.offset): parent for each, parent in newest.values()},
        left,
    )


def _parent(letter: Letter, topics: Sequence[Topic[Event]]) -> tuple[str | None, str]:
    """The topic that its record is read from again, or why there is none."""
    if letter.origin is None or letter.omitted or letter.reason == LOSS_ACCEPTED:
        return None, _stays(letter)
    source = _declared(letter.origin.topic, topics)
    if source is None or letter.service not in source.readers:
        return None, f"came from {letter.origin.topic}, which {letter.service} does not read"
    if "outside" not in source.writers:
        return source.name, ""
    # Nobody but its producers writes to an outside topic.
    retry = _declared(f"{letter.service}.retry.v1", topics)
    if retry is None:
        return None, f"{letter.service} reads {source.name} and has no retry topic"
    return retry.name, ""


def _stays(letter: Letter) -> str:
    if letter.reason == LOSS_ACCEPTED:
        return "records an accepted loss: there is nothing to redrive"
    if letter.omitted:
        return "was too large to be kept: its value is at its origin alone"
    return "says not where it came from: not written by Sluice"


def _declared(name: str, topics: Sequence[Topic[Event]]) -> Topic[Event] | None:
    return next((topic for topic in topics if topic.name == name), None)


def redriven(record: Record, parent: str) -> Message:
    """The record as it came, with its origin beside it.

    On its own topic it returns to its own partition, also where it has no key.
    """
    origin = carried_origin(record)
    assert origin is not None  # noqa: S101 - only such a letter is ever planned
    return Message(
        parent,
        record.key,
        record.value,
        (*originals(record), *origin_headers(origin)),
        origin.partition if origin.topic == parent else None,
    )
