"""What an event leaves behind for those that come after it: what it expects, what it measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.decider.domain.exceptions import IMPOSSIBLE_DAYS
from services.decider.domain.values import Scalar

# An estimate that moves by less says the same: carriers round.
_SAME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """When a subject is expected to do something, as the last event says, and as the first did.

    `what`: the source, the milestone and the place.
    """

    what: str
    event_id: str
    time: datetime
    first: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A device's last reading, and for how many seconds it was out of limits up to there."""

    device: str
    at: datetime
    celsius: float
    seconds_out: float


@dataclass(frozen=True, slots=True)
class Remembered:
    """Of one subject."""

    expected: Expected | None = None
    watched: Mapping[str, Watched] = field(default_factory=dict)


NOTHING = Remembered()


def compare(now: Expected, earlier: Expected | None) -> tuple[dict[str, Scalar], bool, Expected]:
    """What the new word is against the last one: facts, whether it is bad news, and what stands.

    Without an earlier word it may be news. An impossible one is not remembered.
    """
    if earlier is None:
        return {}, True, now
    moved = now.time - earlier.time
    slipped = now.time - earlier.first
    facts: dict[str, Scalar] = {"supply.slipped_days": _days(slipped)}
    if abs(moved) >= _SAME:
        facts |= {"supply.delay_days": _days(moved), "supply.corrects": earlier.event_id}
    if abs(_days(moved)) > IMPOSSIBLE_DAYS:
        return facts, True, earlier
    stands = Expected(what=now.what, event_id=now.event_id, time=now.time, first=earlier.first)
    return facts, moved >= _SAME, stands


def _days(span: timedelta) -> float:
    return round(span / timedelta(days=1), 2)
