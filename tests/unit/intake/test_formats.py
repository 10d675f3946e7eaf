"""Formats together: what each refuses by field, and which document is whose."""

import copy

import pytest

from services.chassis.errors import Rejected
from services.intake.formats import ALL
from tests.fakes_intake import EXAMPLES, dcsa, epcis_event, example, grouped, ticket


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
    for path in sorted((EXAMPLES / "sources").glob("*/*")):
        documents.setdefault(path.parent.name, []).append(example(str(path.relative_to(EXAMPLES))))
    for whose, written in documents.items():
        # A mail may be a ticket or a notice: the topic tells, before anybody looks at a shape.
        if ALL[whose].topic == ALL[name].topic:
            for document in written:
                assert ALL[name].recognise(document) == (whose == name)
    for odd in (None, [], {}, 7, [None], {"events": None}, {"type": {}}, {"events": []}):
        assert not ALL[name].recognise(odd)
    assert ALL[name].recognise("x") == (name == "notice")


def test_mapping_leaves_the_document_as_it_was():
    """A handler may be asked twice for the same record."""
    for file in sorted((EXAMPLES / "sources").glob("*/*.json")):
        name = file.parent.name
        document = example(str(file.relative_to(EXAMPLES)))
        before = copy.deepcopy(document)
        ALL[name].map(document)
        assert document == before
