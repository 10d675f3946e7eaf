"""What is to be written about which text, and what may be said besides it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Task(StrEnum):
    """What is to be written."""

    EXTRACT = "extract"
    SUMMARISE = "summarise"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact from outside the text, as it would be said."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as the rules see it. `text` is masked, and data whatever it says."""

    task: Task
    text: str
    occurred_at: datetime
    language: str | None = None
    labels: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    expected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What words say about time: a day, or how many days more than was expected."""

    day: datetime | None = None
    days: int | None = None
