"""EPCIS 2.0: what a document's events are mapped to."""

import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.supply import Correction, Family, Milestone
from services.intake.formats.epcis import FORMAT as EPCIS
from tests.fakes_intake import epcis, epcis_event, example


def refs(event):
    """As pairs."""
    return [(ref.type, ref.value) for ref in event.refs]


def one(**changes):
    """The only event of a document."""
    (found,) = EPCIS.map(epcis(epcis_event(**changes)))
    return found.event


def test_an_epcis_document_becomes_its_events_in_their_order():
    """A receipt, an inspection, a sensor's window: each with what later services need of it."""
    receipt, inspection, sensor = EPCIS.map(example("sources/epcis/inbound-receipt.json"))
    assert (
        receipt.event_id
        == receipt.event.event_id
        == "urn:uuid:5f0c6a0e-8b1d-4a55-9f7e-3b1c2d4e5f60"
    )
    assert receipt.event.milestone is Milestone.RECEIVED
    assert receipt.event.family is Family.VISIBILITY
    # A purchase order's number is the buyer's own, without the URN it travels in.
    assert refs(receipt.event)[:2] == [("po", "PO-4698"), ("asn", "ASN-20931")]
    assert receipt.event.occurred_at == datetime(2026, 11, 20, 7, 0, 12, tzinfo=UTC)
    assert receipt.event.occurred_at.utcoffset() == timedelta(hours=5, minutes=30)
    assert (inspection.event.milestone, inspection.event.disposition) == (
        Milestone.INSPECTED,
        "damaged",
    )
    (quantity,) = inspection.event.quantities
    assert (quantity.value, quantity.uom, quantity.of.type) == (Decimal(24), "H87", "lot")
    assert refs(inspection.event)[0][0] == "lot"
    assert sensor.event.family is Family.CONDITION
    (reading,) = sensor.event.measurements
    assert (reading.kind, reading.minimum, reading.maximum, reading.mean) == (
        "temperature",
        Decimal("3.1"),
        Decimal("6.8"),
        Decimal("4.9"),
    )
    assert reading.end - reading.start == timedelta(hours=6)
    assert reading.device == "urn:epc:id:giai:9521321.logger-17"


@pytest.mark.parametrize(
    "word",
    [
        "receiving",
        "cbv:BizStep-receiving",
        "https://ref.gs1.org/cbv/BizStep-receiving",
        "https://ns.gs1.org/cbv/BizStep-receiving",
        "urn:epcglobal:cbv:bizstep:receiving",
    ],
)
def test_a_word_is_the_same_however_it_is_spelled(word):
    """All of them travel: bare, CURIE, web URI, and the URN of CBV 1.x."""
    event = one(bizStep=word)
    assert event.milestone is Milestone.RECEIVED
    assert event.source_code == "epcis:ObjectEvent:OBSERVE:receiving"
    assert event.source_milestone is None


def test_a_prefix_that_the_document_binds_to_the_vocabulary_is_the_vocabulary():
    """And the standard's own prefix cannot be bound to something else."""
    document = epcis(epcis_event(bizStep="c:BizStep-receiving"))
    document["@context"] = [{"c": "https://ref.gs1.org/cbv/"}]
    assert EPCIS.map(document)[0].event.milestone is Milestone.RECEIVED
    document = epcis(epcis_event(bizStep="cbv:BizStep-receiving"))
    document["@context"] = [{"cbv": "https://acme.example/"}]
    assert EPCIS.map(document)[0].event.milestone is Milestone.RECEIVED


def test_a_word_of_ones_own_is_other_and_kept():
    """Also where it ends like one of the vocabulary: it is somebody else's."""
    event = one(
        bizStep="https://acme.example/steps/shipping",
        disposition="https://acme.example/states/damaged",
    )
    assert event.milestone is Milestone.OTHER
    assert event.source_milestone == "https://acme.example/steps/shipping"
    assert event.source_code == "epcis:ObjectEvent:OBSERVE:other"
    assert event.disposition == "other"
    assert event.source_disposition == "https://acme.example/states/damaged"


def test_an_event_of_ones_own_type_is_kept_with_its_type():
    """§7.4.1: a URI, not one of the five."""
    event = one(type="https://acme.example/CountEvent", epcList=["urn:epc:id:sscc:9521321.1"])
    assert event.source_code == "epcis:other:OBSERVE:-"
    assert event.source_milestone == "https://acme.example/CountEvent"
    assert event.custom_fields["type"] == "https://acme.example/CountEvent"


def test_an_error_declaration_retracts_an_event_and_is_an_event_of_its_own():
    """It repeats the id of what it retracts: with the same case id it would never be decided."""
    declared = epcis_event(
        errorDeclaration={
            "declarationTime": "2026-11-21T00:00:00Z",
            "reason": "urn:epcglobal:cbv:er:incorrect_data",
        }
    )
    first, retraction = EPCIS.map(epcis(epcis_event(), declared))
    assert first.event_id == "urn:uuid:1"
    assert retraction.event_id == "urn:uuid:1#error-2026-11-21T00:00:00+00:00"
    assert retraction.event.corrects == "urn:uuid:1"
    assert retraction.event.correction is Correction.RETRACTED
    assert retraction.event.reason_code == "epcis:incorrect_data"


def test_an_event_without_an_id_is_called_by_what_it_says():
    """CBV §8.9: the same event is one, whatever the order of its fields and lists."""
    first, retraction = EPCIS.map(example("sources/epcis/error-declared.json"))
    assert retraction.event.corrects == first.event_id
    assert retraction.event_id != first.event_id
    document = example("sources/epcis/error-declared.json")
    event = copy.deepcopy(document["epcisBody"]["eventList"][0])
    turned = dict(reversed(event.items())) | {"epcList": event["epcList"][::-1]}
    again = EPCIS.map(turned | {"recordTime": "2026-11-22T00:00:00Z"})[0]
    assert again.event_id == first.event_id
    another = EPCIS.map(event | {"epcList": event["epcList"][:1]})[0]
    assert another.event_id != first.event_id


def test_an_epcis_event_without_a_thing_is_about_its_place():
    """A sensor on a wall knows nothing but where it hangs."""
    event = one(
        epcList=None,
        sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 3}]}],
        readPoint={"id": "urn:epc:id:sgln:9521321.00001.0"},
    )
    assert refs(event) == [("location", "urn:epc:id:sgln:9521321.00001.0")]
    assert event.place.gln == "9521321000018"
    assert event.milestone is Milestone.MEASURED
    (reading,) = event.measurements
    assert reading.at == event.occurred_at


def test_a_device_that_is_out_of_order_needs_no_type():
    """It measures nothing; that it says so is not lost, and calls somebody as any alarm does."""
    event = one(
        sensorElementList=[
            {"sensorReport": [{"exception": "gs1:ERROR_CONDITION", "uriValue": "urn:acme:A827"}]}
        ]
    )
    (reading,) = event.measurements
    assert (reading.kind, reading.source_kind, reading.alert) == ("other", None, "error")
    assert "urn:acme:A827" in str(event.custom_fields)


def test_readings_keep_their_times_and_what_the_device_alarms_of():
    """A window of readings; an alarm; what is measured by nobody's standard."""
    window, alarm = EPCIS.map(example("sources/epcis/cold-chain-window.json"))
    assert [reading.value for reading in window.event.measurements] == [
        Decimal(each) for each in ("4.6", "5.1", "11.8", "12.4", "12.1", "7.2")
    ]
    assert len({reading.at for reading in window.event.measurements}) == 6
    assert window.event.milestone is Milestone.MEASURED
    assert (window.event.place.latitude, window.event.place.longitude) == (
        Decimal("18.9490"),
        Decimal("72.9525"),
    )
    assert alarm.event.milestone is Milestone.ALERT
    temperature, humidity, other = alarm.event.measurements
    assert (temperature.kind, temperature.alert) == ("temperature", "alarm")
    assert (humidity.kind, humidity.alert) == ("humidity", None)
    assert (other.kind, other.source_kind) == (
        "other",
        "https://acme.example/measures/VibrationIndex",
    )


def test_the_five_types_name_all_that_they_speak_of():
    """Inputs and outputs, parents and children, parties, lots, documents of one's own."""
    made, packed, tied, ordered, inspected = (
        each.event for each in EPCIS.map(example("sources/epcis/production-and-packing.json"))
    )
    lots = [(ref.value, ref.role) for ref in made.refs if ref.type == "lot"]
    assert lots == [
        ("https://id.acme.example/01/09521321012348/10/LOT-7B02", "output"),
        ("urn:epc:class:lgtin:9521321.011111.RAW-88", "input"),
        ("LOT-7B02", None),
    ]
    assert made.persistent_dispositions == ("completeness_verified",)
    assert made.custom_fields["ilmd.acme:shift"] == "B"
    assert made.custom_fields["persistentDisposition.unset"] == '["completeness_inferred"]'
    assert ("gtin", "09521321012348") in refs(made)
    assert [(ref.type, ref.role) for ref in packed.refs[:2]] == [
        ("sscc", "parent"),
        ("lot", "child"),
    ]
    assert tied.milestone is Milestone.AGGREGATED
    assert ("asset", "urn:epc:id:grai:9521321.55555.17") in refs(tied)
    documents = {ref.type: ref for ref in ordered.refs}
    assert documents["po"].value == "PO-4711"
    assert documents["other"].source_type == "https://acme.example/documents/call-off"
    parties = [(ref.role, ref.source_type) for ref in ordered.refs if ref.type == "party"]
    assert parties == [
        ("source", "possessing_party"),
        ("destination", "owning_party"),
        ("destination", "acme:carrier"),
    ]
    assert ordered.custom_fields["acme:priority"] == "express"
    assert inspected.disposition == "non_conformant"


def test_a_query_result_a_capture_of_one_and_an_event_are_documents_too():
    """§8.2.7, the capture interface's `event`, and an event alone, without context, too."""
    capture = epcis()
    capture["epcisBody"] = {"event": epcis_event()}
    for document, event_id in (
        (
            example("sources/epcis/query-result.json"),
            "urn:uuid:3b1d44a6-0a77-45f4-9a3e-0c2ef0b9d310",
        ),
        (capture, "urn:uuid:1"),
        (epcis_event(), "urn:uuid:1"),
    ):
        assert EPCIS.recognise(document)
        assert [each.event_id for each in EPCIS.map(document)] == [event_id]


def test_a_long_epc_stays_unique():
    """Digital links may be longer than an id: cut, two of them would be one thing."""
    links = [f"https://id.example/01/09521321012344/21/{'9' * 200}{n}" for n in range(2)]
    values = {ref.value for ref in one(epcList=links).refs if ref.type == "serial"}
    assert len(values) == 2
    assert max(map(len, values)) <= 200
