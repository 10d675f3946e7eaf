"""EPCIS 2.0: what a document's events are mapped to, and what is refused by its path."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.supply import Family, Milestone
from services.chassis.errors import Rejected
from services.intake.formats.epcis import FORMAT as EPCIS
from tests.fakes_intake import epcis, epcis_event, example


def refs(event):
    """As pairs."""
    return [(ref.type, ref.value) for ref in event.refs]


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
    assert (inspection.event.milestone, inspection.event.disposition) == (
        Milestone.INSPECTED,
        "damaged",
    )
    (quantity,) = inspection.event.quantities
    assert (quantity.value, quantity.uom) == (Decimal(24), "H87")
    assert refs(inspection.event)[0][0] == "lot"
    assert sensor.event.family is Family.CONDITION
    (reading,) = sensor.event.measurements
    assert (reading.kind, reading.minimum, reading.maximum, reading.mean) == (
        "temperature",
        Decimal("3.1"),
        Decimal("6.8"),
        Decimal("4.9"),
    )


def test_epcis_words_may_come_bare_as_a_curie_or_as_a_uri():
    """All three are in the standard's own examples."""
    words = ("receiving", "cbv:BizStep-receiving", "https://ref.gs1.org/cbv/BizStep-receiving")
    found = EPCIS.map(epcis(*(epcis_event(bizStep=word) for word in words)))
    assert {each.event.milestone for each in found} == {Milestone.RECEIVED}


def test_a_word_of_ones_own_is_other_and_kept():
    """A URI outside the vocabulary is allowed, and its words stay readable."""
    (found,) = EPCIS.map(epcis(epcis_event(bizStep="https://acme.example/steps/kiln-firing")))
    assert found.event.milestone is Milestone.OTHER
    assert found.event.source_code == "epcis:ObjectEvent:OBSERVE:kiln-firing"


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
    assert retraction.event.reason_code == "epcis:incorrect_data"


def test_an_epcis_event_without_an_id_or_a_thing_is_about_its_place():
    """Both are optional in the standard."""
    event = epcis_event(
        eventID=None,
        epcList=None,
        sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 3}]}],
        readPoint={"id": "urn:epc:id:sgln:9521321.00001.0"},
    )
    (found,) = EPCIS.map(event)
    assert found.event_id is None
    assert refs(found.event) == [("location", "urn:epc:id:sgln:9521321.00001.0")]


def test_a_long_epc_stays_unique():
    """Digital links may be longer than an id: cut, two of them would be one thing."""
    links = [f"https://id.example/01/09521321012344/21/{'9' * 200}{n}" for n in range(2)]
    (found,) = EPCIS.map(epcis(epcis_event(epcList=links)))
    values = {ref.value for ref in found.event.refs}
    assert len(values) == 2
    assert max(map(len, values)) <= 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": None}, "eventList[1].type: is required"),
        ({"type": "PartyEvent"}, "eventList[1].type: must be one of ObjectEvent"),
        ({"type": 7}, "eventList[1].type: must be a string"),
        ({"eventTime": None}, "eventList[1].eventTime: is required"),
        ({"eventTime": "today"}, "eventList[1].eventTime: must be an RFC 3339 time"),
        ({"eventTime": "2026-11-20T07:00:12"}, "eventList[1].eventTime: must have an offset"),
        ({"eventTimeZoneOffset": None}, "eventList[1].eventTimeZoneOffset: is required"),
        ({"eventTimeZoneOffset": "+15:00"}, "eventList[1].eventTimeZoneOffset: must be like"),
        ({"action": None}, "eventList[1].action: is required"),
        ({"action": "LOOK"}, "eventList[1].action: must be one of OBSERVE, ADD, DELETE"),
        ({"bizStep": "munching"}, "eventList[1].bizStep: is no word of the CBV"),
        ({"disposition": "lost"}, "eventList[1].disposition: is no word of the CBV"),
        ({"epcList": None}, "eventList[1].epcList: one of epcList"),
        ({"epcList": "urn:x"}, "eventList[1].epcList: must be an array"),
        ({"epcList": [7]}, "eventList[1].epcList[0]: must be a string"),
        ({"epcList": ["urn:x"] * 1001}, "eventList[1].epcList: 1001 references, at most 1000"),
        ({"type": "AggregationEvent", "action": "ADD"}, "eventList[1].parentID: is required"),
        ({"type": "TransactionEvent"}, "eventList[1].bizTransactionList: is required"),
        ({"type": "TransformationEvent"}, "eventList[1].inputEPCList: inputs and outputs"),
        ({"quantityList": [{"quantity": 1}]}, "eventList[1].quantityList[0].epcClass: is required"),
        (
            {"quantityList": [{"epcClass": "urn:x", "quantity": "many"}]},
            "eventList[1].quantityList[0].quantity: must be a number",
        ),
        (
            {"quantityList": [{"epcClass": "urn:x", "quantity": "NaN"}]},
            "eventList[1].quantityList[0].quantity: must be a finite number",
        ),
        ({"errorDeclaration": {}}, "errorDeclaration.declarationTime: is required"),
        ({"bizTransactionList": ["PO-1"]}, "bizTransactionList[0]: must be a JSON object"),
    ],
)
def test_a_broken_epcis_event_refuses_its_document_by_the_fields_path(change, said):
    """The whole or nothing: half a document would look complete."""
    with pytest.raises(Rejected) as caught:
        EPCIS.map(epcis(epcis_event(), epcis_event(**change)))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"@context": None}, "@context: is required"),
        ({"schemaVersion": None}, "schemaVersion: is required"),
        ({"creationDate": None}, "creationDate: is required"),
        ({"epcisBody": None}, "epcisBody: is required"),
        ({"epcisBody": {"eventList": []}}, "epcisBody.eventList: is empty"),
        ({"epcisBody": {"eventList": {}}}, "epcisBody.eventList: must be an array"),
        ({"epcisBody": []}, "epcisBody: must be a JSON object"),
        ({"type": "EPCISMasterDataDocument"}, "type: must be EPCISDocument or one of"),
    ],
)
def test_a_broken_epcis_document_is_refused(change, said):
    """Each by its own field."""
    document = {**epcis(epcis_event()), **change}
    with pytest.raises(Rejected, match=said.replace("[", r"\[")):
        EPCIS.map({name: value for name, value in document.items() if value is not None})


def test_a_query_result_and_a_capture_of_one_are_documents_too():
    """EPCIS 2.0 §8.2.7 and the capture interface's `event`."""
    query = {
        "@context": ["x"],
        "type": "EPCISQueryDocument",
        "epcisBody": {"queryResults": {"resultsBody": {"eventList": [epcis_event()]}}},
    }
    capture = epcis()
    capture["epcisBody"] = {"event": epcis_event()}
    for document in (query, capture):
        assert EPCIS.recognise(document)
        assert [each.event_id for each in EPCIS.map(document)] == ["urn:uuid:1"]
