"""EPCIS 2.0 documents as §10.1 of the standard and its JSON Schema have them: fields and kinds."""

import re
from collections.abc import Mapping
from datetime import date

from services.intake.formats import cbv
from services.intake.formats.base import Reader
from services.intake.formats.shapes import (
    Check,
    Shape,
    a_uri,
    anything,
    distinct_uris,
    many,
    matching,
    number,
    one,
    text,
    time,
    truth,
    uri,
    uris,
    word,
    words,
)

ACTIONS = ("OBSERVE", "ADD", "DELETE")

_OFFSET = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)")
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"[A-Fa-f0-9]+")
_VERSION = re.compile(r"\d+(?:\.\d+)*")


def _action(reader: Reader, name: str) -> None:
    reader.one_of(name, ACTIONS)


def _context(reader: Reader, name: str) -> None:
    """JSON-LD 1.1 §9.15, without null."""
    given = reader.data[name]
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, str | dict) or not each:
            raise reader.refuse(name, "must be a URI, an object, or an array of them")


def _ilmd(reader: Reader, name: str) -> None:
    """Master data of instances and lots: all fields of somebody's own."""
    Shape({}).check(Reader(reader.data[name], reader.path(name)))


def _date(reader: Reader, name: str) -> None:
    try:
        date.fromisoformat(str(reader.data[name]))
    except ValueError as error:
        raise reader.refuse(name, "must be a date, e.g. 2026-11-20") from error


def _certification(reader: Reader, name: str) -> None:
    """A URI, several, or GS1's certification details."""
    given = reader.data[name]
    if not isinstance(given, list):
        return uri(reader, name)
    for n, each in enumerate(given):
        if isinstance(each, dict):
            _CERTIFICATE.check(Reader(each, reader.path(f"{name}[{n}]")))
        else:
            a_uri(reader, f"{name}[{n}]", each)
    return None


def _all(check: Check, names: str) -> dict[str, Check]:
    return dict.fromkeys(names.split(), check)


def _named(namespace: str, check: Check, names: str) -> dict[str, Check]:
    return {f"{namespace}:{name}": check for name in names.split()}


_CERTIFICATE = Shape(
    {
        "gs1:CertificationDetails": one(
            Shape(
                _named(
                    "gs1",
                    _date,
                    "certificationAuditDate certificationEndDate certificationStartDate"
                    " initialCertificationDate",
                )
            )
        )
    }
)
_PLACE = Shape({"id": uri}, ("id",))
_QUANTITY = Shape(
    {
        "epcClass": uri,
        "quantity": number,
        "uom": matching(_UOM, "must be a code of UN/CEFACT Rec. 20"),
    },
    ("epcClass",),
    own=False,
)
_TRANSACTION = Shape(
    {"type": word(cbv.TRANSACTIONS), "bizTransaction": uri}, ("bizTransaction",), own=False
)
_SOURCE = Shape({"type": word(cbv.PARTIES), "source": uri}, ("type", "source"), own=False)
_DESTINATION = Shape(
    {"type": word(cbv.PARTIES), "destination": uri}, ("type", "destination"), own=False
)
_ERROR = Shape(
    {"declarationTime": time, "reason": word(cbv.ERRORS), "correctiveEventIDs": uris},
    ("declarationTime",),
)
_METADATA = Shape(
    _all(time, "time startTime endTime")
    | _all(uri, "deviceID deviceMetadata rawData dataProcessingMethod bizRules")
)
_REPORT = Shape(
    # What may be measured is not the CBV's: words of a vocabulary that grows, or anybody's.
    _all(text, "type exception stringValue uom")
    | _all(time, "time")
    | _all(number, "value minValue maxValue meanValue sDev percRank percValue")
    | _all(
        uri,
        "deviceID deviceMetadata rawData dataProcessingMethod bizRules microorganism"
        " chemicalSubstance coordinateReferenceSystem uriValue",
    )
    | {
        "component": word(cbv.COMPONENTS),
        "booleanValue": truth,
        "hexBinaryValue": matching(_HEX, "must be hexadecimal"),
    },
    # `type` is required but beside an exception: epcis_sensors.
)
_SENSOR = Shape(
    {"sensorMetadata": one(_METADATA), "sensorReport": many(_REPORT, at_least=1)}, ("sensorReport",)
)
_PERSISTENT = Shape(_all(words(cbv.DISPOSITIONS), "set unset"), own=False)

_COMMON: dict[str, Check] = {
    "@context": _context,
    "type": text,
    "eventTime": time,
    "recordTime": time,
    "eventTimeZoneOffset": matching(_OFFSET, "must be like +05:30, at most 14:00"),
    "eventID": uri,
    "certificationInfo": _certification,
    "errorDeclaration": one(_ERROR),
    "bizStep": word(cbv.BIZ_STEPS),
    "disposition": word(cbv.DISPOSITIONS),
    "persistentDisposition": one(_PERSISTENT),
    "readPoint": one(_PLACE),
    "bizLocation": one(_PLACE),
    "bizTransactionList": many(_TRANSACTION),
    "sourceList": many(_SOURCE),
    "destinationList": many(_DESTINATION),
    "sensorElementList": many(_SENSOR),
}
_ACTION: dict[str, Check] = {"action": _action}
_PARENT: dict[str, Check] = {"parentID": uri}
_CHILDREN: dict[str, Check] = {"childEPCs": uris, "childQuantityList": many(_QUANTITY)}
_THINGS: dict[str, Check] = {"epcList": uris, "quantityList": many(_QUANTITY)}
_MADE: dict[str, Check] = (
    _all(distinct_uris, "inputEPCList outputEPCList")
    | _all(many(_QUANTITY), "inputQuantityList outputQuantityList")
    | {"transformationID": uri}
)
_ILMD: dict[str, Check] = {"ilmd": _ilmd}


def _event(*fields: Mapping[str, Check], required: tuple[str, ...] = ()) -> Shape:
    own = {name: check for each in fields for name, check in each.items()}
    return Shape(_COMMON | own, ("eventTime", "eventTimeZoneOffset", *required))


EVENTS: Mapping[str, Shape] = {
    "ObjectEvent": _event(
        _ACTION, _THINGS, {"epcList": distinct_uris}, _ILMD, required=("action",)
    ),
    "AggregationEvent": _event(_ACTION, _PARENT, _CHILDREN, required=("action",)),
    "AssociationEvent": _event(_ACTION, _PARENT, _CHILDREN, required=("action", "parentID")),
    "TransactionEvent": _event(
        _ACTION, _PARENT, _THINGS, required=("action", "bizTransactionList")
    ),
    "TransformationEvent": _event(_MADE, _ILMD),
}
# An event of a type of somebody's own (§7.4.1): what is not the standard's has a prefix, too.
EXTENDED = Shape(
    {name: check for shape in EVENTS.values() for name, check in shape.fields.items()}
    | {"type": uri},
    ("eventTime", "eventTimeZoneOffset"),
)

DOCUMENT = Shape(
    {
        "@context": _context,
        "id": uri,
        "type": text,
        "schemaVersion": matching(_VERSION, "must be like 2.0"),
        "creationDate": time,
        "instanceIdentifier": text,
        "sender": text,
        "receiver": text,
        "epcisHeader": anything,
        "epcisBody": anything,
    },
    ("@context", "schemaVersion", "creationDate", "epcisBody"),
)
QUERY_DOCUMENT = Shape(DOCUMENT.fields, ("@context", "epcisBody"))
QUERY_RESULTS = Shape(
    {"queryName": text, "subscriptionID": text, "resultsBody": anything},
    ("queryName", "resultsBody"),
)
