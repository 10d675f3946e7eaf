"""What a case means, how sure we are, and what it cost to find out."""

from typing import ClassVar

from pydantic import Field, JsonValue

from schemas.automation.case import Case
from schemas.base import Event, Id, Instant, Part, Sha256, ShortText, TolerantEnum


class Task(TolerantEnum):
    """What a model was asked."""

    INTENT = "intent"
    SENTIMENT = "sentiment"
    LANGUAGE = "language"
    EXCEPTION = "exception"
    URGENCY = "urgency"
    INJECTION = "injection"
    OTHER = "other"


class Abstention(TolerantEnum):
    """Why a reading is not to be relied upon."""

    LOW_CONFIDENCE = "low_confidence"
    SMALL_MARGIN = "small_margin"
    OUT_OF_SCOPE = "out_of_scope"
    NO_TEXT = "no_text"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    OTHER = "other"


class ModelRef(Part):
    """Which bits answered."""

    name: Id
    version: Id
    digest: ShortText = Field(description="sha256 of the weights or of the fitted head.")
    quantization: Id | None = None
    runtime: Id | None = None


class Alternative(Part):
    """A label that also came into question."""

    label: Id
    confidence: float = Field(ge=0, le=1)


class Reading(Part):
    """One answer of one model about one text."""

    task: Task
    label: Id
    confidence: float = Field(ge=0, le=1, description="Calibrated probability of the label.")
    calibrated: bool = True
    margin: float = Field(0.0, ge=0, le=1, description="Distance to the second label.")
    scope: float | None = Field(
        None, ge=0, le=1, description="Chance that the text is about any label of the pack at all."
    )
    abstained: Abstention | None = None
    alternatives: tuple[Alternative, ...] = ()
    pack: Id | None = Field(None, description='Label pack and version, e.g. "retail:1".')
    models: tuple[ModelRef, ...] = Field(description="In the order they ran: encoder, then head.")
    batch_id: Id | None = Field(None, description="Trace id of the batched call to the server.")


class EvidenceKind(TolerantEnum):
    """What a claim rests on."""

    TEXT_SPAN = "text_span"
    FIELD = "field"
    REFERENCE = "reference"
    RULE = "rule"
    OTHER = "other"


class Evidence(Part):
    """A pointer to what a claim rests on: offsets and a hash, never the text itself."""

    kind: EvidenceKind
    locator: ShortText = Field(description='E.g. "case.text" or "case.supply.reason_code".')
    start: int | None = Field(None, ge=0, description="In code points of the masked text.")
    end: int | None = Field(None, ge=0)
    sha256: Sha256 | None = None
    task: Task | None = Field(None, description="The one reading that rests on it; else all do.")


class JoinedFact(Part):
    """A fact from outside the case, with the time it was true."""

    name: Id
    value: JsonValue
    as_of: Instant
    source: Id


class Usage(Part):
    """What the readings cost."""

    tokens: int = Field(0, ge=0)
    compute_us: int = Field(0, ge=0, description="This text's share of the model's time.")


class Assessment(Part):
    """Everything that was found out about a case."""

    readings: tuple[Reading, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[JoinedFact, ...] = ()
    missing_facts: tuple[Id, ...] = Field((), description="Asked for, not known or stale.")
    usage: Usage = Usage()
    assessed_at: Instant


class CaseAssessed(Event):
    """A case was read; the decision has all it needs."""

    event_type: ClassVar[str] = "automation.case.assessed.v1"
    schema_version: ClassVar[str] = "1.4"

    case: Case
    assessment: Assessment
