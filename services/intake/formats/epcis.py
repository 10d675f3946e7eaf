"""GS1 EPCIS 2.0 (ISO/IEC 19987:2024) in JSON and JSON-LD: documents with an eventList, bare events.

Field names and what is required follow the standard §7.4 and the core business vocabulary (CBV
2.0). Words come bare, as a CURIE (cbv:BizStep-shipping) or as a URI; the last part counts.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from schemas.supply import SupplyEventReceived
from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats.base import Format, Mapped, Reader, validated
from services.intake.formats.cbv import BIZ_STEPS, DISPOSITIONS
from topics.supply import SUPPLY_EVENT_RECEIVED

_OFFSET = re.compile(r"^[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$")
_ACTIONS = ("OBSERVE", "ADD", "DELETE")
_KINDS = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)

_MILESTONES = {
    "accepting": "received",
    "arriving": "arrived",
    "commissioning": "commissioned",
    "departing": "departed",
    "inspecting": "inspected",
    "loading": "loaded",
    "packing": "packed",
    "picking": "picked_up",
    "receiving": "received",
    "sensor_reporting": "measured",
    "shipping": "shipped",
    "staging_outbound": "packed",
    "storing": "stored",
    "unloading": "discharged",
    "entering_exiting": "gate_in",
    "collecting": "picked_up",
    "delivering": "delivered",
}
# Where a class of object stands in an EPC: urn:epc:id:TYPE:..., or an application identifier.
_EPC_KINDS = {
    "sgtin": "serial",
    "sscc": "sscc",
    "lgtin": "lot",
    "sgln": "location",
    "grai": "asset",
    "giai": "asset",
    "gdti": "document",
    "gsin": "shipment",
    "ginc": "shipment",
    "upui": "serial",
    "itip": "serial",
    "imovn": "vessel",
    "bic": "container",
}
_LINK_KINDS = {
    "21": "serial",
    "10": "lot",
    "00": "sscc",
    "402": "shipment",
    "401": "shipment",
    "414": "location",
}
# CBV 2.0 §8.5.3: a number that is already in use, in a URN with its owner's GLN.
_BT_URN = re.compile(r"^urn:epcglobal:cbv:bt:[0-9]{13}:(?=.)")
_MAX_REFS = 1000
_TRANSACTIONS = {"po": "po", "desadv": "asn", "inv": "invoice", "bol": "bl", "recadv": "document"}


def _recognise(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    kind = _tail(data.get("type"))
    return kind in {"EPCISDocument", "EPCISQueryDocument"} or (
        kind in _KINDS and "eventTime" in data
    )


def _tail(value: object) -> str:
    """ObjectEvent from epcis:ObjectEvent, shipping from .../cbv/BizStep-shipping and the URN."""
    if not isinstance(value, str):
        return ""
    last = re.split(r"[/:#]", value)[-1]
    return re.sub(r"^(?:BizStep|Disp|BTT|SDT|MeasurementType|AlertType|ER)-", "", last)


def _map(data: Any) -> Sequence[Mapped]:
    if not isinstance(data, dict):
        raise Rejected("value: must be an EPCIS document or event")
    document = Reader(data, "")
    kind = _tail(data.get("type"))
    if kind in _KINDS:
        return [_event(document)]
    if kind not in {"EPCISDocument", "EPCISQueryDocument"}:
        raise document.refuse("type", f"must be EPCISDocument or one of {', '.join(_KINDS)}")
    if data.get("@context") is None:
        raise document.refuse("@context", "is required by EPCIS 2.0 §10.1.2")
    if kind == "EPCISDocument":
        document.required("schemaVersion")
        if document.instant("creationDate") is None:
            raise document.refuse("creationDate", "is required")
    events = _list(document)
    if not events:
        raise Rejected("epcisBody.eventList: is empty; there is no event to accept")
    return [_event(each) for each in events]


def _list(document: Reader) -> list[Reader]:
    body = document.child("epcisBody")
    if body is None:
        raise document.refuse("epcisBody", "is required")
    results = body.child("queryResults")
    if results is not None:
        body = results.child("resultsBody") or results
    if "event" in body.data and "eventList" not in body.data:
        return [Reader(body.data["event"], body.path("event"))]
    return body.items("eventList")


def _event(event: Reader) -> Mapped:
    kind = _tail(event.required("type"))
    if kind not in _KINDS:
        raise event.refuse("type", f"must be one of {', '.join(_KINDS)}")
    time = event.instant("eventTime")
    if time is None:
        raise event.refuse("eventTime", "is required")
    offset = event.required("eventTimeZoneOffset")
    if not _OFFSET.match(offset):
        raise event.refuse("eventTimeZoneOffset", "must be like +05:30, at most 14:00")
    _required_by_kind(event, kind)
    step = _word(event, "bizStep", BIZ_STEPS)
    disposition = _word(event, "disposition", DISPOSITIONS)
    error = event.child("errorDeclaration")
    declared = error.instant("declarationTime") if error is not None else None
    if error is not None and declared is None:
        raise error.refuse("declarationTime", "is required")
    event_id = event.text("eventID")
    body = {
        "event_id": fitting(event_id) if event_id else None,
        "source_code": f"epcis:{kind}:{event.text('action') or '-'}:{step or '-'}"[:200],
        "family": "condition" if event.array("sensorElementList") else "visibility",
        "milestone": _milestone(kind, step),
        "classifier": "actual",
        "occurred_at": time,
        "recorded_at": event.instant("recordTime"),
        "refs": _refs(event),
        "place": _place(event),
        "quantities": _quantities(event),
        "measurements": _measurements(event, time),
        "reason_code": f"epcis:{_tail(error.text('reason'))}"[:200]
        if error and error.text("reason")
        else None,
        "disposition": disposition or None,
        "corrects": fitting(event_id) if event_id and error is not None else None,
    }
    mapped = validated(SupplyEventReceived, body, f"{event.at}: " if event.at else "")
    # §7.4.1.4: the declaration of an error repeats the id of the event that it retracts.
    own = f"{event_id}#error-{declared.isoformat()}" if event_id and declared else event_id
    return Mapped(mapped, own)


def _word(event: Reader, name: str, standard: frozenset[str]) -> str:
    """A CBV word; EPCIS 2.0 §10.2: a word of one's own must be a URI or a CURIE."""
    given = event.text(name)
    if given is not None and ":" not in given and given not in standard:
        raise event.refuse(name, "is no word of the CBV; write one of your own as a URI")
    return _tail(given)


def _required_by_kind(event: Reader, kind: str) -> None:
    """EPCIS 2.0 §7.4.2 to §7.4.6."""
    if kind != "TransformationEvent":
        event.one_of("action", _ACTIONS)
    match kind:
        case "ObjectEvent" if not (
            event.array("epcList")
            or event.array("quantityList")
            or event.array("sensorElementList")
        ):
            raise event.refuse(
                "epcList", "one of epcList, quantityList, sensorElementList is required"
            )
        case "AggregationEvent" | "AssociationEvent" if event.text("action") != "OBSERVE":
            event.required("parentID")
        case "TransactionEvent" if not event.array("bizTransactionList"):
            raise event.refuse("bizTransactionList", "is required")
        case "TransformationEvent" if not event.text("transformationID"):
            inputs = event.array("inputEPCList") or event.array("inputQuantityList")
            outputs = event.array("outputEPCList") or event.array("outputQuantityList")
            if not inputs or not outputs:
                raise event.refuse(
                    "inputEPCList", "inputs and outputs are required without transformationID"
                )
        case _:
            pass


def _milestone(kind: str, step: str) -> str:
    if step in _MILESTONES:
        return _MILESTONES[step]
    return {"AggregationEvent": "aggregated", "TransformationEvent": "transformed"}.get(
        kind, "other"
    )


def _refs(event: Reader) -> list[dict[str, str]]:
    refs: list[dict[str, str]] = []
    for each in event.items("bizTransactionList"):
        kind = _TRANSACTIONS.get(_tail(each.text("type")), "document")
        value = _BT_URN.sub("", each.required("bizTransaction"))
        refs.append({"type": kind, "value": fitting(value)})
    parent = event.text("parentID")
    named = [parent] if parent else []
    for name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        for n, epc in enumerate(event.array(name)):
            if not isinstance(epc, str) or not epc:
                raise Rejected(f"{event.path(name)}[{n}]: must be a string")
            named.append(epc)
    named += [q.required("epcClass") for name in _QUANTITY_LISTS for q in event.items(name)]
    refs.extend({"type": _epc_kind(epc), "value": fitting(epc)} for epc in named)
    for element in event.items("sensorElementList"):
        meta = element.child("sensorMetadata")
        device = meta.text("deviceID") if meta else None
        if device:
            refs.append({"type": "asset", "value": fitting(device)})
    if len(refs) > _MAX_REFS:
        raise event.refuse("epcList", f"{len(refs)} references, at most {_MAX_REFS}: send several")
    if not refs:
        place = event.child("readPoint") or event.child("bizLocation")
        where = place.text("id") if place else None
        refs.append({"type": "location", "value": fitting(where or "unknown")})
    return refs


_QUANTITY_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def _epc_kind(epc: str) -> str:
    if epc.startswith("urn:epc:"):
        parts = epc.split(":")
        return _EPC_KINDS.get(parts[3] if len(parts) > 3 else "", "other")  # noqa: PLR2004 - urn:epc:id:TYPE
    for part in re.findall(r"/(\d{2,4})/", epc)[::-1]:
        if part in _LINK_KINDS:
            return _LINK_KINDS[part]
    return "gtin" if "/01/" in epc else "other"


def _place(event: Reader) -> dict[str, str] | None:
    place = event.child("readPoint") or event.child("bizLocation")
    where = place.text("id") if place else None
    return {"facility": where[:500]} if where else None


def _quantities(event: Reader) -> list[dict[str, Any]]:
    return [
        {
            "value": value,
            "uom": each.text("uom"),
            "of": {"type": "gtin", "value": fitting(each.required("epcClass"))},
        }
        for name in _QUANTITY_LISTS
        for each in event.items(name)
        if (value := each.decimal("quantity")) is not None
    ]


def _measurements(event: Reader, at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "kind": (_tail(report.text("type")) or "other").lower()[:200],
            "value": report.decimal("value"),
            "minimum": report.decimal("minValue"),
            "maximum": report.decimal("maxValue"),
            "mean": report.decimal("meanValue"),
            "uom": report.text("uom"),
            "at": report.instant("time") or at,
        }
        for element in event.items("sensorElementList")
        for report in element.items("sensorReport")
    ]


FORMAT = Format("epcis", 1, SUPPLY_EVENT_RECEIVED.name, _recognise, _map, split=True)
