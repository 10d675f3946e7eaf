"""Supplier notices: text, mail, portal; and the numbers that a text names."""

from datetime import UTC, datetime

import pytest

from services.chassis.errors import Rejected
from services.intake.domain.mentions import mentioned
from services.intake.formats.notice import FORMAT as NOTICE
from tests.fakes_intake import SUPPLY, cloud, example, record


def refs(event):
    """As pairs."""
    return [(ref.type, ref.value) for ref in event.refs]


def test_a_portals_notice_keeps_its_fields_and_names_what_its_text_names():
    """What the portal knows stands first."""
    (found,) = NOTICE.map(example("sources/notice/portal.json"))
    event = found.event
    assert found.event_id == "portal-20261119-42"
    assert refs(event) == [
        ("sku", "CUP-350-BLUE"),
        ("supplier", "SUP-208"),
        ("po", "PO-4711"),
        ("container", "MSKU4812097"),
        ("lot", "55-B"),
    ]
    assert event.text.startswith("Order PO-4711\n\nBecause of a broken kiln")
    assert event.language == "en"
    assert event.custom_fields["portal"] == '{"form":"delay","region":"EU"}'


def test_a_mail_is_a_notice_of_its_sender_without_what_it_quotes():
    """The same reader as for tickets: words decoded, quotation and signature cut."""
    (found,) = NOTICE.map(example("sources/notice/quality-mail.eml"))
    assert found.event_id.startswith("20261120081240.4711@mail.keramik.example#")
    assert refs(found.event) == [
        ("supplier", "qa@keramik.example"),
        ("po", "4698"),
        ("lot", "LOT-7A31"),
    ]
    assert found.event.text.startswith("Rückruf LOT-7A31, purchase order 4698")
    assert found.event.text.endswith("We will collect it at our cost.")
    assert found.event.occurred_at == datetime(2026, 11, 20, 7, 12, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "sent",
    [
        record(
            example("sources/notice/plain.txt").encode(),
            topic=SUPPLY,
            headers=(("content-type", b"text/plain; charset=utf-8"),),
        ),
        record(
            example("sources/notice/plain.txt").encode(),
            topic=SUPPLY,
            headers=(
                ("content-type", b"text/plain"),
                *cloud("com.acme.notice", "/notices/acme", "n-1")[1:],
            ),
        ),
        record(
            {
                "specversion": "1.0",
                "id": "n-1",
                "source": "/notices/acme",
                "type": "com.acme.notice",
                "datacontenttype": "text/plain",
                "data": example("sources/notice/plain.txt"),
            },
            topic=SUPPLY,
            headers=(("content-type", b"application/cloudevents+json"),),
        ),
        record(example("sources/notice/plain.txt"), topic=SUPPLY, headers=()),
    ],
    ids=["bare", "binary", "structured", "json string"],
)
def test_plain_text_is_a_notice_however_it_is_wrapped(door, sent):
    """It says no time: then it happened when it came."""
    case = door.case(sent)
    assert case.supply.family == "notice"
    assert case.subject == "acme|po:PO-4712"
    assert "Kalenderwoche 49" in case.text
    assert case.occurred_at == case.origin.timestamp


def test_the_sender_of_a_notice_is_hashed(door):
    """A supplier's address is a person's."""
    raw = example("sources/notice/quality-mail.eml")
    headers = (
        ("content-type", b"message/rfc822"),
        *cloud("com.acme.notice", "/notices/acme", "n-2")[1:],
    )
    case = door.case(record(raw, topic=SUPPLY, headers=headers))
    assert "keramik" not in case.model_dump_json()
    assert case.supply.refs[0].value.startswith("h-")


def test_a_text_that_names_nothing_is_about_itself():
    """The same text is the same subject."""
    first, again = (NOTICE.map("We are closed on Friday.")[0] for _ in range(2))
    assert first.event.refs == again.event.refs
    assert first.event.refs[0].type == "document"
    assert first.event_id is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PO-4711, PO 4711 and PO#4712", [("po", "PO-4711"), ("po", "PO-4712")]),
        ("order no. A-17/B", [("po", "A-17")]),
        ("Purchase order: 4698", [("po", "4698")]),
        ("purchase order PO-4698", [("po", "PO-4698")]),
        ("SO-48213 in SH-INBOM-88120", [("so", "SO-48213"), ("shipment", "SH-INBOM-88120")]),
        ("MSKU4812097 and MSKU4812093", [("container", "MSKU4812097")]),
        ("MSKU 481209-7", [("container", "MSKU4812097")]),
        ("lot LOT-7A31, batch 55-B", [("lot", "LOT-7A31"), ("lot", "55-B")]),
        ("SSCC 095213210000047112", [("sscc", "095213210000047112")]),
        ("SSCC 095213210000047113", []),
        ("in order to help, PO box, batches of ten, lot of work", []),
        ("SO wichtig, PO Box", []),
        ("", []),
    ],
)
def test_numbers_count_where_the_text_says_what_they_are(text, found):
    """Nothing is inferred: an id that is not there would join somebody else's order."""
    assert mentioned(text) == found


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"supplier": "SUP-1"}, "text: is required"),
        ({"supplier": "SUP-1", "text": " "}, "text: is empty"),
        ("", "text: is empty"),
        ({"text": "x", "sent_at": "today"}, "sent_at: must be an RFC 3339 time"),
        ({"text": "x", "language": "Deutsch bitte"}, "language: must be a BCP 47 tag"),
        ({"text": "x", "references": [{"type": "po"}]}, "references[0].value: is required"),
        (
            {"text": "x", "references": [{"type": "purchase", "value": "1"}]},
            "references[0].type: must be one of po, so",
        ),
        ([], "value: must be a text"),
        (None, "value: must be a text"),
    ],
)
def test_a_broken_notice_is_refused_by_its_field(data, said):
    """In the words of its form."""
    with pytest.raises(Rejected) as caught:
        NOTICE.map(data)
    assert str(caught.value).startswith(said)
