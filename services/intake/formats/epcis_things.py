"""What an EPCIS event is about: things, transactions, parties, places, and how much of what."""

import re
from collections.abc import Iterator
from typing import Any

from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats import cbv, gs1
from services.intake.formats.base import Reader

MAX_REFS = 1000

# Lists of identifiers, of classes with quantities, and what part theirs is in the event. What a
# transformation made stands before what it used up.
_EPCS = {"epcList": None, "childEPCs": "child", "outputEPCList": "output", "inputEPCList": "input"}
_CLASSES = {
    "quantityList": None,
    "childQuantityList": "child",
    "outputQuantityList": "output",
    "inputQuantityList": "input",
}
_TRANSACTIONS = {"po": "po", "desadv": "asn", "inv": "invoice", "bol": "bl"}
# CBV 2.0 §8.5.3: a number that is already in use, in a URN with its owner's GLN.
_OWNED = re.compile(r"urn:epcglobal:cbv:bt:[0-9]{13}:(?=.)")
_LOT_NUMBER = "lotNumber"

_Ref = dict[str, str | None]


def references(event: Reader) -> list[_Ref]:
    """All that the event names; its place where it names nothing else.

    Raises:
        Rejected: more of them than one event may carry.
    """
    found = list(_unlike([*_transactions(event), *_things(event)]))
    if not found:
        place = _place_id(event)
        found.append({"type": "location", "value": fitting(place or "unknown")})
    found = list(_unlike([*found, *_around(event)]))
    if len(found) > MAX_REFS:
        raise event.refuse("epcList", f"{len(found)} references, at most {MAX_REFS}: send several")
    return found


def _unlike(refs: list[_Ref]) -> Iterator[_Ref]:
    seen: set[tuple[str | None, ...]] = set()
    for ref in refs:
        told = (ref["type"], ref["value"], ref.get("role"), ref.get("source_type"))
        if told not in seen:
            seen.add(told)
            yield ref


def _transactions(event: Reader) -> Iterator[_Ref]:
    for each in event.items("bizTransactionList"):
        given = each.text("type")
        word = cbv.TRANSACTIONS.word(given) if given else None
        kind = "other" if word == cbv.OTHER else _TRANSACTIONS.get(word or "", "document")
        said = given if word == cbv.OTHER else word
        value = _OWNED.sub("", each.required("bizTransaction"))
        yield {
            "type": kind,
            "value": fitting(value),
            "source_type": said[:500] if said and kind in {"document", "other"} else None,
        }


def tells_owners(event: Reader) -> bool:
    """Whether a transaction's number stands in a URN with its owner, whom no reference keeps."""
    listed = event.items("bizTransactionList")
    return any(_OWNED.match(each.text("bizTransaction") or "") for each in listed)


def _things(event: Reader) -> Iterator[_Ref]:
    named: list[tuple[str, str | None]] = []
    if parent := event.text("parentID"):
        named.append((parent, "parent"))
    for name, role in _EPCS.items():
        named += [(_string(event, name, n), role) for n in range(len(event.array(name)))]
    for name, role in _CLASSES.items():
        named += [(each.required("epcClass"), role) for each in event.items(name)]
    for identifier, role in named:
        yield {"type": gs1.key_of(identifier).type, "value": fitting(identifier), "role": role}
    yield from _lots(event)
    for gtin in dict.fromkeys(gs1.key_of(identifier).gtin for identifier, _ in named):
        if gtin is not None:
            yield {"type": "gtin", "value": gtin}


def _string(event: Reader, name: str, n: int) -> str:
    value = event.array(name)[n]
    if not isinstance(value, str) or not value:
        raise Rejected(f"{event.path(name)}[{n}]: must be a string")
    return value


def _lots(event: Reader) -> Iterator[_Ref]:
    """CBV 2.0 §10.2: the lot of things that are made here, among their master data."""
    ilmd = event.child("ilmd")
    for name, value in ilmd.data.items() if ilmd else ():
        if is_lot(name) and isinstance(value, str | int) and str(value):
            yield {"type": "lot", "value": fitting(str(value))}


def is_lot(name: str) -> bool:
    """Whether a field of the master data is the lot's number: cbvmda:lotNumber, or its URI."""
    return re.split(r"[:/#]", name)[-1] == _LOT_NUMBER


def _around(event: Reader) -> Iterator[_Ref]:
    """Devices, the parties and places it came from and goes to, where things are afterwards."""
    for element in event.items("sensorElementList"):
        for each in (element.child("sensorMetadata"), *element.items("sensorReport")):
            if each is not None and (device := each.text("deviceID")):
                yield {"type": "asset", "value": fitting(device)}
    for role in ("source", "destination"):
        for each in event.items(f"{role}List"):
            given = each.required("type")
            word = cbv.PARTIES.word(given)
            yield {
                "type": "location" if word == "location" else "party",
                "value": fitting(each.required(role)),
                "role": role,
                "source_type": (given if word == cbv.OTHER else word or given)[:500],
            }
    afterwards = event.child("bizLocation")
    if afterwards is not None and afterwards.text("id") not in {None, _place_id(event)}:
        where = afterwards.required("id")
        yield {"type": "location", "value": fitting(where), "role": "business_location"}


def _place_id(event: Reader) -> str | None:
    place = event.child("readPoint") or event.child("bizLocation")
    return place.text("id") if place else None


def place(event: Reader) -> dict[str, Any] | None:
    """Where it was read, or else where it is."""
    where = _place_id(event)
    if where is None:
        return None
    latitude, longitude = gs1.coordinates(where) or (None, None)
    return {
        "facility": where[:500],
        "gln": gs1.key_of(where).gln,
        "latitude": latitude,
        "longitude": longitude,
    }


def quantities(event: Reader) -> list[dict[str, Any]]:
    """How much of each class, where it was counted."""
    return [
        {"value": value, "uom": each.text("uom"), "of": _class(each.required("epcClass"), role)}
        for name, role in _CLASSES.items()
        for each in event.items(name)
        if (value := each.decimal("quantity")) is not None
    ]


def _class(identifier: str, role: str | None) -> _Ref:
    kind = gs1.key_of(identifier).type
    return {
        "type": "gtin" if kind == "other" else kind,
        "value": fitting(identifier),
        "role": role,
    }
