"""What of an event goes into its case: the text within its bound, and no person's address."""

import pytest

from schemas.automation.case import CaseAccepted
from tests.fakes_intake import SUPPLY, TICKETS, cloud, record, said, supply


def test_a_long_text_is_cut_with_a_flag(door):
    """DESIGN §6: not dead-lettered, and nobody takes it for the whole."""
    case = door.case(record(said("नमस्ते " * 20_000)))
    assert case.text_truncated
    assert 65_000 < len(case.text.encode()) <= 65_536
    exact = door.case(record(said("x" * 65_536)))
    assert (exact.text, exact.text_truncated) == ("x" * 65_536, False)
    assert door.case(record(said("x" * 65_537))).text_truncated


@pytest.mark.parametrize("before", range(65_500, 65_540, 3))
def test_no_number_is_cut_in_two_at_the_bound(door, before):
    """Half a phone number would pass every rule and stay readable."""
    case = door.case(record(said("x" * before + " +91 98765 43210 and more " * 5)))
    assert case.text_truncated
    assert not any(digit in case.text for digit in ("98", "+9", "4321"))


def test_a_text_that_only_grows_too_long_by_masking_is_cut_with_a_flag(door):
    """Placeholders are longer than what they stand for."""
    case = door.case(record(said("a@b.co " * 9_000)))
    assert case.text_truncated
    assert len(case.text.encode()) <= 65_536
    assert case.text.count("[[") == case.text.count("]]")


@pytest.mark.parametrize("brackets", ["[[", "[[[[ [["])
def test_brackets_at_the_beginning_do_not_take_the_text_away(door, brackets):
    """A producer's brackets are no placeholder, also where the text is cut."""
    case = door.case(record(said(brackets + "x" * 70_000)))
    assert len(case.text) > 65_000


def test_ids_that_are_addresses_of_persons_are_hashed_everywhere(door):
    """Keys, headers, attributes and ids hold no personal data."""
    mail, phone = "meera@example.com", "+919876543210"
    value = said("x", author_id=mail) | {
        "ticket_id": mail,
        "queue": mail,
        "order_id": phone,
        "tags": [mail, "web"],
        "requester": {"id": mail},
    }
    value["message"]["id"] = f"<1.{mail}>"
    (message,) = door.open(
        record(value, headers=cloud(TICKETS, "/helpdesk/acme", f"<7.{mail}>"))
    ).messages
    wire = repr(message)
    assert "meera" not in wire
    assert "9876543210" not in wire
    assert CaseAccepted.from_json(message.value).case.ticket.tags[1] == "web"
    event = supply(
        event_id=mail,
        corrects=mail,
        source_code=mail,
        reason_code=mail,
        disposition=mail,
        refs=[{"type": mail, "value": phone}],
        place={"facility": f"at {mail}", "gln": phone, "unlocode": mail},
        quantities=[{"value": 1, "uom": mail, "of": {"type": "lot", "value": mail}}],
        measurements=[{"kind": mail, "uom": phone}],
        text=f"write to {mail}",
    )
    wire = repr(door.open(record(event, topic=SUPPLY, headers=())).messages)
    assert "meera" not in wire
    assert "9876543210" not in wire
