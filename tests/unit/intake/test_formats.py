"""What sources send becomes our events: what is mapped, and what is refused by its field."""

import copy
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.supply import Classifier, Family, Milestone
from services.chassis.errors import Rejected
from services.intake.formats import ALL
from tests.fakes_intake import example, ticket

EPCIS, DCSA = ALL["epcis"], ALL["dcsa"]


def epcis_event(**changes):
    """A small valid EPCIS event; None takes a field away."""
    event = {
        "eventID": "urn:uuid:1",
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": "2026-11-20T07:00:12.000Z",
        "eventTimeZoneOffset": "+05:30",
        "epcList": ["urn:epc:id:sscc:9521321.0000004711"],
        **changes,
    }
    return {name: value for name, value in event.items() if value is not None}


def epcis(*events):
    """A document of them."""
    document = example("sources/epcis/inbound-receipt.json")
    document["epcisBody"]["eventList"] = list(events)
    return document


def dcsa(**changes):
    """The example of a carrier's event, changed; None takes a field away."""
    event = {**example("sources/dcsa/vessel-arrival-estimate.json"), **changes}
    return {name: value for name, value in event.items() if value is not None}


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


def test_a_carriers_estimate_is_mapped_with_its_reason_and_remark():
    """The remark is free text for a model, the reason a code that needs none."""
    (found,) = DCSA.map(example("sources/dcsa/vessel-arrival-estimate.json"))
    event = found.event
    assert found.event_id == "8a0c1f0b-6f0e-4f6c-9a53-0b7a5f3c2d11"
    assert (event.source_code, event.milestone, event.classifier) == (
        "dcsa:TRANSPORT:ARRI",
        Milestone.ARRIVED,
        Classifier.ESTIMATED,
    )
    assert event.reason_code == "smdg:WEA"
    assert event.place.unlocode == "INNSA"
    assert event.text.startswith("Vessel waits outside Colombo")
    assert ("container", "MSKU4812093") in refs(event)
    assert ("booking", "ZZBKG20264711") in refs(event)


def grouped(kind, code, **more):
    """An event as DCSA 3.0 writes it."""
    return {
        "eventID": f"e-{code}",
        "eventRouting": {},
        "eventDateTime": "2026-01-20T18:00:00Z",
        "eventClassification": {
            "eventTypeCode": kind,
            "eventClassifierCode": "ACT",
            f"{kind.lower()}EventTypeCode": code,
        },
        "equipmentDetails": {"equipmentReference": "APZU4812090"},
        **more,
    }


def test_a_message_of_dcsa_3_becomes_its_events():
    """What a reefer measured, and a door that opened: condition events, with their values."""
    reefer = grouped(
        "REEFER",
        "MEAS",
        eventLocation={"locationName": "Cold store"},
        reeferDetails={
            "temperatureUnit": "CEL",
            "internalSetpointTemperature": -18.5,
            "temperatureProbeMeasurements": [{"measuredTemperatureValue": -12.25}],
            "measuredParameters": {"humidityPercentage": 75.0},
        },
    )
    doors = [grouped("IOT", "DETC", iotDetails={"iotEventCode": code}) for code in ("DRO", "LOC")]
    message = {"events": [reefer, *doors]}
    assert DCSA.recognise(message)
    measured, opened, moved = (each.event for each in DCSA.map(message))
    assert [(each.kind, each.value, each.uom) for each in measured.measurements] == [
        ("temperature", Decimal("-12.25"), "CEL"),
        ("temperature_setpoint", Decimal("-18.5"), "CEL"),
        ("humidity", Decimal("75.0"), "P1"),
    ]
    assert measured.place.facility == "Cold store"
    assert measured.family is opened.family is Family.CONDITION
    assert (opened.milestone, opened.source_code) == (Milestone.ALERT, "dcsa:IOT:DETC:DRO")
    assert moved.milestone is Milestone.OTHER  # a position is no alert


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"eventType": "PARTY"}, "eventType: must be one of TRANSPORT"),
        ({"eventType": None}, "eventType: must be one of TRANSPORT"),
        ({"transportEventTypeCode": None}, "transportEventTypeCode: is required"),
        ({"eventClassifierCode": "MAYBE"}, "eventClassifierCode: must be one of PLN, EST, ACT"),
        ({"eventDateTime": None}, "eventDateTime: is required"),
        ({"eventDateTime": 1764000000}, "eventDateTime: must be a string"),
        ({"eventID": ["x"]}, "eventID: must be a string"),
        ({"changeRemark": {"de": "Wetter"}}, "changeRemark: must be a string"),
        ({"references": "EQ"}, "references: must be an array"),
        (
            {"references": None, "documentReferences": None, "transportCall": None},
            "documentReferences: no reference at all: say what the event is about",
        ),
    ],
)
def test_a_broken_carriers_event_is_refused_by_its_field(change, said):
    """In its producer's words, not in ours."""
    with pytest.raises(Rejected, match=said):
        DCSA.map(dcsa(**change))
    with pytest.raises(Rejected, match=rf"\[1\]\.{said}"):
        DCSA.map([dcsa(), dcsa(**change)])


def test_an_unknown_code_is_other_and_kept():
    """A carrier's newer release must not stop its events."""
    (found,) = DCSA.map(dcsa(transportEventTypeCode="WARP"))
    assert (found.event.milestone, found.event.source_code) == (
        Milestone.OTHER,
        "dcsa:TRANSPORT:WARP",
    )


@pytest.mark.parametrize(
    ("format_name", "data", "said"),
    [
        ("sluice-ticket", {"revision": 1}, "ticket_id: Field required"),
        ("sluice-ticket", ticket(ticket_id=7), "ticket_id: Input should be a valid string"),
        ("sluice-ticket", ticket(ticket_id=""), "ticket_id: String should have at least 1"),
        ("sluice-ticket", ticket(ticket_id="x" * 201), "ticket_id: String should have at most 200"),
        ("sluice-ticket", ticket(revision=-1), "revision: Input should be greater than"),
        ("sluice-ticket", ticket(revision="one"), "revision: Input should be a valid integer"),
        ("sluice-ticket", ticket(message={"id": "m"}), "message.text: Field required"),
        (
            "sluice-ticket",
            ticket(updated_at="2026-01-01"),
            "updated_at: Input should have timezone",
        ),
        ("sluice-ticket", ticket(language="English!"), "language: String should match pattern"),
        ("sluice-ticket", ticket(tags=["a", 7]), "tags[1]: Input should be a valid string"),
        ("sluice-ticket", ticket(custom_fields={"meera@example.com": 1}), "custom_fields: Input"),
        ("sluice-ticket", [], "value: Input should be a valid dictionary"),
        ("sluice-ticket", None, "value: Input should be a valid dictionary"),
        ("sluice-supply", {"family": "order"}, "milestone: Field required"),
        ("epcis", [], "value: must be an EPCIS document or event"),
        ("epcis", None, "value: must be an EPCIS document or event"),
        ("dcsa", [], "value: is an empty array"),
        ("dcsa", {"events": []}, "value: is an empty array"),
        ("dcsa", ["x"], "[0]: must be a JSON object"),
        ("dcsa", None, "value: must be a JSON object"),
    ],
)
def test_what_is_no_event_of_the_format_is_refused_by_field_without_its_value(
    format_name, data, said
):
    """Values may be personal; even a mapping's keys are its producer's words."""
    with pytest.raises(Rejected) as caught:
        ALL[format_name].map(data)
    assert said in str(caught.value)
    assert "meera" not in str(caught.value)


def test_unknown_words_and_fields_do_no_harm():
    """Readers are tolerant: a producer may be upgraded before us."""
    (found,) = ALL["sluice-ticket"].map(ticket(status="snoozed", channel="fax", mood="blue"))
    assert (found.event.status.value, found.event.channel.value) == ("other", "other")


@pytest.mark.parametrize("name", ALL)
def test_every_format_recognises_its_own_examples_and_nobody_elses(name):
    """What structural detection of bare records rests on."""
    documents = {
        "sluice-ticket": [ticket(), example("support.ticket.received.v1/where-is-my-order.json")],
        "sluice-supply": [example("supply.event.received.v1/delayed-departure.json")],
        "epcis": [example("sources/epcis/inbound-receipt.json"), epcis_event()],
        "dcsa": [dcsa(), [dcsa()], {"events": [grouped("IOT", "DETC")]}],
    }
    for whose, written in documents.items():
        for document in written:
            assert ALL[name].recognise(document) == (whose == name)
    for odd in (None, [], {}, "x", 7, [None], {"events": None}, {"type": {}}, {"events": []}):
        assert not ALL[name].recognise(odd)


def test_mapping_leaves_the_document_as_it_was():
    """A handler may be asked twice for the same record."""
    for name, file in (
        ("epcis", "epcis/inbound-receipt"),
        ("dcsa", "dcsa/vessel-arrival-estimate"),
    ):
        document = example(f"sources/{file}.json")
        before = copy.deepcopy(document)
        ALL[name].map(document)
        assert document == before
