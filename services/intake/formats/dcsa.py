"""DCSA Track & Trace 2.2 and 3.0: shipment, transport and equipment events, one or an array.

Codes follow the DCSA Information Model; delay reasons are SMDG's list.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from schemas.supply import SupplyEventReceived
from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats.base import Format, Mapped, Reader, validated
from topics.supply import SUPPLY_EVENT_RECEIVED

_CLASSIFIERS = {"PLN": "planned", "EST": "estimated", "ACT": "actual", "REQ": "requested"}
_CODE_FIELD = {
    "TRANSPORT": "transportEventTypeCode",
    "EQUIPMENT": "equipmentEventTypeCode",
    "SHIPMENT": "shipmentEventTypeCode",
    "REEFER": "reeferEventTypeCode",
    "IOT": "iotEventTypeCode",
}
_FAMILIES = {
    "TRANSPORT": "transport",
    "EQUIPMENT": "equipment",
    "SHIPMENT": "document",
    "REEFER": "condition",
    "IOT": "condition",
}
_MILESTONES = {
    "ARRI": "arrived",
    "DEPA": "departed",
    "LOAD": "loaded",
    "DISC": "discharged",
    "GTIN": "gate_in",
    "GTOT": "gate_out",
    "STUF": "packed",
    "STRP": "received",
    "PICK": "picked_up",
    "DROP": "delivered",
    "INSP": "inspected",
    "RSEA": "inspected",
    "RECE": "received",
    "CONF": "confirmed",
    "REJE": "rejected",
    "DECL": "rejected",
    "CANC": "cancelled",
    "CACF": "cancelled",
    "VOID": "cancelled",
    "AMCF": "changed",
    "UPCF": "changed",
    "ISSU": "confirmed",
    "APPR": "confirmed",
    "CUSS": "customs_hold",
    "CUSI": "customs_hold",
    "CUSR": "customs_released",
    "MEAS": "measured",
    "ADJU": "changed",
    "DRO": "alert",
}
_REFERENCES = {"BKG": "booking", "CBR": "booking", "TRD": "bl", "PO": "po", "EQ": "container"}


def _recognise(data: Any) -> bool:
    if isinstance(data, dict) and isinstance(data.get("events"), list):
        data = data["events"]
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, dict) and (
        ("eventType" in first and "eventClassifierCode" in first)
        or ("eventClassification" in first and "eventRouting" in first)
    )


def _map(data: Any) -> Sequence[Mapped]:
    if isinstance(data, dict) and isinstance(data.get("events"), list):
        return _map(data["events"])
    if isinstance(data, list):
        if not data:
            raise Rejected("value: is an empty array; there is no event to accept")
        return [_event(Reader(each, f"[{n}]")) for n, each in enumerate(data)]
    return [_event(Reader(data, ""))]


def _event(event: Reader) -> Mapped:
    # 3.0 groups in eventClassification what 2.2 has side by side; the codes are the same.
    what = event.child("eventClassification") or event
    kind = what.text("eventType") or what.text("eventTypeCode") or ""
    if kind not in _FAMILIES:
        raise what.refuse("eventType", f"must be one of {', '.join(_FAMILIES)}")
    code = _code(event, what, kind)
    classifier = what.one_of("eventClassifierCode", tuple(_CLASSIFIERS)) or ""
    time = event.instant("eventDateTime")
    if time is None:
        raise event.refuse("eventDateTime", "is required")
    event_id = event.text("eventID")
    reason = what.text("delayReasonCode") or event.text("delayReasonCode")
    body = {
        "event_id": fitting(event_id) if event_id else None,
        "source_code": f"dcsa:{kind}:{code}"[:200],
        "family": _FAMILIES[kind],
        "milestone": _MILESTONES.get(code.rpartition(":")[2], "other"),
        "classifier": _CLASSIFIERS[classifier],
        "occurred_at": time,
        "recorded_at": event.instant("eventCreatedDateTime")
        or event.instant("eventUpdatedDateTime"),
        "refs": _refs(event),
        "place": _place(event),
        "measurements": _measurements(event),
        "reason_code": f"smdg:{reason}" if reason else None,
        "text": what.text("changeRemark") or event.text("changeRemark") or event.text("reason"),
    }
    at = f"{event.at}: " if event.at else ""
    return Mapped(validated(SupplyEventReceived, body, at), event_id)


def _code(event: Reader, what: Reader, kind: str) -> str:
    """The type's code; of a sensor's detection, which one it was: a door is not a position."""
    code = what.required(_CODE_FIELD[kind])
    detected = _nested(event, ("iotDetails", "iotEventCode"))
    return f"{code}:{detected}" if detected else code


def _refs(event: Reader) -> list[dict[str, str]]:
    found: list[tuple[str, str | None]] = [
        ("container", event.text("equipmentReference")),
        ("container", _nested(event, ("equipmentDetails", "equipmentReference"))),
    ]
    found += [_reference(each) for each in _documents(event)]
    found.append(("document", event.text("documentID")))
    calls = ("transportCall",), ("transportDetails", "transportCall")
    for call in calls:
        found.append(("vessel", _nested(event, (*call, "vessel", "vesselIMONumber"))))
        found.append(("vessel", _nested(event, (*call, "vesselTransport", "vesselIMONumber"))))
        found.append(("voyage", _nested(event, (*call, "transportCallID"))))
        found.append(("voyage", _nested(event, (*call, "transportCallReference"))))
    refs = [{"type": kind, "value": fitting(value)} for kind, value in found if value]
    if not refs:
        raise event.refuse("documentReferences", "no reference at all: say what the event is about")
    return refs


def _documents(event: Reader) -> list[Reader]:
    """Where 2.2 and 3.0 put their references."""
    found = [*event.items("documentReferences"), *event.items("references")]
    details = event.child("shipmentDetails")
    if details is not None:
        single = details.child("documentReference")
        found += [single] if single is not None else []
        found += details.items("additionalDocumentReferences")
        found += details.items("references")
    return found


def _reference(each: Reader) -> tuple[str, str | None]:
    kind = (
        each.text("documentReferenceType")
        or each.text("referenceType")
        or each.text("typeCode")
        or each.text("type")
        or ""
    )
    value = (
        each.text("documentReferenceValue") or each.text("referenceValue") or each.text("reference")
    )
    return _REFERENCES.get(kind, "document"), value


def _nested(event: Reader, path: Sequence[str]) -> str | None:
    at: Reader | None = event
    for name in path[:-1]:
        at = at.child(name) if at is not None and isinstance(at.data.get(name), dict) else None
    return at.text(path[-1]) if at is not None else None


def _place(event: Reader) -> dict[str, str | None] | None:
    places = ("transportCall",), ("eventLocation",), ("transportCall", "location")
    codes = [_nested(event, (*place, "UNLocationCode")) for place in places]
    names = [_nested(event, (*place, "locationName")) for place in places]
    code, name = next(filter(None, codes), None), next(filter(None, names), None)
    if code is None and name is None:
        return None
    return {"unlocode": fitting(code) if code else None, "facility": name and name[:500]}


def _measurements(event: Reader) -> list[dict[str, Any]]:
    """3.0, reefer events: what was measured, and what it should have been."""
    reefer = event.child("reeferDetails")
    if reefer is None:
        return []
    unit = reefer.text("temperatureUnit")
    found: list[tuple[str, Decimal | None, str | None]] = [
        ("temperature", probe.decimal("measuredTemperatureValue"), unit)
        for probe in reefer.items("temperatureProbeMeasurements")
    ]
    found.append(("temperature_setpoint", reefer.decimal("internalSetpointTemperature"), unit))
    found.append(("temperature_ambient", reefer.decimal("ambientMeasuredTemperature"), unit))
    for group, suffix in (("measuredParameters", ""), ("setpointParameters", "_setpoint")):
        parameters = reefer.child(group)
        if parameters is not None:
            for name, kind in _PERCENTAGES.items():
                found.append((f"{kind}{suffix}", parameters.decimal(name), "P1"))
    return [
        {"kind": kind, "value": value, "uom": uom}
        for kind, value, uom in found
        if value is not None
    ]


# UN/CEFACT Recommendation 20 calls per cent P1.
_PERCENTAGES = {"humidityPercentage": "humidity", "o2Percentage": "o2", "co2Percentage": "co2"}


FORMAT = Format("dcsa", 1, SUPPLY_EVENT_RECEIVED.name, _recognise, _map, split=True)
