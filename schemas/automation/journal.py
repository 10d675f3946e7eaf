"""The decider's write-ahead log: internal, but typed and versioned like all on the wire.

The fold of this log is the only state that matters. An entry counts only at the offset its writer
meant it for: elsewhere somebody had written in between, it was decided over a state that was not
the last one, and it is nobody's. Of what counts, the first entry per `entry_id` wins.
"""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.automation.action import Action
from schemas.automation.decision import Withheld
from schemas.base import Event, Id, Instant, Part, ShortText


class InputPosition(Part):
    """The record that caused the entry, on the topic the decider read it from."""

    topic: Id
    partition: int
    offset: int


class OutboxMessage(Part):
    """A record to emit, byte for byte; emitted again verbatim after a takeover."""

    topic: Id
    key: ShortText
    value: str
    headers: dict[str, str]
    action_id: UUID | None = Field(None, description="Set when this message is an action.")
    action_type: Id | None = Field(None, description="With action_id: what a stop may name.")
    expires_at: Instant | None = Field(None, description="With action_id: not emitted after it.")


class Claim(Part):
    """An effect that an action claims for a while, so that it happens once."""

    effect_key: ShortText
    action_id: UUID
    until: Instant


class Charge(Part):
    """What an action counts against a budget: freed when the action is cancelled or fails."""

    budget: ShortText
    action_id: UUID
    amount: float
    until: Instant
    limit: float | None = Field(None, description="Asked again when a proposal is approved.")


class Held(Part):
    """A proposed action that waits for a person, with all that is needed to emit it.

    It claims and charges nothing while it waits: `claim` and `charges` are what it would take,
    their `until` counted from the decision.
    """

    action: Action
    traceparent: Id = Field(description="Of the decision's span: the action belongs to its trace.")
    expires_at: Instant
    claim: Claim | None = None
    charges: tuple[Charge, ...] = ()


class Expected(Part):
    """When the subject is expected to do something: a later event may say another time."""

    what: Id = Field(description="The source, the milestone and the place.")
    event_id: Id
    time: Instant
    first: Instant = Field(description="The time that the source told first.")


class Watched(Part):
    """A device's last reading of the subject: what was until the next one follows from both."""

    device: Id
    at: Instant
    celsius: float
    seconds_out: float = Field(description="Out of limits without a break up to there.")


class Decided(Part):
    """A case was decided."""

    kind: Literal["decided"] = "decided"
    case_id: UUID
    subject: ShortText
    revision: int | None = None
    message_id: Id | None = None
    claims: tuple[Claim, ...] = ()
    charges: tuple[Charge, ...] = ()
    proposals: tuple[Held, ...] = ()
    outbox: tuple[OutboxMessage, ...] = ()
    expected: Expected | None = None
    watched: tuple[Watched, ...] = ()


class Waiting(Part):
    """A case waits for a text: it is decided once, when that arrives or its time is over."""

    kind: Literal["waiting"] = "waiting"
    case_id: UUID
    writing_id: UUID
    deadline: Instant
    assessed: str = Field(description="The case as it was assessed: input is never replayed.")
    traceparent: Id = Field(description="Of the span that asked: what follows is in its trace.")
    outbox: tuple[OutboxMessage, ...] = ()


class Reviewed(Part):
    """A person's review took effect (or did not: then the outbox is empty and `note` says why)."""

    kind: Literal["reviewed"] = "reviewed"
    review_id: Id
    action_id: UUID | None = None
    approved: bool
    note: ShortText = ""
    claims: tuple[Claim, ...] = ()
    charges: tuple[Charge, ...] = ()
    outbox: tuple[OutboxMessage, ...] = ()


class OutcomeNoted(Part):
    """An action's outcome was taken note of."""

    kind: Literal["outcome"] = "outcome"
    outcome_id: Id
    action_id: UUID
    status: Id
    note: ShortText = Field("", description="Why it changed nothing, where it did not.")


class Cancelled(Part):
    """Actions that may not go any more, and never will: they stay so."""

    kind: Literal["cancelled"] = "cancelled"
    action_ids: tuple[UUID, ...]
    because: Withheld
    uncertain: bool = Field(
        default=False,
        description="They may have gone out before: what they claimed stays claimed.",
    )


class Emitted(Part):
    """Marker: every outbox up to `through` (a journal offset, inclusive) was confirmed."""

    kind: Literal["emitted"] = "emitted"
    through: int = Field(ge=0)


class JournalAppended(Event):
    """One entry of the log."""

    event_type: ClassVar[str] = "automation.journal.appended.v1"
    schema_version: ClassVar[str] = "1.3"
    grows_by: ClassVar[str | None] = "body"

    entry_id: Id = Field(description="Deterministic from its cause: a case, review, outcome id.")
    tenant: Id
    at: Instant
    offset: int = Field(ge=0, description="Where its writer meant it to be; elsewhere it is void.")
    writer: Id = Field(description="Instance and generation that appended it.")
    input: InputPosition | None = None
    body: Decided | Reviewed | OutcomeNoted | Cancelled | Emitted | Waiting = Field(
        discriminator="kind"
    )
