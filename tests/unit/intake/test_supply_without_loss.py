"""Whatever valid document a carrier or a supplier sends: it becomes events, and nothing is lost."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.formats import ALL
from tests.fakes_intake import EXAMPLES, example
from tests.shapes import documents, lost


def always(paths, under=""):
    """What an event cannot be without, by paths in a line."""
    return frozenset(f"{under}{path}" for path in paths.split())


GROUPED = always(
    "eventRouting eventID eventDateTime eventUpdatedDateTime eventClassification"
    " eventClassification.eventTypeCode eventClassification.eventClassifierCode"
    " eventClassification.transportEventTypeCode eventClassification.reeferEventTypeCode"
    " eventClassification.iotEventTypeCode isRetracted equipmentDetails"
    " equipmentDetails.equipmentReference shipmentDetails shipmentDetails.documentReference"
    " shipmentDetails.documentReference.typeCode shipmentDetails.documentReference.reference",
    under="events.",
)
SIDE_BY_SIDE = always(
    "eventType eventClassifierCode eventDateTime eventCreatedDateTime transportEventTypeCode"
    " shipmentEventTypeCode equipmentEventTypeCode documentReferences"
    " documentReferences.documentReferenceValue references references.referenceValue"
)
CLASSIFIERS = st.sampled_from(["PLN", "EST", "ACT"])
DEGREES = st.integers(-80, 80).map(lambda n: n + 0.125)
DEGREES_WRITTEN = DEGREES.map(str)

# Per source: what may stand where a vocabulary is closed, and what is always there.
SOURCES = {
    "dcsa": (
        {
            "eventClassifierCode": CLASSIFIERS,
            "events.eventClassification.eventClassifierCode": CLASSIFIERS,
            "events.iotDetails.iotEventCode": st.sampled_from(["DRO", "DRC", "LOC"]),
            "shipmentEventTypeCode": st.sampled_from(["REJE", "DRFT", "CANC", "CONF"]),
            "events.reeferDetails.temperatureUnit": st.sampled_from(["CEL", "FAH"]),
            **{
                f"events.reeferDetails.{name}": DEGREES
                for name in (
                    "internalSetpointTemperature",
                    "ambientMeasuredTemperature",
                    "temperatureProbeMeasurements.measuredTemperatureValue",
                    "measuredParameters.humidityPercentage",
                )
            },
            "events.isRetracted": st.just(True),  # noqa: FBT003 - what it is
            "eventLocation.UNLocationCode": st.sampled_from(["INNSA", "nowhere7q"]),
            "transportCall.UNLocationCode": st.sampled_from(["INNSA", "nowhere7q"]),
            "eventLocation.latitude": DEGREES_WRITTEN,
            "eventLocation.longitude": DEGREES_WRITTEN,
            "events.eventLocation.geoCoordinate.latitude": DEGREES_WRITTEN,
            "events.eventLocation.geoCoordinate.longitude": DEGREES_WRITTEN,
        },
        SIDE_BY_SIDE | GROUPED | {"events"},
    ),
    "project44": (
        {
            "mode": st.sampled_from(["TL", "LTL", "OCEAN", "AIR", "RAIL", "PARCEL", "DRAY"]),
            "source": st.sampled_from(["CARRIER_EDI", "CARRIER_API", "TELEMATICS", "MANUAL"]),
            "severity": st.sampled_from(["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
            "position.speedUnit": st.sampled_from(["MPH", "KPH"]),
            "position.latitude": DEGREES,
            "position.longitude": DEGREES,
            "position.heading": DEGREES,
            "position.speed": DEGREES,
        },
        always(
            "eventId eventTimestamp shipmentId statusCode previousEta newEta exceptionCode"
            " position position.latitude position.longitude deliveryDatetime"
        ),
    ),
    "edi": (
        {
            "statuses.location.unlocode": st.sampled_from(["DEHAM", "USDAL"]),
            "statuses.code": st.sampled_from(["1", "18", "24", "86"]),
            "statuses.text": st.lists(st.just("t7q"), max_size=2),
            "standard": st.just("EDIFACT"),
            "message": st.just("IFTSTA"),
        },
        always(
            "standard message statuses statuses.code statuses.at references references.qualifier"
            " references.value"
        ),
    ),
    "notice": (
        {
            "language": st.sampled_from(["en", "hi-Latn"]),
            "references.type": st.sampled_from(["po", "sku", "container"]),
        },
        always("text supplier references.type references.value"),
    ),
}
CODES = ("eventType", "TypeCode", "iotEventCode")


def as_it_is(shape, at=""):
    """The words of a document that make it what it is: its types and their codes."""
    found = {}
    if isinstance(shape, dict):
        for name, child in shape.items():
            path = f"{at}.{name}".lstrip(".")
            if isinstance(child, str) and name.endswith(CODES) and not path.endswith("typeCode"):
                found.setdefault(path, st.just(child))
            found |= as_it_is(child, path)
    if isinstance(shape, list) and len(shape) == 1:
        found |= as_it_is(shape[0], at)
    return found


def shapes_of(name):
    """The examples, one event each: an event's words are its own."""
    for path in sorted((EXAMPLES / "sources" / name).glob("*.json")):
        shape = example(str(path.relative_to(EXAMPLES)))
        match shape:
            case list():
                yield from ([each] for each in shape)
            case {"events": list(events)}:
                yield from ({"events": [each]} for each in events)
            case {"statuses": list(statuses)}:
                yield from ({**shape, "statuses": [each]} for each in statuses)
            case _:
                yield shape


SHAPES = {name: list(shapes_of(name)) for name in SOURCES}


def parts_of(document):
    """What each event was made of; what is said of all of them is said of each."""
    if isinstance(document, list):
        return document
    return document.get("events") or [document]


@st.composite
def valid(draw):
    """A valid document of some source, and the source's name."""
    name = draw(st.sampled_from(sorted(SOURCES)))
    shape = draw(st.sampled_from(SHAPES[name]))
    words, required = SOURCES[name]
    return name, draw(documents(shape, {**as_it_is(shape), **words}, required))


# Told by what they mean: the words of closed vocabularies, in codes of ours.
TOLD_OTHERWISE = (
    *("eventType", "eventTypeCode", "eventClassifierCode", "EventTypeCode", "iotEventCode"),
    *("standard", "message"),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(valid())
def test_any_valid_document_maps_and_nothing_of_it_is_lost(given_):
    """A field that a mapping forgets is gone for everybody behind the door."""
    name, document = given_
    document = orjson.loads(orjson.dumps(document))
    found = ALL[name].map(document)
    parts = parts_of(document)
    assert len(found) == len(parts)
    for part, mapped in zip(parts, found, strict=True):
        missed = lost(part, mapped, frozenset({"estimated"}))
        assert [path for path in missed if not path.endswith(TOLD_OTHERWISE)] == []


@pytest.mark.parametrize("name", SOURCES)
def test_the_loss_of_a_field_is_found(name):
    """Else the test above could not fail."""
    for shape in SHAPES[name]:
        (part,), (mapped,) = parts_of(shape), ALL[name].map(shape)
        if mapped.event.custom_fields:
            bare = mapped.event.model_copy(update={"custom_fields": {}})
            assert lost(part, replace(mapped, event=bare)) != []
            return
    raise AssertionError(f"{name}: no example has more than our fields take")
