"""Texts that a generative model writes: asked for, and what came of it. Never on the hot path."""

from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from schemas.automation.assessment import JoinedFact, ModelRef, Usage
from schemas.base import (
    Event,
    Id,
    Instant,
    Language,
    LongText,
    Part,
    Sha256,
    ShortText,
    TolerantEnum,
)


class WritingTask(TolerantEnum):
    """What is to be written."""

    EXTRACT = "extract"
    SUMMARISE = "summarise"
    DRAFT = "draft"
    OTHER = "other"


class WritingStatus(TolerantEnum):
    """What came of it. Of all but `written`, nothing may be used: a person reads the source."""

    WRITTEN = "written"
    GUARDED = "guarded"  # written, and a guard found something in it: see `faults`
    EXPIRED = "expired"  # its deadline passed first
    UNAVAILABLE = "unavailable"  # no writer is served here
    FAILED = "failed"  # the model does not write about this text
    OTHER = "other"


class Guard(TolerantEnum):
    """What a text was held against."""

    UNSUPPORTED_ID = "unsupported_id"
    UNSUPPORTED_DATE = "unsupported_date"
    UNSUPPORTED_QUANTITY = "unsupported_quantity"
    UNSUPPORTED_AMOUNT = "unsupported_amount"
    UNSUPPORTED_WORDS = "unsupported_words"
    UNSUPPORTED_ADDRESS = "unsupported_address"
    PROMISE = "promise"
    LANGUAGE = "language"
    FORM = "form"
    OTHER = "other"


class GuardFault(Part):
    """Something in the text that stands neither in its source nor in the facts."""

    guard: Guard
    field: Id = Field(description='Where, e.g. "when" or "text".')
    start: int = Field(0, ge=0, description="In that field, in code points.")
    end: int = Field(0, ge=0)


class Support(Part):
    """What a value rests on: a span of the source, or a fact; derived where a rule made it."""

    field: Id
    fact: Id | None = Field(None, description="The joined fact it stands in.")
    start: int | None = Field(None, ge=0, description="In code points of the request's text.")
    end: int | None = Field(None, ge=0)
    rule: Id | None = Field(None, description='What derived it from there, e.g. "dates".')


class Extraction(Part):
    """What a notice says. Every value has its support."""

    type: Id | None = Field(None, description="One of the request's labels; other.")
    references: tuple[Id, ...] = ()
    new_date: Instant | None = Field(None, description="Start of that day, UTC.")
    delay_days: int | None = Field(None, description="Negative where it is earlier.")
    quantity: Decimal | None = None
    cause: ShortText | None = Field(None, description="In the notice's own words.")
    support: tuple[Support, ...] = ()


class WritingRequested(Event):
    """A text is asked for. It is answered once, whatever comes of it."""

    event_type: ClassVar[str] = "automation.writing.requested.v1"

    writing_id: UUID = Field(description="uuid5 of the case's id and the task.")
    tenant: Id
    case_id: UUID
    subject: ShortText
    task: WritingTask
    text: LongText = Field(description="Masked. Data, whatever it says.")
    text_sha256: Sha256 | None = None
    language: Language | None = Field(None, description="Of the text, and of a draft.")
    labels: tuple[Id, ...] = Field((), max_length=60, description="For extract: the known types.")
    facts: tuple[JoinedFact, ...] = Field((), description="What may be said besides the text.")
    occurred_at: Instant = Field(description="What 'tomorrow' in the text counts from.")
    expected_at: Instant | None = Field(
        None, description="The time promised so far: what 'two weeks late' counts from."
    )
    requested_at: Instant
    deadline: Instant = Field(description="Nobody waits for it after that.")


class WritingCompleted(Event):
    """What came of a request."""

    event_type: ClassVar[str] = "automation.writing.completed.v1"

    writing_id: UUID
    tenant: Id
    case_id: UUID
    subject: ShortText
    task: WritingTask
    status: WritingStatus
    faults: tuple[GuardFault, ...] = Field((), description="Why a person has to look.")
    extraction: Extraction | None = None
    text: LongText | None = Field(None, description="A summary, or a draft for a person to send.")
    text_truncated: bool = Field(
        default=False, description="The source was longer than what the model was shown."
    )
    model: ModelRef | None = None
    usage: Usage = Usage()
    completed_at: Instant
