"""A case: one accepted event, masked, with its identity. All services after intake trust it."""

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

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
from schemas.supply import (
    Classifier,
    Correction,
    Family,
    Measurement,
    Milestone,
    Place,
    Quantity,
    Reference,
)
from schemas.support import AuthorKind, Channel, Direction, TicketPriority, TicketStatus


class Domain(StrEnum):
    """Which of the two worlds a case belongs to. Closed within v1: it selects the policy."""

    SUPPORT = "support"
    SUPPLY = "supply"


class Origin(Part):
    """Where an event entered: unique over all time, whatever it was called by its producer.

    A redriven record keeps the origin of the record it repeats.
    """

    topic: Id
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    index: int = Field(0, ge=0, description="Position in a document of n events, else 0.")
    timestamp: Instant = Field(description="The record's Kafka timestamp.")


class EntityType(TolerantEnum):
    """What a text may name."""

    PO = "po"
    SO = "so"
    SHIPMENT = "shipment"
    CONTAINER = "container"
    BOOKING = "booking"
    BL = "bl"
    ASN = "asn"
    INVOICE = "invoice"
    SKU = "sku"
    GTIN = "gtin"
    SSCC = "sscc"
    LOT = "lot"
    AMOUNT = "amount"
    DATE = "date"
    OTHER = "other"


class Entity(Part):
    """A thing that the masked text names, found by rules. A claim of its writer, no fact."""

    type: EntityType
    value: ShortText = Field(description="In one spelling: PO-4711, 1499.50, 2026-11-19.")
    unit: Id | None = Field(None, description="Of an amount: ISO 4217, where its sign says which.")
    start: int = Field(ge=0, description="In code points of the masked text.")
    end: int = Field(ge=0)


class TicketFields(Part):
    """The fields of a ticket that facts are made of; no text, no person."""

    ticket_id: Id
    revision: int
    status: TicketStatus
    priority: TicketPriority | None = None
    channel: Channel
    queue: Id | None = None
    vip: bool | None = None
    requester_ref: Id | None = Field(
        None, description="Keyed hash of the requester's id: joins one person without naming them."
    )
    order_id: Id | None = None
    message_id: Id | None = None
    message_direction: Direction | None = None
    message_author_kind: AuthorKind | None = None
    message_automatic: bool = False
    tags: tuple[Id, ...] = ()


class SupplyFields(Part):
    """The fields of a supply event that facts are made of."""

    source_code: Id | None = None
    family: Family
    milestone: Milestone
    classifier: Classifier
    previous_time: Instant | None = None
    new_time: Instant | None = None
    refs: tuple[Reference, ...]
    place: Place | None = None
    quantities: tuple[Quantity, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    reason_code: Id | None = None
    disposition: Id | None = None
    persistent_dispositions: tuple[Id, ...] = ()
    corrects: Id | None = None
    correction: Correction | None = None
    delay_days: Decimal | None = Field(
        None, description="new_time - previous_time in days, when both are given."
    )


class Case(Part):
    """One accepted event. Exactly one of `ticket` and `supply` is set, as `domain` says."""

    case_id: UUID = Field(description="uuid5 of tenant, source, event id and index.")
    tenant: Id
    source: Id = Field(description="The operator's name for the source, never the producer's.")
    domain: Domain
    subject: ShortText = Field(description="What it is about: tenant|kind:id. Opaque.")
    subject_kind: Id
    subject_id: Id
    event_id: Id
    customer_ref: Id | None = Field(
        None,
        description="Keyed hash of the customer's address, else of their id at the source: joins"
        " what belongs to one person, also from several sources, without naming them.",
    )
    origin: Origin
    occurred_at: Instant
    revision: int | None = Field(None, description="Of the subject, where the source counts them.")
    echo: bool = Field(
        default=False, description="Caused by our own integration user: never acted upon."
    )
    batch_id: Id | None = Field(None, description="Of the document that this event was split from.")
    text: LongText = Field("", description="All free text, masked. Empty when there is none.")
    text_truncated: bool = False
    text_sha256: Sha256 | None = Field(None, description="Of the masked text's UTF-8 bytes.")
    entities: tuple[Entity, ...] = Field((), description="In the order of the text.")
    entities_by: Id | None = Field(None, description="The rules that found them.")
    declared_language: Language | None = None
    masked: dict[Id, int] = Field(
        default_factory=dict, description="How many spans of each class of personal data."
    )
    ticket: TicketFields | None = None
    supply: SupplyFields | None = None
    mapping: Id = Field(description='What mapped the source, e.g. "epcis:1".')


class CaseAccepted(Event):
    """An event passed the door and became a case."""

    event_type: ClassVar[str] = "automation.case.accepted.v1"
    schema_version: ClassVar[str] = "1.2"

    case: Case
