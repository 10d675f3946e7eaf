"""What a DCSA event is about: documents, equipment, vessels, and where; as 2.2 and 3.0 have it."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from services.intake.domain.subjects import fitting
from services.intake.formats.base import Reader
from services.intake.formats.dcsa_codes import REFERENCES

# UN/LOCODE manual §3: country, then three letters or digits, of which 0 and 1 are none.
UNLOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")

_Ref = dict[str, str | None]


def references(event: Reader) -> list[_Ref]:
    """All that the event names; of one that names nothing, itself."""
    named = [*_documents(event), *_equipment(event), *_transport(event)]
    told = {(ref["type"], ref["value"], ref.get("source_type")): ref for ref in named}
    refs = [ref for ref in told.values() if ref["value"]]
    own = event.text("eventID")
    if not refs and event.data.get("isRetracted") is True and own:
        return [{"type": "other", "value": fitting(own), "source_type": "eventID"}]
    if not refs:
        raise event.refuse("documentReferences", "no reference at all: say what the event is about")
    return refs


def _documents(event: Reader) -> Iterator[_Ref]:
    for each in event.items("documentReferences"):
        yield _ref(each.text("documentReferenceType"), each.text("documentReferenceValue"))
    yield _ref(event.text("documentTypeCode"), event.text("documentID"))
    if shipment := event.text("shipmentID"):
        yield {"type": "shipment", "value": fitting(shipment)}
    for each in event.items("references"):
        yield _ref(each.text("referenceType"), each.text("referenceValue"))
    details = event.child("shipmentDetails")
    if details is None:
        return
    first = details.child("documentReference")
    listed = [first] if first is not None else []
    for name in ("additionalDocumentReferences", "shipmentReferences", "references"):
        listed += details.items(name)
    for each in listed:
        yield _ref(each.text("typeCode"), each.text("reference"))


def _ref(kind: str | None, value: str | None) -> _Ref:
    known = REFERENCES.get(kind or "")
    return {
        "type": known or "document",
        "value": fitting(value) if value else None,
        "source_type": None if known or kind is None else kind[:500],
    }


def _equipment(event: Reader) -> Iterator[_Ref]:
    for each in (event, event.child("equipmentDetails")):
        if each is not None and (container := each.text("equipmentReference")):
            yield {"type": "container", "value": fitting(container)}


def _transport(event: Reader) -> Iterator[_Ref]:
    call = transport_call(event)
    if call is None:
        return
    for name in ("vessel", "vesselTransport"):
        vessel = call.child(name)
        if vessel is not None and (imo := vessel.text("vesselIMONumber")):
            yield {"type": "vessel", "value": fitting(imo)}
    for name in ("transportCallID", "transportCallReference"):
        if own := call.text(name):
            yield {"type": "voyage", "value": fitting(own), "source_type": name}


def transport_call(event: Reader) -> Reader | None:
    """A stop of a means of transport: beside the others in 2.2, among the details in 3.0."""
    details = event.child("transportDetails")
    return event.child("transportCall") or (details.child("transportCall") if details else None)


def place(event: Reader) -> dict[str, Any] | None:
    """Where it was: the event's own place before that of the transport call."""
    call = transport_call(event)
    places = [event.child("eventLocation"), call.child("location") if call else None, call]
    there = [each for each in places if each is not None]
    found: dict[str, Any] = {
        "unlocode": next(filter(None, map(_unlocode, there)), None),
        "facility": next(filter(None, map(_facility, there)), None),
    }
    latitude, longitude = next(filter(None, map(_coordinates, there)), (None, None))
    if latitude is not None:
        found |= {"latitude": latitude, "longitude": longitude}
    return found if any(found.values()) else None


def _unlocode(where: Reader) -> str | None:
    code = where.text("UNLocationCode")
    return code if code and UNLOCODE.fullmatch(code) else None


def _facility(where: Reader) -> str | None:
    """A name for people, or a terminal's code with the list that it is of."""
    named = where.text("locationName") or where.text("otherFacility")
    holder = where.child("facility") or where
    code, provider = holder.text("facilityCode"), holder.text("facilityCodeListProvider")
    coded = f"{provider}:{code}" if code and provider else code
    told = named or holder.text("facilityName") or coded
    return told[:500] if told else None


def _coordinates(where: Reader) -> tuple[Decimal, Decimal] | None:
    point = where.child("geoCoordinate") or where
    latitude, longitude = point.decimal("latitude"), point.decimal("longitude")
    return None if latitude is None or longitude is None else (latitude, longitude)
