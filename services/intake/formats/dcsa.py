"""DCSA Track & Trace 2.2 and 3.0: shipment, transport, equipment, reefer and IoT events.

A value is an event, an array of them, or a message with `events`. What 2.2 has side by side 3.0
groups (`eventClassification`, `transportDetails`, ...); the codes are the same (dcsa_codes.py), and
another one is refused. Delay reasons are SMDG's list.

An event of 3.0 replaces an earlier one with its `eventID` (3.0, schema Event): its event id is that
id within its originating party, with the time of its update. One that `isRetracted` names in
`corrects` what it takes back. An estimate has its time in `new_time`, and happened when it was
made.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.supply import SupplyEventReceived
from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats import dcsa_codes as codes
from services.intake.formats.base import Format, Mapped, Reader, validated
from services.intake.formats.dcsa_things import place, references
from services.intake.formats.leftovers import is_read_whole, read_whole
from services.intake.formats.tickets import Taken, flag, left_over
from topics.supply import SUPPLY_EVENT_RECEIVED


def _recognise(data: Any) -> bool:
    if isinstance(data, dict) and isinstance(data.get("events"), list):
        data = data["events"]
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, dict) and (
        ("eventType" in first and "eventClassifierCode" in first)
        or ("eventRouting" in first and ("eventClassification" in first or "isRetracted" in first))
    )


def _map(data: Any) -> Sequence[Mapped]:
    if isinstance(data, dict) and "events" in data:
        events = Reader(data, "").items("events")
    elif isinstance(data, list):
        events = [Reader(each, f"[{n}]") for n, each in enumerate(data)]
    else:
        events = [Reader(data, "")]
    if not events:
        raise Rejected("value: is an empty array; there is no event to accept")
    return [_event(each) for each in events]


def _event(event: Reader) -> Mapped:
    if flag(event, "isRetracted"):
        return _retraction(event)
    grouped = event.child("eventClassification")
    what = grouped or event
    kind, code = _kind_and_code(what, "eventTypeCode" if grouped else "eventType")
    classifier = codes.CLASSIFIERS[
        what.one_of("eventClassifierCode", tuple(codes.CLASSIFIERS)) or ""
    ]
    time = event.instant("eventDateTime")
    if time is None:
        raise event.refuse("eventDateTime", "is required")
    made = event.instant("eventUpdatedDateTime") or event.instant("eventCreatedDateTime")
    expected = classifier != "actual"
    milestone, detected = _detected(event)
    document = _document_type(event) if kind == "SHIPMENT" else None
    body = {
        "source_code": fitting(":".join(["dcsa", kind, code, *filter(None, (detected, document))])),
        "family": codes.FAMILIES[kind],
        "milestone": milestone or codes.MILESTONES[kind][code] or "other",
        "source_milestone": None if milestone or codes.MILESTONES[kind][code] else code,
        "classifier": classifier,
        "occurred_at": (made or time) if expected else time,
        "recorded_at": made,
        "new_time": time if expected else None,
        "measurements": _measurements(event, time),
        "reason_code": _reason(event),
        "text": "\n".join(_remarks(event)) or None,
    }
    return _mapped(event, body)


def _mapped(event: Reader, body: dict[str, Any]) -> Mapped:
    own = _own_id(event)
    updated = event.text("eventUpdatedDateTime")
    event_id = f"{own}#{updated}" if own and updated else own
    body |= {
        "event_id": fitting(event_id) if event_id else None,
        "refs": references(event),
        "place": place(event),
        "custom_fields": left_over(event.data, _taken(event)),
    }
    at = f"{event.at}: " if event.at else ""
    return Mapped(validated(SupplyEventReceived, body, at), event_id)


def _retraction(event: Reader) -> Mapped:
    """Of one that is retracted nothing counts but its id."""
    event.required("eventID")
    when = event.instant("eventUpdatedDateTime") or event.instant("eventDateTime")
    if when is None:
        raise event.refuse("eventUpdatedDateTime", "is required, to tell when it was retracted")
    what = event.child("eventClassification")
    kind = what.text("eventTypeCode") if what else None
    body = {
        "source_code": f"dcsa:{kind if kind in codes.FAMILIES else '-'}:retracted",
        "family": codes.FAMILIES.get(kind or "", "other"),
        "milestone": "other",
        "source_milestone": "isRetracted",
        "occurred_at": when,
        "recorded_at": when,
        "corrects": fitting(_own_id(event) or ""),
        "correction": "retracted",
    }
    return _mapped(event, body)


def _own_id(event: Reader) -> str | None:
    """Unique within the party with which the event originated."""
    own = event.text("eventID")
    routing = event.child("eventRouting")
    party = routing.child("originatingParty") if routing else None
    named = [
        party.text(name) for name in ("codeListProvider", "codeListName", "partyCode") if party
    ]
    return "/".join([*filter(None, named), own]) if own else None


def _kind_and_code(what: Reader, field: str) -> tuple[str, str]:
    kind = what.one_of(field, tuple(codes.FAMILIES)) or ""
    # 2.0 called every type's code eventTypeCode.
    name = codes.CODE_FIELDS[kind]
    if field == "eventType" and what.text(name) is None and what.text("eventTypeCode"):
        name = "eventTypeCode"
    return kind, what.one_of(name, tuple(codes.MILESTONES[kind])) or ""


def _detected(event: Reader) -> tuple[str | None, str | None]:
    """What an IoT event detected: its milestone, and its code."""
    details = event.child("iotDetails")
    if details is None or details.text("iotEventCode") is None:
        return None, None
    code = details.one_of("iotEventCode", tuple(codes.DETECTED)) or ""
    return codes.DETECTED[code][0], code


def _document_type(event: Reader) -> str | None:
    """Which document a shipment event is about: a booking that is rejected is no bill of lading."""
    details = event.child("shipmentDetails")
    document = details.child("documentReference") if details else None
    return document.text("typeCode") if document else event.text("documentTypeCode")


def _reason(event: Reader) -> str | None:
    details = event.child("transportDetails")
    many = details.array("delayReasonCodes") if details else []
    first = many[0] if many else event.text("delayReasonCode")
    if first is not None and not isinstance(first, str):
        raise event.refuse("transportDetails.delayReasonCodes[0]", "must be a string")
    return fitting(f"smdg:{first}") if first else None


def _remarks(event: Reader) -> list[str]:
    """Free text, for a model to read."""
    where = [
        (event, ("changeRemark", "vesselScheduleChangeRemark", "reason")),
        (event.child("transportDetails"), ("changeRemark",)),
        (event.child("shipmentDetails"), ("reason",)),
    ]
    return [said for part, names in where if part for name in names if (said := part.text(name))]


def _measurements(event: Reader, at: datetime) -> list[dict[str, Any]]:
    """What a reefer measured and what it should have been; a door that was opened or closed."""
    _, detected = _detected(event)
    door = codes.DETECTED[detected][1] if detected else None
    found: list[dict[str, Any]] = [{"kind": "door", "text": door, "at": at}] if door else []
    reefer = event.child("reeferDetails")
    if reefer is None:
        return found
    unit = reefer.one_of("temperatureUnit", ("CEL", "FAH"), required=False)
    values: list[tuple[str, Decimal | None, str | None, str | None]] = [
        ("temperature", probe.decimal("measuredTemperatureValue"), unit, _probe(probe))
        for probe in reefer.items("temperatureProbeMeasurements")
    ]
    for kind, name in _TEMPERATURES.items():
        values.append((kind, reefer.decimal(name), unit, None))
    for group, suffix in (("measuredParameters", ""), ("setpointParameters", "_setpoint")):
        parameters = reefer.child(group)
        if parameters is not None:
            # UN/CEFACT Recommendation 20 calls per cent P1.
            for name, kind in _PERCENTAGES.items():
                values.append((f"{kind}{suffix}", parameters.decimal(name), "P1", None))
    found += [
        {"kind": kind, "value": value, "uom": uom, "device": device, "at": at}
        for kind, value, uom, device in values
        if value is not None
    ]
    return found


def _probe(probe: Reader) -> str | None:
    number = probe.data.get("USDAProbeNumber")
    named = probe.text("probeLabel") or probe.text("COAProbeUDMKey")
    return fitting(f"probe {number}") if isinstance(number, int) else named and fitting(named)


_TEMPERATURES = {
    "temperature_setpoint": "internalSetpointTemperature",
    "temperature_ambient": "ambientMeasuredTemperature",
}
_PERCENTAGES = {"humidityPercentage": "humidity", "o2Percentage": "o2", "co2Percentage": "co2"}

_TAKEN: dict[str, Taken | None] = dict.fromkeys(
    (
        *("eventType", "eventTypeCode", "eventClassifierCode"),
        *("eventID", "eventDateTime", "eventCreatedDateTime", "eventUpdatedDateTime"),
        *codes.CODE_FIELDS.values(),
        *("delayReasonCode", "changeRemark", "vesselScheduleChangeRemark", "reason"),
        *("documentID", "documentTypeCode", "shipmentID", "equipmentReference"),
    )
) | {
    "eventClassification": dict.fromkeys(
        ("eventTypeCode", "eventClassifierCode", *codes.CODE_FIELDS.values())
    ),
    "equipmentDetails": {"equipmentReference": None},
    "iotDetails": {"iotEventCode": None},
    "transportDetails": {
        "changeRemark": None,
        "transportCall": {
            "transportCallReference": None,
            "vesselTransport": {"vesselIMONumber": None},
        },
    },
    "transportCall": {"transportCallID": None, "vessel": {"vesselIMONumber": None}},
    "reeferDetails": {
        **dict.fromkeys(_TEMPERATURES.values()),
        "measuredParameters": dict.fromkeys(_PERCENTAGES),
        "setpointParameters": dict.fromkeys(_PERCENTAGES),
    },
}
_TYPED = ("typeCode", "reference")


def _taken(event: Reader) -> Taken:
    """The fields of which nothing is left to say. Of places and probes more is said: they stay."""
    side_by_side = {
        "documentReferences": ("documentReferenceType", "documentReferenceValue"),
        "references": ("referenceType", "referenceValue"),
    }
    grouped = dict.fromkeys(
        ("additionalDocumentReferences", "shipmentReferences", "references"), _TYPED
    )
    details = event.child("shipmentDetails")
    document = details.child("documentReference") if details else None
    shipment: dict[str, Taken | None] = {"reason": None}
    if document is not None and is_read_whole(document, _TYPED):
        shipment["documentReference"] = None
    return (
        _TAKEN
        | read_whole(event, side_by_side)
        | {"shipmentDetails": shipment | read_whole(details, grouped)}
    )


FORMAT = Format("dcsa", 2, SUPPLY_EVENT_RECEIVED.name, _recognise, _map, split=True)
