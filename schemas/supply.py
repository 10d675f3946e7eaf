"""Supply-chain events in one canonical shape: a milestone about references, with optional text."""

from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Id, Instant, Language, Part, ShortText, TolerantEnum


class Family(TolerantEnum):
    """What kind of thing the event speaks of."""

    TRANSPORT = "transport"
    EQUIPMENT = "equipment"
    DOCUMENT = "document"
    VISIBILITY = "visibility"
    INVENTORY = "inventory"
    ORDER = "order"
    CONDITION = "condition"
    NOTICE = "notice"
    MASTER_DATA = "master_data"
    OTHER = "other"


class Milestone(TolerantEnum):
    """What happened."""

    BOOKED = "booked"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CHANGED = "changed"
    PICKED_UP = "picked_up"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    GATE_IN = "gate_in"
    GATE_OUT = "gate_out"
    LOADED = "loaded"
    DISCHARGED = "discharged"
    RECEIVED = "received"
    INSPECTED = "inspected"
    STORED = "stored"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CUSTOMS_HOLD = "customs_hold"
    CUSTOMS_RELEASED = "customs_released"
    MEASURED = "measured"
    ALERT = "alert"
    COMMISSIONED = "commissioned"
    TRANSFORMED = "transformed"
    AGGREGATED = "aggregated"
    NOTICE = "notice"
    OTHER = "other"


class Classifier(TolerantEnum):
    """DCSA's event classifier: is it planned, estimated, or has it happened?"""

    PLANNED = "planned"
    ESTIMATED = "estimated"
    ACTUAL = "actual"
    REQUESTED = "requested"
    OTHER = "other"


class Reference(Part):
    """What the event is about, by its id in a named numbering scheme."""

    type: Id = Field(
        description="po, so, shipment, container, booking, bl, asn, invoice, sku, gtin, lot, "
        "serial, sscc, supplier, carrier, vessel, voyage, location, asset, document, other."
    )
    value: Id


class Place(Part):
    """Where: any of the schemes that the source gave."""

    unlocode: Id | None = None
    gln: Id | None = None
    facility: ShortText | None = None


class Quantity(Part):
    """How much of what; `uom` is a UN/CEFACT Rec. 20 code where the source gives one."""

    value: Decimal
    uom: Id | None = None
    of: Reference | None = None


class Measurement(Part):
    """A reading, or the summary of a window of readings."""

    kind: Id = Field(description="temperature, humidity, shock, door, ...")
    value: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    mean: Decimal | None = None
    uom: Id | None = None
    at: Instant | None = None


class SupplyEventReceived(Event):
    """One supply-chain event."""

    event_type: ClassVar[str] = "supply.event.received.v1"

    event_id: Id | None = Field(None, description="The source's id of the event.")
    source_code: Id | None = Field(
        None, description='The source\'s own words, e.g. "dcsa:TRANSPORT:ARRI".'
    )
    family: Family
    milestone: Milestone
    classifier: Classifier = Classifier.ACTUAL
    occurred_at: Instant
    recorded_at: Instant | None = None
    previous_time: Instant | None = Field(None, description="The time promised before.")
    new_time: Instant | None = Field(None, description="The time promised now.")
    refs: tuple[Reference, ...] = Field(min_length=1, max_length=1000)
    place: Place | None = None
    quantities: tuple[Quantity, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    reason_code: Id | None = Field(None, description='With its list, e.g. "smdg:WEA".')
    disposition: Id | None = Field(None, description="CBV disposition, its last part.")
    text: str | None = Field(None, description="Free text: a supplier's notice, a remark.")
    language: Language | None = None
    corrects: Id | None = Field(None, description="The event id that this one retracts.")
