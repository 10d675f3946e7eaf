"""project44's shipment events, as its webhooks send them (Shipment Events API 2.0, AsyncAPI).

One event per value; what it is follows from its fields, as nothing in it says so: a `statusCode`
(status-updated), a `position` (position-updated), `previousEta` with `newEta` (eta-changed), an
`exceptionCode` (exception) or a `deliveryDatetime` (completed). The event id is the `eventId`.

Status and exception codes are the carrier's, an open list: what is none of ours is `other` and
kept. A status by EDI has the codes of X12 (edi_codes.py). Severity is project44's opinion: it is
kept among the custom fields, and ours is computed.
"""

from collections.abc import Callable, Sequence
from typing import Any

from schemas.supply import SupplyEventReceived
from services.intake.domain.subjects import fitting
from services.intake.formats.base import Format, Mapped, Reader, validated
from services.intake.formats.edi_codes import X12
from services.intake.formats.tickets import Taken, left_over
from topics.supply import SUPPLY_EVENT_RECEIVED

_MODES = ("TL", "LTL", "OCEAN", "AIR", "RAIL", "PARCEL", "DRAY")
_SOURCES = ("CARRIER_EDI", "CARRIER_API", "TELEMATICS", "MANUAL")
_SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
# As UN/CEFACT Recommendation 20 writes miles and kilometres per hour, degrees, minutes.
_SPEEDS = {"MPH": "HM", "KPH": "KMH"}
_DEGREES, _MINUTES = "DD", "MIN"

_MILESTONES = {
    "PICKED_UP": "picked_up",
    "LOADED": "loaded",
    "UNLOADED": "discharged",
    "DEPARTED": "departed",
    "ARRIVED": "arrived",
    "DELIVERED": "delivered",
    "COMPLETED": "delivered",
    "CUSTOMS_HOLD": "customs_hold",
    "CUSTOMS_RELEASED": "customs_released",
    "REFUSED": "rejected",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
    "BOOKED": "booked",
    "DISPATCHED": "confirmed",
    "GATE_IN": "gate_in",
    "GATE_OUT": "gate_out",
}


def _recognise(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and {"eventId", "eventTimestamp", "shipmentId"} <= data.keys()
        and not data.keys().isdisjoint(_EVENTS)
    )


def _map(data: Any) -> Sequence[Mapped]:
    event = Reader(data, "")
    event_id = event.required("eventId")
    shipment = event.required("shipmentId")
    if event.instant("eventTimestamp") is None:
        raise event.refuse("eventTimestamp", "is required")
    told = next((name for name in _EVENTS if event.data.get(name) is not None), None)
    if told is None:
        raise event.refuse("statusCode", f"is required, or one of {', '.join(list(_EVENTS)[1:])}")
    of_kind, taken = _EVENTS[told]
    body = {
        "event_id": fitting(event_id),
        "family": "transport",
        "classifier": "actual",
        "occurred_at": event.instant("eventTimestamp"),
        "recorded_at": event.instant("eventTimestamp"),
        "refs": _references(event, shipment),
        **of_kind(event),
        "custom_fields": left_over(event.data, _TAKEN | taken),
    }
    return [Mapped(validated(SupplyEventReceived, body), event_id)]


def _references(event: Reader, shipment: str) -> list[dict[str, str | None]]:
    found = [
        ("shipment", shipment, None),
        ("shipment", event.text("masterShipmentId"), "masterShipmentId"),
        ("document", event.text("proNumber"), "proNumber"),
        ("carrier", event.text("carrierCode"), None),
    ]
    return [
        {"type": kind, "value": fitting(value), "source_type": said}
        for kind, value, said in found
        if value
    ]


def _status(event: Reader) -> dict[str, Any]:
    event.one_of("mode", _MODES, required=False)
    source = event.one_of("source", _SOURCES, required=False)
    code = event.required("statusCode")
    x12 = X12.get(code) if source == "CARRIER_EDI" else None
    milestone = x12.milestone if x12 else _MILESTONES.get(code.upper())
    where = ", ".join(filter(None, map(event.text, ("city", "state", "country"))))
    return {
        "source_code": fitting(f"x12:214:{code}" if x12 else f"p44:status:{code}"),
        "milestone": milestone or "other",
        "source_milestone": None if milestone else code[:500],
        "classifier": "estimated" if x12 and x12.estimated else "actual",
        "occurred_at": event.instant("statusTimestamp") or event.instant("eventTimestamp"),
        "disposition": x12.disposition if x12 else None,
        "place": {"facility": where[:500]} if where else None,
    }


def _position(event: Reader) -> dict[str, Any]:
    position = event.child("position") or event
    latitude, longitude = position.decimal("latitude"), position.decimal("longitude")
    unit = position.one_of("speedUnit", tuple(_SPEEDS), required=False)
    at = position.instant("timestamp") or event.instant("eventTimestamp")
    measured = [
        ("speed", position.decimal("speed"), _SPEEDS.get(unit or "")),
        ("heading", position.decimal("heading"), _DEGREES),
    ]
    return {
        "source_code": "p44:position-updated",
        "family": "visibility",
        "milestone": "measured",
        "occurred_at": at,
        "place": None if latitude is None else {"latitude": latitude, "longitude": longitude},
        "measurements": [
            {"kind": kind, "value": value, "uom": uom, "at": at}
            for kind, value, uom in measured
            if value is not None
        ],
    }


def _eta(event: Reader) -> dict[str, Any]:
    for name in ("previousEta", "newEta"):
        event.required(name)
    return {
        "source_code": "p44:eta-changed",
        "milestone": "changed",
        "classifier": "estimated",
        "previous_time": event.instant("previousEta"),
        "new_time": event.instant("newEta"),
    }


def _exception(event: Reader) -> dict[str, Any]:
    event.one_of("severity", _SEVERITIES, required=False)
    code = event.required("exceptionCode")
    impact = event.decimal("estimatedImpactMinutes")
    return {
        "source_code": fitting(f"p44:exception:{code}"),
        "milestone": "other",
        "source_milestone": code[:500],
        "reason_code": fitting(f"p44:{code.upper()}"),
        "measurements": [{"kind": "delay", "value": impact, "uom": _MINUTES}]
        if impact is not None
        else [],
        "text": event.text("description"),
    }


def _completed(event: Reader) -> dict[str, Any]:
    return {
        "source_code": "p44:completed",
        "milestone": "delivered",
        "occurred_at": event.instant("deliveryDatetime"),
    }


_TAKEN: dict[str, Taken | None] = dict.fromkeys(
    (
        *("eventId", "eventTimestamp", "shipmentId", "masterShipmentId"),
        *("proNumber", "carrierCode"),
    )
)

# What says which event it is, how it is read, and what that takes.
_EVENTS: dict[str, tuple[Callable[[Reader], dict[str, Any]], dict[str, Taken | None]]] = {
    "statusCode": (
        _status,
        dict.fromkeys(("statusCode", "statusTimestamp", "city", "state", "country")),
    ),
    "position": (
        _position,
        {"position": dict.fromkeys(("timestamp", "latitude", "longitude", "heading", "speed"))},
    ),
    "previousEta": (_eta, dict.fromkeys(("previousEta", "newEta"))),
    "exceptionCode": (
        _exception,
        dict.fromkeys(("exceptionCode", "description", "estimatedImpactMinutes")),
    ),
    "deliveryDatetime": (_completed, dict.fromkeys(("deliveryDatetime",))),
}

FORMAT = Format("project44", 1, SUPPLY_EVENT_RECEIVED.name, _recognise, _map)
