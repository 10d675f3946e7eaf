"""A case as deciding sees it, and what is remembered of those before it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.decider.domain.remembering import Expected, Watched
from services.decider.domain.supplying import SupplyView
from services.decider.domain.values import Facts, Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A fact from outside the case, with the time it was true; an instant is one of `clocks`."""

    name: str
    value: Scalar | datetime
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """What deciding needs to know of a case and its assessment; built by `observing.case_view`.

    `received_at` is the origin's timestamp: a redriven case is as old as when it first came.
    """

    case_id: str
    tenant: str
    domain: str
    subject: str
    subject_kind: str
    subject_id: str
    revision: int | None
    message_id: str | None
    echo: bool
    occurred_at: datetime
    received_at: datetime
    language: str | None
    facts: Facts
    joined: tuple[Joined, ...] = ()
    supply: SupplyView | None = None


class Memory(Protocol):
    """What is remembered of earlier cases: the journal's fold answers."""

    def highest_revision(self, subject: str, /) -> int | None:
        """The highest revision of the subject that was decided."""
        ...

    def message_decided(self, subject: str, message_id: str, /) -> bool:
        """Whether a decided case of the subject carried the message."""
        ...

    def effect_holder(self, effect_key: str, now: datetime, /) -> UUID | str | None:
        """The action that holds the effect now."""
        ...

    def budget_used(self, budget_key: str, now: datetime, /) -> float:
        """What is charged against the budget within its window."""
        ...

    def expected(self, subject: str, what: str, /) -> Expected | None:
        """The last word of an event on when the subject will do that."""
        ...

    def watched(self, subject: str, device: str, /) -> Watched | None:
        """The last reading that a device told of the subject."""
        ...
