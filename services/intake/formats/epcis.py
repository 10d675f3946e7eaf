"""GS1 EPCIS 2.0 (ISO/IEC 19987:2024) in JSON and JSON-LD, with the CBV 2.0 (ISO/IEC 19988:2024).

A value is an EPCISDocument, an EPCISQueryDocument, or one event. What a document must look like is
§10 of the standard and its JSON Schema (epcis_shape.py); one event that is not so refuses the whole
document, by the field's path. A single event may leave its `@context` out.

The event id is the `eventID`. Where there is none it is a hash of what the event says, as CBV §8.9
has it in mind: without the time of its recording and without an error's declaration, and whatever
the order of its fields and lists. So the same event sent twice is one, and a declaration of an
error, which repeats the event that it takes back, names it (`corrects`) either way.

Words are read as cbv.py says, things as gs1.py. Fields of somebody's own survive in
`custom_fields`, as does what the standard's own say beyond an event of ours.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson

from schemas.supply import SupplyEventReceived
from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats import cbv, epcis_sensors, epcis_things
from services.intake.formats.base import Format, Mapped, Reader, validated
from services.intake.formats.cbv import Vocabulary
from services.intake.formats.epcis_rules import check_by_kind
from services.intake.formats.epcis_shape import (
    DOCUMENT,
    EVENTS,
    EXTENDED,
    QUERY_DOCUMENT,
    QUERY_RESULTS,
)
from services.intake.formats.tickets import Taken, left_over
from topics.supply import SUPPLY_EVENT_RECEIVED

_DOCUMENTS = {"EPCISDocument": DOCUMENT, "EPCISQueryDocument": QUERY_DOCUMENT}
_NAME = re.compile(r"(?:epcis:|https?://(?:ref|ns)\.gs1\.org/epcis/)?(\w+)")

_MILESTONES = {
    "accepting": "received",
    "arriving": "arrived",
    "assembling": "aggregated",
    "collecting": "picked_up",
    "commissioning": "commissioned",
    "consigning": "shipped",
    "creating_class_instance": "commissioned",
    "departing": "departed",
    "encoding": "commissioned",
    "entering_exiting": "gate_in",
    "inspecting": "inspected",
    "loading": "loaded",
    "packing": "packed",
    "picking": "picked_up",
    "receiving": "received",
    "repackaging": "packed",
    "sampling": "inspected",
    "sensor_reporting": "measured",
    "shipping": "shipped",
    "staging_outbound": "packed",
    "stocking": "stored",
    "storing": "stored",
    "unloading": "discharged",
    "void_shipping": "cancelled",
}
_BY_KIND = {"AggregationEvent": "aggregated", "TransformationEvent": "transformed"}

# What a hash of an event leaves out (CBV 2.0 §8.9).
_NOT_HASHED = frozenset({"@context", "eventID", "recordTime", "errorDeclaration"})


def _name(value: Any) -> str | None:
    """ObjectEvent from epcis:ObjectEvent and from its URI; None for another's word."""
    found = _NAME.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None


def _recognise(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    name = _name(data.get("type"))
    # Of an event of somebody's own type only the standard's fields tell that it is one of EPCIS.
    own = "eventTimeZoneOffset" in data and _is_uri(data.get("type"))
    return name in _DOCUMENTS or ("eventTime" in data and (name in EVENTS or own))


def _is_uri(value: Any) -> bool:
    return isinstance(value, str) and cbv.URI.fullmatch(value) is not None


def _map(data: Any) -> Sequence[Mapped]:
    if not isinstance(data, dict):
        raise Rejected("value: must be an EPCIS document or event")
    document = Reader(data, "")
    bound = cbv.prefixes(data.get("@context"), {})
    name = _name(data.get("type"))
    if name in EVENTS or ("eventTime" in data and _is_uri(data.get("type"))):
        return [_event(document, bound)]
    if name not in _DOCUMENTS:
        raise document.refuse("type", f"must be EPCISDocument or one of {', '.join(EVENTS)}")
    _DOCUMENTS[name].check(document)
    events = _events(document, name)
    if not events:
        raise Rejected("epcisBody.eventList: is empty; there is no event to accept")
    return [_event(each, bound) for each in events]


def _events(document: Reader, name: str) -> list[Reader]:
    body = document.child("epcisBody")
    if body is None:
        raise document.refuse("epcisBody", "is required")
    if name == "EPCISQueryDocument":
        results = body.child("queryResults")
        if results is None:
            raise body.refuse("queryResults", "is required")
        QUERY_RESULTS.check(results)
        body = results.child("resultsBody") or results
    elif "event" in body.data and "eventList" not in body.data:
        return [Reader(body.data["event"], body.path("event"))]
    return body.items("eventList")


def _event(event: Reader, around: Mapping[str, str]) -> Mapped:
    given = event.required("type")
    kind = _name(given)
    if kind not in EVENTS and not _is_uri(given):
        raise event.refuse("type", f"must be one of {', '.join(EVENTS)}, or a URI of your own")
    EVENTS.get(kind or "", EXTENDED).check(event)
    check_by_kind(event, kind)
    bound = cbv.prefixes(event.data.get("@context"), around)
    step, own_step = _word(event, "bizStep", cbv.BIZ_STEPS, bound)
    disposition, own_disposition = _word(event, "disposition", cbv.DISPOSITIONS, bound)
    happened = _happened(event)
    measured = epcis_sensors.measurements(event, happened)
    milestone = _milestone(kind, step, measured)
    event_id, corrects, reason = _identity(event, bound)
    kind = kind if kind in EVENTS else cbv.OTHER
    body = {
        "event_id": fitting(event_id),
        "source_code": f"epcis:{kind}:{event.text('action') or '-'}:{step or '-'}",
        "family": "condition" if measured else "visibility",
        "milestone": milestone,
        "source_milestone": own_step or (given[:500] if kind == cbv.OTHER else None),
        "classifier": "actual",
        "occurred_at": happened,
        "recorded_at": event.instant("recordTime"),
        "refs": epcis_things.references(event),
        "place": epcis_things.place(event),
        "quantities": epcis_things.quantities(event),
        "measurements": measured,
        "reason_code": reason,
        "disposition": disposition,
        "source_disposition": own_disposition,
        "persistent_dispositions": _persistent(event, bound),
        "corrects": fitting(corrects) if corrects else None,
        "correction": "retracted" if corrects else None,
        "custom_fields": left_over(event.data, _taken(event, reason)),
    }
    mapped = validated(SupplyEventReceived, body, f"{event.at}: " if event.at else "")
    return Mapped(mapped, event_id)


def _happened(event: Reader) -> datetime:
    """The event's time, told in the offset of the place where it happened."""
    time = event.instant("eventTime")
    if time is None:
        raise event.refuse("eventTime", "is required")
    offset = event.required("eventTimeZoneOffset")
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    try:
        return time.astimezone(
            timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
        )
    except OverflowError as error:
        raise event.refuse("eventTime", "no such year; correct it") from error


def _word(
    event: Reader, name: str, vocabulary: Vocabulary, bound: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """The vocabulary's word, and beside `other` what was said instead."""
    given = event.text(name)
    if given is None:
        return None, None
    word = vocabulary.word(cbv.expanded(given, bound))
    return word, given[:500] if word == cbv.OTHER and given != cbv.OTHER else None


def _persistent(event: Reader, bound: Mapping[str, str]) -> list[str]:
    persistent = event.child("persistentDisposition")
    given = persistent.array("set") if persistent else []
    return [cbv.DISPOSITIONS.word(cbv.expanded(each, bound)) or cbv.OTHER for each in given]


def _milestone(kind: str | None, step: str | None, measured: Sequence[Mapping[str, Any]]) -> str:
    """What a device calls an alarm is one, unless the event is first of all something else."""
    if step in {None, "sensor_reporting"} and any(each["alert"] == "alarm" for each in measured):
        return "alert"
    if step is None and measured:
        return "measured"
    return _MILESTONES.get(step or "", _BY_KIND.get(kind or "", "other"))


def _identity(event: Reader, bound: Mapping[str, str]) -> tuple[str, str | None, str | None]:
    """The event's own id, the id of the event that it takes back, and why."""
    own = event.text("eventID") or _hash(event)
    error = event.child("errorDeclaration")
    if error is None:
        return own, None, None
    # §7.4.1.4: the declaration of an error repeats the event that it retracts, its id included.
    declared = error.instant("declarationTime")
    reason, _ = _word(error, "reason", cbv.ERRORS, bound)
    told = f"{own}#error-{declared.isoformat()}" if declared else own
    return told, own, f"epcis:{reason}" if reason else None


def _hash(event: Reader) -> str:
    said = {name: value for name, value in event.data.items() if name not in _NOT_HASHED}
    try:
        content = orjson.dumps(_canonical(said), option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise event.refuse("eventID", "is missing, and the event is nested too deeply") from error
    return f"epcis-sha256:{hashlib.sha256(content).hexdigest()}"


def _canonical(value: Any) -> Any:
    """Lists are sets in EPCIS, and 150 is 150.0."""
    match value:
        case dict():
            return {name: _canonical(each) for name, each in value.items() if each is not None}
        case list():
            return sorted((_canonical(each) for each in value), key=_written)
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _written(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _taken(event: Reader, reason: str | None) -> Taken:
    """The fields of which nothing is left to say."""
    ilmd = event.data.get("ilmd") or {}
    taken: dict[str, Taken | None] = dict.fromkeys(
        (
            *("@context", "action", "eventTime", "eventTimeZoneOffset", "recordTime"),
            *("eventID", "bizStep", "disposition", "parentID", "epcList", "quantityList"),
            *("childEPCs", "childQuantityList", "inputEPCList", "inputQuantityList"),
            *("outputEPCList", "outputQuantityList", "sourceList", "destinationList"),
        )
    )
    taken |= {
        "readPoint": {"id": None},
        "bizLocation": {"id": None},
        "ilmd": {name: None for name in ilmd if epcis_things.is_lot(name)},
    }
    persistent = event.data.get("persistentDisposition") or {}
    if all(each in cbv.DISPOSITIONS.words for each in persistent.get("set") or ()):
        taken["persistentDisposition"] = {"set": None}
    if reason != f"epcis:{cbv.OTHER}":
        taken["errorDeclaration"] = {"reason": None}
    if _name(event.data.get("type")) in EVENTS:
        taken["type"] = None
    if not epcis_sensors.says_more(event):
        taken["sensorElementList"] = None
    if not epcis_things.tells_owners(event):
        taken["bizTransactionList"] = None
    return taken


FORMAT = Format("epcis", 2, SUPPLY_EVENT_RECEIVED.name, _recognise, _map, split=True)
