"""Supply-chain events in one canonical shape: a milestone about references, with optional text."""

from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Id, Instant, Language, LongText, Part, ShortText, TolerantEnum


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


class Correction(TolerantEnum):
    """What becomes of the event that this one corrects."""

    RETRACTED = "retracted"
    REPLACED = "replaced"
    OTHER = "other"


class Reference(Part):
    """What the event is about, by its id in a named numbering scheme."""

    type: Id = Field(
        description="po, so, shipment, container, booking, bl, asn, invoice, sku, gtin, lot, "
        "serial, sscc, supplier, carrier, vessel, voyage, location, party, asset, document, other."
    )
    value: Id
    role: Id | None = Field(
        None,
        description="Its part in the event, where things play several: parent, child, input, "
        "output, source, destination.",
    )
    source_type: ShortText | None = Field(
        None, description='The source\'s own word for the type, where it says more: "rma".'
    )


class Place(Part):
    """Where: any of the schemes that the source gave."""

    unlocode: Id | None = None
    gln: Id | None = None
    facility: ShortText | None = None
    latitude: Decimal | None = Field(None, description="WGS 84, in degrees.")
    longitude: Decimal | None = None


class Quantity(Part):
    """How much of what; `uom` is a UN/CEFACT Rec. 20 code where the source gives one."""

    value: Decimal
    uom: Id | None = None
    of: Reference | None = None


class Measurement(Part):
    """A reading `at` a time, or the summary of a window of readings from `start` to `end`."""

    kind: Id = Field(description="temperature, humidity, shock, door, ...; other.")
    source_kind: ShortText | None = Field(
        None, description="The source's own word, where the kind is other."
    )
    value: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    mean: Decimal | None = None
    uom: Id | None = None
    at: Instant | None = None
    start: Instant | None = None
    end: Instant | None = None
    device: Id | None = None
    alert: Id | None = Field(
        None, description="alarm: the device says a limit is passed; error: it is itself at fault."
    )
    text: ShortText | None = Field(None, description="A reading that is no number.")


class SupplyEventReceived(Event):
    """One supply-chain event."""

    event_type: ClassVar[str] = "supply.event.received.v1"
    schema_version: ClassVar[str] = "1.1"

    event_id: Id | None = Field(None, description="The source's id of the event.")
    source_code: Id | None = Field(
        None, description='The source\'s own words, e.g. "dcsa:TRANSPORT:ARRI".'
    )
    family: Family
    milestone: Milestone
    source_milestone: ShortText | None = Field(
        None, description="The source's own word, where the milestone is other."
    )
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
    disposition: Id | None = Field(None, description="CBV disposition, its last part; or other.")
    source_disposition: ShortText | None = Field(
        None, description="The source's own word, where the disposition is other."
    )
    persistent_dispositions: tuple[Id, ...] = Field(
        (), description="What the things are from now on besides: CBV dispositions."
    )
    text: str | None = Field(None, description="Free text: a supplier's notice, a remark.")
    language: Language | None = None
    corrects: Id | None = Field(
        None, description="The event id that this one retracts, or as `correction` says."
    )
    correction: Correction | None = None
    custom_fields: dict[Id, LongText] = Field(
        default_factory=dict, description="What no other field takes, by its path at the source."
    )
