"""X12 214 and EDIFACT IFTSTA as decoded JSON."""

from datetime import UTC, datetime

import pytest

from schemas.supply import Classifier, Milestone
from services.chassis.errors import Rejected
from services.intake.formats import edi_codes
from services.intake.formats.edi import FORMAT as EDI
from tests.fakes_intake import example


def message(name="x12-214", **changes):
    """An example, changed; None takes a field away."""
    made = {**example(f"sources/edi/{name}.json"), **changes}
    return {name: value for name, value in made.items() if value is not None}


def status(**changes):
    """A message with one status, changed."""
    first = {**example("sources/edi/x12-214.json")["statuses"][0], **changes}
    return message(statuses=[{name: value for name, value in first.items() if value is not None}])


def test_a_214_becomes_an_event_for_each_of_its_statuses():
    """With what the message says of all of them."""
    late, expected = EDI.map(message())
    assert late.event_id == "ZZFX/000000123/0001/0"
    assert (late.event.source_code, late.event.reason_code) == ("x12:214:SD", "x12:AI")
    assert late.event.milestone is Milestone.OTHER
    assert late.event.text == "TRACTOR BROKE DOWN\nREPLACEMENT EXPECTED TONIGHT"
    assert late.event.custom_fields == {"trading_partner": "acme-freight"}
    assert [(ref.type, ref.value) for ref in late.event.refs] == [
        ("po", "PO-4711"),
        ("bl", "ZZHBL20264713"),
        ("document", "771200431"),
        ("carrier", "ZZFX"),
    ]
    assert late.event.refs[2].source_type == "CN"
    assert expected.event.classifier is Classifier.ESTIMATED
    assert expected.event.milestone is Milestone.DELIVERED
    assert expected.event.new_time == datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert expected.event.occurred_at == datetime(2026, 11, 20, 15, 40, tzinfo=UTC)
    assert expected.event.place.unlocode == "USDAL"


def test_an_iftsta_speaks_recommendation_24_or_a_list_that_it_names():
    """A carrier's own code is kept, and nobody pretends to know it."""
    left, damaged, own = (each.event for each in EDI.map(message("edifact-iftsta")))
    assert (left.milestone, left.place.unlocode) == (Milestone.DEPARTED, "DEHAM")
    assert (damaged.disposition, damaged.reason_code) == ("damaged", "un-9013:14")
    assert (own.source_code, own.source_milestone) == ("ZZRAIL:HS", "HS")


def test_without_control_references_the_record_gives_the_id():
    """Two messages without numbers may say the same and mean it twice."""
    assert {each.event_id for each in EDI.map(message(reference=None))} == {None}


@pytest.mark.parametrize("codes", [edi_codes.X12, edi_codes.REC_24])
def test_what_a_code_means_is_a_word_of_ours(codes):
    """A typing mistake in a table would be `other` for ever."""
    for meaning in codes.values():
        assert meaning.milestone is None or Milestone(meaning.milestone) is not Milestone.OTHER


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (message(standard="TRADACOMS"), "standard: must be one of X12, EDIFACT"),
        (message(message="315"), "message: must be one of 214"),
        (message(statuses=[]), "statuses: is empty"),
        (message(statuses=None), "statuses: is empty"),
        (message(references=None, sender=None), "references: is empty"),
        (message(references=[{"value": "1"}]), "references[0].qualifier: is required"),
        (message(sent_at="yesterday"), "sent_at: must be an RFC 3339 time"),
        (status(code="QQ"), "statuses[0].code: is no status of X12"),
        (status(code=None), "statuses[0].code: is required"),
        (status(at=None), "statuses[0].at: is required, with its offset"),
        (status(at="2026-11-20T09:15:00"), "statuses[0].at: must have an offset"),
        (status(estimated="yes"), "statuses[0].estimated: must be true or false"),
        (status(text=["a", 7]), "statuses[0].text[1]: must be a string"),
        (
            status(location={"unlocode": "NOWHERE"}),
            "statuses[0].location.unlocode: is no UN/LOCODE",
        ),
    ],
)
def test_a_broken_message_is_refused_by_its_field(data, said):
    """The whole message: half of one would look complete."""
    with pytest.raises(Rejected) as caught:
        EDI.map(data)
    assert str(caught.value).startswith(said)
