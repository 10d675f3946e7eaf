"""`sluice map`: what a source's file becomes, said before anything is sent."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.chassis.identity import stable_id
from services.cli.main import cli
from services.intake.formats import ALL

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
SOURCES = EXAMPLES / "sources"
RECEIPT = SOURCES / "epcis" / "inbound-receipt.json"
TICKETS = EXAMPLES / "support.ticket.received.v1"


def said(*words: str | Path, given: bytes | None = None) -> Result:
    """The command in this process."""
    return CliRunner().invoke(cli, ["map", *map(str, words)], input=given)


def lines(*words: str | Path, given: bytes | None = None) -> list[dict]:
    """What --json prints, one document per line."""
    return [json.loads(line) for line in said(*words, "--json", given=given).stdout.splitlines()]


@pytest.mark.parametrize(
    "file", sorted(SOURCES.glob("*/*")), ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_every_example_of_every_source_maps(file) -> None:
    """They are what the documentation shows: exit code 0, each event with its case and subject."""
    done = said(file, "--as", file.parent.name, "--tenant", "acme", "--json")
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found
    for each in found:
        assert each["case_id"]
        assert each["event_id"]
        assert each["subject"].startswith("acme|")
        assert each["event"]


def test_every_format_has_examples() -> None:
    """A source that nobody can try before sending is half a source."""
    folders = {folder.name for folder in SOURCES.iterdir()}
    assert {name for name in ALL if not name.startswith("sluice-")} == folders


def test_a_document_says_each_event_with_its_place_in_it() -> None:
    """And the batch they share; ids are those that intake would give."""
    found = lines(RECEIPT, "--as", "epcis")
    assert [each["index"] for each in found] == [0, 1, 2]
    assert len({each["batch_id"] for each in found}) == 1
    events = json.loads(RECEIPT.read_bytes())["epcisBody"]["eventList"]
    assert [each["event_id"] for each in found] == [event["eventID"] for event in events]
    assert [each["case_id"] for each in found] == [
        str(stable_id("acme", "epcis", event["eventID"], n)) for n, event in enumerate(events)
    ]


def test_without_json_people_can_read_it() -> None:
    """The subject, the milestone, the reference and the whole text of a notice."""
    done = said(
        EXAMPLES / "supply.event.received.v1/late-supplier-notice.json", "--as", "suppliers"
    )
    assert done.exit_code == 0
    (text,) = lines(
        EXAMPLES / "supply.event.received.v1/late-supplier-notice.json", "--as", "suppliers"
    )
    for word in ("one document", "suppliers of acme", text["subject"], "milestone", "  text"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("source", "document", "reason", "detail"),
    [
        ("epcis", {"type": "EPCISDocument"}, "rejected", "@context: is required"),
        ("sluice-ticket", {"revision": 1}, "rejected", "ticket_id: Field required"),
        ("project44", {"eventId": "e"}, "rejected", "shipmentId: is required"),
        ("reviews", {"review": {}}, "rejected", "review.review_id: Field required"),
    ],
)
def test_what_intake_would_refuse_is_refused_with_the_field(
    tmp_path, source, document, reason, detail
) -> None:
    """Exit code 1, and the words that its dead letter would have."""
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(document))
    done = said(file, "--as", source)
    assert done.exit_code == 1
    assert f"broken.json  REFUSED ({reason})" in done.stdout
    assert detail in done.stdout
    (line,) = lines(file, "--as", source)
    assert line["refused"]["reason"] == reason
    assert detail in line["refused"]["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "CREATE"}, "action"),
        ({"action": None}, "action"),
        ({"eventTime": "22-07-2026"}, "eventTime"),
        ({"eventTime": None}, "eventTime"),
        ({"bizStep": "transforming"}, "bizStep"),
        ({"disposition": "in_transport"}, "disposition"),
        ({"epcList": None}, "epcList"),
        ({"quantityList": [{"epcClass": "urn:epc:idpat:x", "quantity": "ten"}]}, "quantity"),
        ({"ilmd": {"materialType": "soil"}}, "ilmd"),
        ({"type": "DanceEvent"}, "type"),
    ],
)
def test_an_event_that_its_standard_does_not_allow_is_refused_by_field(
    tmp_path, change, field
) -> None:
    """What the standard's own test resources hold as invalid, on a document of ours."""
    document = json.loads((SOURCES / "epcis" / "inbound-receipt.json").read_bytes())
    event = {**document["epcisBody"]["eventList"][0], **change}
    event = {name: value for name, value in event.items() if value is not None}
    document["epcisBody"]["eventList"] = [document["epcisBody"]["eventList"][1], event]
    file = tmp_path / "x.json"
    file.write_text(json.dumps(document))
    (line,) = lines(file, "--as", "epcis")
    assert line["refused"]["detail"].startswith("epcisBody.eventList[1]")
    assert field in line["refused"]["detail"].split(": ")[0]


def test_one_wrong_event_refuses_its_document_and_no_other(tmp_path) -> None:
    """As intake does: whole or not at all. The file beside it is accepted."""
    document = json.loads(RECEIPT.read_bytes())
    document["epcisBody"]["eventList"][1]["bizStep"] = "dancing"
    file = tmp_path / "half.json"
    file.write_text(json.dumps(document))
    done = said(file, RECEIPT, "--as", "epcis", "--brief")
    assert done.exit_code == 1
    assert "epcisBody.eventList[1].bizStep" in done.stdout
    assert "half.json[" not in done.stdout
    assert "inbound-receipt.json[2]" in done.stdout
    assert "documents: 2, refused: 1, events accepted: 3" in done.stderr


def test_what_is_no_json_is_undecodable(tmp_path) -> None:
    """By where it breaks; the text itself is not repeated."""
    file = tmp_path / "x.json"
    file.write_text('{"ticket_id": "T-1", "revision": meera@example.com}')
    done = said(file, "--as", "helpdesk")
    assert done.exit_code == 1
    assert "REFUSED (undecodable)" in done.stdout
    assert "value: not JSON in UTF-8, at character" in done.stdout
    assert "meera" not in done.stdout


def test_no_text_leaves_unmasked(tmp_path) -> None:
    """Neither in the text, nor in ids, nor in what no field takes; in no form of the output."""
    file = tmp_path / "ticket.json"
    file.write_text(
        json.dumps(
            {
                "ticket_id": "mail-from-meera@example.com",
                "revision": 1,
                "requester": {"id": "u-meera", "email": "meera@example.com"},
                "message": {"id": "m", "author_id": "meera@example.com",
                            "text": "I am meera@example.com, my card is 4111 1111 1111 1111"},
                "changed_by": "meera@example.com",
                "source_status": "waits for meera@example.com",
                "custom_fields": {"cc meera@example.com": "meera@example.com"},
                "tags": ["meera@example.com"],
            }
        )
    )  # fmt: skip
    for form in ((), ("--json",), ("--brief",)):
        done = said(file, "--as", "helpdesk", *form)
        assert done.exit_code == 0
        assert "meera" not in done.output
        assert "4111" not in done.output
    (line,) = lines(file, "--as", "helpdesk")
    assert line["masked"] == {"email": 1, "card": 1}
    assert line["customer_ref"], "who it is joins cases, by a hash"
    assert "[[CARD]]" in line["text"]
    again = lines(file, "--as", "helpdesk")[0]
    assert again["text"] != line["text"], "the key is thrown away"
    assert again["case_id"] == line["case_id"]


def test_a_text_does_not_steer_the_terminal(tmp_path) -> None:
    """Escape sequences in what a customer wrote stay harmless."""
    file = tmp_path / "x.json"
    file.write_text(
        json.dumps({"ticket_id": "T\u001b[31m", "revision": 1, "custom_fields": {"a\u001b]": "b"}})
    )
    done = said(file, "--as", "helpdesk")
    assert done.exit_code == 0
    assert "\x1b" not in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere.json", "--as", "epcis"), "'nowhere.json' does not exist"),
        ((RECEIPT, "--as", "epics"), "did you mean epcis?"),
        ((RECEIPT,), "Missing option '--as'"),
        (("--as", "epcis"), "Missing argument 'FILE"),
        ((RECEIPT, "--as", "epcis", "--tenant", "a|b"), "a|b is no name for a tenant"),
        ((RECEIPT, "--as", "epcis", "--sources", RECEIPT), "sources: Field required"),
        ((RECEIPT, "--as", "epcis", "--each", "events"), "there is no array at events"),
        ((RECEIPT, "--as", "epcis", "--id", "x"), "--id goes with --text"),
        ((RECEIPT, "--as", "epcis", "--text", "x"), "the source's format is epcis"),
        ((RECEIPT, "--as", "epcis", "--form", "csv"), "say with --text or --columns"),
    ],
)
def test_what_is_asked_wrongly_is_told_with_the_remedy(words, told) -> None:
    """Exit code 2: nothing was looked at."""
    done = said(*words)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())


def test_a_source_of_several_tenants_needs_one(tmp_path) -> None:
    """Case ids and placeholders are a tenant's: there is no guessing."""
    sources = tmp_path / "sources.yaml"
    entry = (
        "{{name: desk, tenant: {0}, topic: support.ticket.received.v1, ce_source: /{0},"
        " format: sluice-ticket}}"
    )
    sources.write_text(
        "tenants: {a: {}, b: {}}\nsources:\n" + "".join(f"  - {entry.format(t)}\n" for t in "ab")
    )
    file = TICKETS / "where-is-my-order.json"
    done = said(file, "--as", "desk", "--sources", sources)
    assert done.exit_code == 2
    assert "desk of a, desk of b" in done.output
    (found,) = lines(file, "--as", "desk", "--sources", sources, "--tenant", "b")
    assert found["subject"].startswith("b|ticket:desk/")


def test_the_operators_word_counts(tmp_path) -> None:
    """Staff, integration users and protected patterns of the configured source, as in intake."""
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        "tenants: {acme: {business_patterns: {meter: '\\b98765 \\d{5}\\b'}}}\nsources:\n"
        "  - {name: desk, tenant: acme, topic: support.ticket.received.v1, ce_source: /desk/*,"
        " format: sluice-ticket, integration_users: [bot-1]}\n"
    )
    file = tmp_path / "x.json"
    file.write_text(
        json.dumps(
            {"ticket_id": "T-1", "revision": 1, "message": {
                "id": "m", "author_id": "bot-1", "text": "meter 98765 43210 or 98765 43211"}}
        )
    )  # fmt: skip
    (found,) = lines(file, "--as", "desk", "--sources", sources)
    assert found["echo"] is True
    assert found["masked"] == {}
    (alone,) = lines(file, "--as", "sluice-ticket", "--sources", sources)
    assert alone["echo"] is False
    assert alone["masked"] == {"phone": 2}


def test_standard_input_is_a_file(tmp_path) -> None:
    """As in every pipe; an e-mail without an ending is told by its source."""
    assert len(lines("-", "--as", "epcis", given=RECEIPT.read_bytes())) == 3
    mail = (SOURCES / "email" / "reply.eml").read_bytes()
    (found,) = lines("-", "--as", "email", given=mail)
    assert found["document"] == "standard input"
    (notice,) = lines("-", "--as", "notice", given=b"PO-4711 will be two weeks late.")
    assert notice["subject"] == "example|po:PO-4711"


def test_feedback_is_shown_too() -> None:
    """What comes back passes the same door."""
    file = EXAMPLES / "automation.outcome.reported.v1" / "route-executed.json"
    (found,) = lines(file, "--as", "actions")
    assert found["feedback"]["outcome"]["status"] == "executed"
    assert "feedback accepted" in said(file, "--as", "actions").stdout
