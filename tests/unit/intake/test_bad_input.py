"""Nothing that is sent makes intake crash: a record ends in cases or in a telling dead letter."""

import pytest

from services.chassis.identity import stable_id
from services.chassis.outcome import DeadLetter
from tests.fakes_intake import (
    OUTCOMES,
    REVIEWS,
    SUPPLY,
    TICKETS,
    cloud,
    example,
    record,
    supply,
    ticket,
)


def from_helpdesk(value, ce_type=TICKETS, ce_source="/helpdesk/acme"):
    """A record of acme's helpdesk."""
    return record(value, headers=cloud(ce_type, ce_source))


def from_supplier(**fields):
    """A small supply event with these fields."""
    return record(supply(**fields), topic=SUPPLY, headers=cloud(SUPPLY, "/suppliers/acme"))


def outcome(value):
    """A record of the topic of outcomes."""
    return record(value, topic=OUTCOMES, headers=cloud(OUTCOMES, "/helpdesk/acme"))


def review(**fields):
    """A review with these fields."""
    given = {"review_id": "r", "verdict": "approve", "reviewer": "o", "at": "2026-01-01T00:00:00Z"}
    headers = cloud(REVIEWS, "/ops/acme")
    return record({"review": given | fields}, topic=REVIEWS, headers=headers)


def long_refs(count):
    """References that take six bytes per character once written."""
    return [{"type": "po", "value": f"{n}-" + "\u0001" * 190} for n in range(count)]


BARE = ()
BAD = {
    # bytes
    "null": (from_helpdesk(None), "undecodable", "value: null"),
    "malformed": (from_helpdesk(b"{not json"), "undecodable", "value: not JSON"),
    "not UTF-8": (from_helpdesk(b'{"a": "\xff\xfe"}'), "undecodable", "value: not JSON"),
    "too deep": (from_helpdesk(b"[" * 50_000), "undecodable", "value: not JSON"),
    "NaN": (from_helpdesk(b'{"revision": NaN}'), "undecodable", "value: not JSON"),
    "surrogate": (from_helpdesk(b'{"a": "\\ud800"}'), "undecodable", "value: not JSON"),
    # envelope
    "half a CloudEvent": (
        record(ticket(), headers=(("ce_source", b"/helpdesk/acme"),)),
        "rejected",
        "ce_id: missing",
    ),
    "other major version": (
        from_helpdesk(ticket(), "support.ticket.received.v2"),
        "undecodable",
        "ce_type: another major version; publish it to the topic of that name",
    ),
    "another type of ours": (
        from_helpdesk(ticket(), SUPPLY),
        "rejected",
        f"ce_type: {SUPPLY} does not belong here; publish it to the topic of that name",
    ),
    "unknown source": (
        from_helpdesk(ticket(), ce_source="/helpdesk/nobody"),
        "rejected",
        "ce_source: no source of support.ticket.received.v1 matches it; add one",
    ),
    "bare where it is not allowed": (
        record(example(f"{REVIEWS}/approved.json"), topic=REVIEWS, headers=BARE),
        "rejected",
        "ce_source: missing",
    ),
    "bare and deep": (
        record(b"[" * 900 + b"]" * 900, headers=BARE),
        "rejected",
        "ce_source: missing",
    ),
    "redriven without an origin": (
        record(ticket(), topic="intake.retry.v1"),
        "rejected",
        "sluice-origin-topic: missing; redrive with `sluice dead-letters redrive`",
    ),
    # types and values
    "wrong type": (
        from_helpdesk(ticket(ticket_id=7)),
        "rejected",
        "ticket_id: Input should be a valid string",
    ),
    "array": (from_helpdesk([]), "rejected", "value: Input should be a valid dictionary"),
    "string": (from_helpdesk(b'"hello"'), "rejected", "value: Input should be a valid dictionary"),
    "revision of 64 bits": (
        from_helpdesk(ticket(revision=2**63)),
        "rejected",
        "revision: must be at most 9223372036854775807",
    ),
    "revision of 4000 digits": (
        from_helpdesk(ticket(revision="9" * 4000)),
        "rejected",
        "revision: must be at most",
    ),
    "revision 1e300": (from_helpdesk(ticket(revision=1e300)), "rejected", "revision: Unable to"),
    "the year one": (
        from_helpdesk(ticket(updated_at="0001-01-01T00:00:00+05:30")),
        "rejected",
        "updated_at: no such year",
    ),
    "the year 9999": (
        from_supplier(new_time="9999-12-31T23:59:59-14:00"),
        "rejected",
        "new_time: no such year",
    ),
    "time without offset": (
        from_supplier(occurred_at="2026-11-20T06:30:00"),
        "rejected",
        "occurred_at: Input should have timezone",
    ),
    "no reference": (from_supplier(refs=[]), "rejected", "refs: Tuple should have at least 1"),
    "huge quantity": (
        from_supplier(quantities=[{"value": "1E+999999999"}]),
        "rejected",
        "quantities[0].value: has more than 30 digits; round it",
    ),
    "long quantity": (
        from_supplier(quantities=[{"value": "1." + "1" * 40}]),
        "rejected",
        "quantities[0].value: has more than 30 digits; round it",
    ),
    "infinite quantity": (
        from_supplier(quantities=[{"value": "Infinity"}]),
        "rejected",
        "quantities[0].value: Input should be a finite number",
    ),
    "huge measurement": (
        from_supplier(measurements=[{"kind": "t"}, {"kind": "t", "mean": "1e99"}]),
        "rejected",
        "measurements[1].mean: has more than 30 digits; round it",
    ),
    "outcome of nothing": (outcome({}), "rejected", "outcome: Field required"),
    "review of nothing": (
        review(),
        "rejected",
        "review: Value error, action_id or case_id is required: say what the review is about",
    ),
    "review in the year one": (
        review(case_id=str(stable_id("x")), at="0001-01-01T00:00:00Z"),
        "rejected",
        "at: no such year",
    ),
    # size: what the broker would refuse of us for ever
    "too many references": (
        from_supplier(refs=long_refs(1000)),
        "rejected",
        "refs, quantities, measurements, tags: ",
    ),
    "too many tags": (
        from_helpdesk(ticket(tags=["t" * 200] * 6_000)),
        "rejected",
        "refs, quantities, measurements, tags: ",
    ),
}


@pytest.mark.parametrize(("came", "reason", "detail"), BAD.values(), ids=BAD)
def test_bad_input_is_a_dead_letter_with_field_and_remedy(door, came, reason, detail):
    """Never `crashed`, never lost: the reason is a word of the contract, the detail a sentence."""
    found = door.open(came)
    assert isinstance(found, DeadLetter), found
    assert found.reason == reason
    assert detail in found.detail


PERSONAL = "meera.nair@example.com"
QUOTING = {
    "a number": from_helpdesk(ticket(revision=PERSONAL)),
    "a key": from_helpdesk(ticket(custom_fields={PERSONAL: 7})),
    "a pattern": from_helpdesk(ticket(language=PERSONAL)),
    "a time": from_helpdesk(ticket(updated_at=PERSONAL)),
    "no JSON": from_helpdesk(f"{{{PERSONAL}".encode()),
    "a source": from_helpdesk(ticket(), PERSONAL, PERSONAL),
    "a content type": record(
        ticket(), headers=(*cloud(TICKETS, "/x"), ("content-type", PERSONAL.encode()))
    ),
    "a version": record(
        ticket(), headers=(*cloud(TICKETS, "/x"), ("ce_specversion", PERSONAL.encode()))
    ),
    "a closed set": from_supplier(family={PERSONAL: 1}),
    "EPCIS": record(
        {"type": "EPCISDocument", "@context": [], "schemaVersion": "2", "creationDate": PERSONAL},
        topic=SUPPLY,
        headers=cloud("org.gs1.epcis", "/epcis/acme"),
    ),
    "DCSA": record(
        {"eventType": PERSONAL, "eventClassifierCode": PERSONAL},
        topic=SUPPLY,
        headers=cloud("org.dcsa.tnt", "/dcsa/acme"),
    ),
}


@pytest.mark.parametrize("came", QUOTING.values(), ids=QUOTING)
def test_a_reason_quotes_no_personal_data(door, came):
    """It is a header, a log line and a page of operations."""
    found = door.open(came)
    assert isinstance(found, DeadLetter)
    assert "meera" not in found.detail
