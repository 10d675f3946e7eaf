"""Whatever valid EPCIS 2.0 event a repository sends: it is mapped, and nothing of it is lost."""

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.errors import Rejected
from services.intake.formats import cbv
from services.intake.formats.epcis import FORMAT as EPCIS
from tests.fakes_intake import epcis
from tests.shapes import lost

_SERIALS = st.integers(1, 10**9)
EPCS = st.one_of(
    _SERIALS.map("urn:epc:id:sgtin:9521321.012345.{}".format),
    _SERIALS.map("urn:epc:id:sscc:9521321.{}".format),
    _SERIALS.map("https://id.acme.example/01/09521321012348/21/{}".format),
    _SERIALS.map("https://acme.example/things/{}".format),
)
CLASSES = st.one_of(
    _SERIALS.map("urn:epc:class:lgtin:9521321.012345.L{}".format),
    _SERIALS.map("https://id.acme.example/01/09521321012348/10/L{}".format),
)
URIS = st.one_of(_SERIALS.map("https://acme.example/x/{}".format), _SERIALS.map("acme:w{}".format))
PLACES = st.one_of(
    _SERIALS.map("urn:epc:id:sgln:9521321.00001.{}".format),
    _SERIALS.map("https://id.acme.example/414/9521321000018/254/{}".format),
)
TIMES = st.builds(
    "2026-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
    *(st.integers(low, high) for low, high in ((1, 12), (1, 28), (0, 23), (0, 59), (0, 59))),
    st.sampled_from(["", ".5", ".123456"]),
    st.sampled_from(["Z", "+05:30", "-06:00"]),
)
FIGURES = st.integers(-500, 10**6) | st.integers(-500, 10**6).map(lambda n: n + 0.125)
TEXTS = _SERIALS.map("text {}".format)
ACTIONS = st.sampled_from(["OBSERVE", "ADD", "DELETE"])
LISTS = {"min_size": 1, "max_size": 3}


def words(vocabulary):
    """Bare, CURIE, web URI, URN, or somebody's own."""
    known = st.sampled_from(sorted(vocabulary.words))
    return st.one_of(
        known,
        known.map(f"cbv:{vocabulary.web}-{{}}".format),
        known.map(f"https://ref.gs1.org/cbv/{vocabulary.web}-{{}}".format),
        known.map(f"urn:epcglobal:cbv:{vocabulary.urn}:{{}}".format),
        URIS,
    )


def objects(required, optional=None):
    """An object of the standard's fields, and sometimes one of somebody's own."""
    own = {f"acme:o{n}": TEXTS | FIGURES | st.booleans() for n in range(2)}
    return st.fixed_dictionaries(required, optional={**(optional or {}), **own})


def closed(required, optional):
    """An object that has no room for fields of one's own."""
    return st.fixed_dictionaries(required, optional=optional)


QUANTITIES = st.lists(
    closed({"epcClass": CLASSES}, {"quantity": FIGURES})
    | closed(
        {"epcClass": CLASSES, "quantity": FIGURES, "uom": st.sampled_from(["KGM", "H87"])}, {}
    ),
    **LISTS,
)
TRANSACTIONS = st.lists(
    closed(
        {"bizTransaction": URIS | _SERIALS.map("urn:epcglobal:cbv:bt:9521321000018:PO-{}".format)},
        {"type": words(cbv.TRANSACTIONS)},
    ),
    **LISTS,
)
REPORTS = objects(
    {"type": st.sampled_from(["Temperature", "gs1:RelativeHumidity", "acme:Vibration"])},
    {
        "exception": st.sampled_from(["ALARM_CONDITION", "gs1:ERROR_CONDITION", "acme:Odd"]),
        "time": TIMES,
        **dict.fromkeys(
            ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), FIGURES
        ),
        **dict.fromkeys(("deviceID", "rawData", "uriValue", "microorganism"), URIS),
        "stringValue": TEXTS,
        "booleanValue": st.booleans(),
        "hexBinaryValue": st.just("F0E1"),
        "component": words(cbv.COMPONENTS),
        "uom": st.sampled_from(["CEL", "A93"]),
    },
)
SENSORS = st.lists(
    objects(
        {"sensorReport": st.lists(REPORTS, **LISTS)},
        {"sensorMetadata": objects({}, {"time": TIMES, "deviceID": URIS, "bizRules": URIS})},
    ),
    **LISTS,
)
COMMON = {
    "recordTime": TIMES,
    "eventID": st.uuids().map("urn:uuid:{}".format),
    "bizStep": words(cbv.BIZ_STEPS),
    "disposition": words(cbv.DISPOSITIONS),
    "persistentDisposition": st.fixed_dictionaries(
        {"set": st.lists(words(cbv.DISPOSITIONS), unique=True, **LISTS)},
        optional={"unset": st.lists(words(cbv.DISPOSITIONS), unique=True, **LISTS)},
    ),
    "readPoint": objects({"id": PLACES}),
    "bizLocation": objects({"id": PLACES}),
    "bizTransactionList": TRANSACTIONS,
    "sourceList": st.lists(closed({"type": words(cbv.PARTIES), "source": URIS}, {}), **LISTS),
    "destinationList": st.lists(
        closed({"type": words(cbv.PARTIES), "destination": URIS}, {}), **LISTS
    ),
    "sensorElementList": SENSORS,
    "errorDeclaration": objects(
        {"declarationTime": TIMES},
        {"reason": words(cbv.ERRORS), "correctiveEventIDs": st.lists(URIS, **LISTS)},
    ),
    "certificationInfo": URIS | st.lists(URIS, **LISTS),
}
ALWAYS = {
    "eventTime": TIMES,
    "eventTimeZoneOffset": st.sampled_from(["+00:00", "-06:00", "+05:30", "+14:00"]),
}
SET_OF_EPCS = st.lists(EPCS, unique=True, **LISTS)
ILMD = objects({}, {"cbvmda:lotNumber": _SERIALS.map("LOT-{}".format)})


def events(kind, required, optional=None):
    """Events of a type, also under its CURIE and its URI."""
    spelled = st.sampled_from([kind, f"epcis:{kind}", f"https://ref.gs1.org/epcis/{kind}"])
    always = {"type": spelled, **ALWAYS, **required}
    some = {**COMMON, **(optional or {})}
    return objects(always, {name: each for name, each in some.items() if name not in always})


EVENTS = st.one_of(
    events(
        "ObjectEvent",
        {"action": st.just("ADD"), "epcList": st.lists(EPCS, unique=True, max_size=3)},
        {"quantityList": QUANTITIES, "ilmd": ILMD},
    ),
    events("ObjectEvent", {"action": ACTIONS, "quantityList": QUANTITIES}),
    events(
        "AggregationEvent",
        {"action": ACTIONS, "parentID": EPCS, "childEPCs": st.lists(EPCS, **LISTS)},
        {"childQuantityList": QUANTITIES},
    ),
    events(
        "AssociationEvent", {"action": ACTIONS, "parentID": EPCS, "childQuantityList": QUANTITIES}
    ),
    events(
        "TransactionEvent",
        {"action": ACTIONS, "epcList": SET_OF_EPCS, "bizTransactionList": TRANSACTIONS},
        {"parentID": EPCS, "quantityList": QUANTITIES},
    ),
    events(
        "TransformationEvent",
        {"inputEPCList": SET_OF_EPCS, "outputQuantityList": QUANTITIES},
        {"ilmd": ILMD, "inputQuantityList": QUANTITIES, "transformationID": URIS},
    ),
    events("ObjectEvent", {"action": ACTIONS, "epcList": SET_OF_EPCS}).map(
        lambda event: event | {"type": "https://acme.example/CountEvent"}
    ),
)
# Told by what they mean: words of the vocabularies, in codes of ours.
TOLD_OTHERWISE = (
    "type", "action", "bizStep", "disposition", "reason", "exception", "eventTimeZoneOffset",
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS)
def test_any_valid_event_maps_and_nothing_of_it_is_lost(event):
    """A field that a mapping forgets is gone for everybody behind the door."""
    event = orjson.loads(orjson.dumps(event))
    (mapped,) = EPCIS.map(epcis(event))
    missed = lost(event, mapped)
    own = [path for path in missed if not path.endswith(TOLD_OTHERWISE)]
    assert own == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENTS, min_size=2, max_size=3), st.data())
def test_one_event_that_loses_what_it_must_have_refuses_its_document(some, data):
    """By the path of what it lost."""
    broken = data.draw(st.integers(0, len(some) - 1))
    field = data.draw(st.sampled_from(["type", "eventTime", "eventTimeZoneOffset"]))
    some[broken] = {name: value for name, value in some[broken].items() if name != field}
    with pytest.raises(Rejected) as refused:
        EPCIS.map(epcis(*orjson.loads(orjson.dumps(some))))
    assert str(refused.value) == f"epcisBody.eventList[{broken}].{field}: is required"
