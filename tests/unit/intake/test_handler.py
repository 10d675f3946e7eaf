"""A record at the door: cases with identity, one trace each, or a dead letter that says why."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.automation.case import CaseAccepted, Domain
from schemas.automation.feedback import FeedbackAccepted
from services.chassis.dead_letters import origin_headers, origin_of
from services.chassis.identity import stable_id
from services.chassis.names import METRICS, Attr
from services.chassis.outcome import DeadLetter, Done
from services.chassis.ports import Delivery
from services.intake import handler
from tests.fakes_decider import FakeLane
from tests.fakes_intake import (
    EXAMPLES,
    OUTCOMES,
    REVIEWS,
    SUPPLY,
    TICKETS,
    SpanTrace,
    cloud,
    dcsa,
    example,
    examples,
    record,
    said,
    supply,
    ticket,
)
from topics.automation import CASE_ACCEPTED
from topics.catalog import ALL as TOPICS

EPCIS = cloud("org.gs1.epcis", "/epcis/acme", "doc-1")
SUPPLIERS = cloud(SUPPLY, "/suppliers/acme")


@pytest.mark.parametrize(("name", "topic", "ce_source", "ce_type"), examples(), ids=str)
def test_every_example_of_the_outside_topics_is_accepted(door, name, topic, ce_source, ce_type):
    """What the documentation shows works."""
    value = (EXAMPLES / name).read_bytes()
    outcome = door.open(record(value, topic=topic, headers=cloud(ce_type, ce_source)))
    assert isinstance(outcome, Done), outcome
    assert outcome.messages


def test_a_ticket_becomes_a_case_with_its_identity(door):
    """The contract of the hop: whose, what about, from where, keyed by its subject."""
    came = record(
        example("support.ticket.received.v1/where-is-my-order.json"),
        headers=cloud(TICKETS, "/helpdesk/acme", "evt-77"),
    )
    trace = SpanTrace(5)
    (message,) = door.open(came, trace).messages
    case = CaseAccepted.from_json(message.value).case
    assert message.topic == CASE_ACCEPTED.name
    assert message.key == b"acme|ticket:helpdesk/35436" == case.subject.encode()
    assert case.case_id == stable_id("acme", "helpdesk", "evt-77", 0)
    assert (case.tenant, case.source, case.domain) == ("acme", "helpdesk", Domain.SUPPORT)
    assert (case.revision, case.event_id, case.mapping) == (3, "evt-77", "sluice-ticket:1")
    assert (case.origin.topic, case.origin.partition, case.origin.offset) == (TICKETS, 2, 17)
    assert case.occurred_at == datetime(2026, 11, 20, 8, 58, 12, tzinfo=UTC)
    assert case.text.startswith("Where is order SO-48213?\n\nHello, my order SO-48213")
    assert case.masked == {"email": 1, "phone": 1}
    assert "1Z999AA10123456784" in case.text
    assert "98765" not in case.text
    assert case.ticket.requester_ref != "cust-90211"
    headers = dict(message.headers)
    assert headers["ce_type"] == b"automation.case.accepted.v1"
    assert headers["ce_id"] == str(case.case_id).encode()
    assert headers["traceparent"] == trace.traceparent.encode()
    assert trace.notes[Attr.CASE_ID] == str(case.case_id)
    assert trace.notes[Attr.MASKED] == 2
    assert "sluice_masked_spans_total" in METRICS
    assert door.metrics.counts["sluice_masked_spans_total"] >= 2


def test_a_supply_event_becomes_a_case_about_its_lasting_reference(door):
    """A shipment is spoken of under many numbers; later events find the same subject."""
    case = door.case(
        record(
            example("supply.event.received.v1/delayed-departure.json"),
            topic=SUPPLY,
            headers=SUPPLIERS,
        )
    )
    assert case.subject == "acme|shipment:SH-INBOM-88120"
    assert case.supply.delay_days == Decimal("3.5")
    assert case.supply.reason_code == "smdg:WEA"
    assert (case.text, case.text_sha256) == ("", None)


def test_the_origin_is_the_id_of_a_bare_record(door):
    """ADR 4: nothing else tells two bare records apart, and a redrive keeps it."""
    case = door.case(record(ticket(), headers=()))
    assert case.event_id == f"{TICKETS}:2:17"
    assert case.case_id == stable_id("acme", "helpdesk", f"{TICKETS}:2:17", 0)
    other = door.case(record(ticket(), headers=(), offset=18))
    assert other.case_id != case.case_id


def test_a_bare_supply_events_own_id_is_its_id(door):
    """Published twice, it is one event."""
    first, second = (
        door.case(record(supply(event_id="s-9"), topic=SUPPLY, headers=(), offset=n))
        for n in range(2)
    )
    assert first.case_id == second.case_id == stable_id("acme", "suppliers", "s-9", 0)
    assert first.origin != second.origin


def test_a_document_becomes_a_case_and_a_root_trace_per_event(door):
    """DESIGN §6: n events, n cases, n traces, each linked to the document's and named by it."""
    document = example("sources/epcis/inbound-receipt.json")
    trace = SpanTrace(7)
    outcome = door.open(record(document, topic=SUPPLY, headers=EPCIS), trace)
    cases = [CaseAccepted.from_json(message.value).case for message in outcome.messages]
    ids = [each["eventID"] for each in document["epcisBody"]["eventList"]]
    assert [case.case_id for case in cases] == [
        stable_id("acme", "epcis", event_id, index) for index, event_id in enumerate(ids)
    ]
    assert [case.origin.index for case in cases] == [0, 1, 2]
    assert {case.batch_id for case in cases} == {"doc-1"}
    assert len(trace.roots) == 3
    for message, root, case in zip(outcome.messages, trace.roots, cases, strict=True):
        assert dict(message.headers)["traceparent"] == root.traceparent.encode()
        assert root.notes[Attr.BATCH_DOCUMENT] == "doc-1"
        assert root.notes[Attr.CASE_ID] == str(case.case_id)
    assert trace.notes == {Attr.TENANT: "acme", Attr.BATCH_DOCUMENT: "doc-1"}


def test_an_event_of_a_document_that_names_none_is_called_by_the_record(door):
    """Its place in the document tells it from its neighbours."""
    message = [dcsa(eventID=None), dcsa()]
    cases = door.cases(record(message, topic=SUPPLY, headers=cloud("x", "/dcsa/acme", "doc-1")))
    assert cases[0].case_id == stable_id("acme", "dcsa", "doc-1", 0)
    assert cases[1].case_id == stable_id("acme", "dcsa", dcsa()["eventID"], 1)


def test_a_document_of_one_event_is_one_event(door):
    """It stays in its producer's trace, and names no batch."""
    document = example("sources/epcis/inbound-receipt.json")
    del document["epcisBody"]["eventList"][1:]
    trace = SpanTrace()
    (case,) = door.cases(record(document, topic=SUPPLY, headers=EPCIS), trace)
    assert case.batch_id is None
    assert trace.roots == []


def test_a_document_with_one_bad_event_is_refused_whole(door):
    """Before any trace is opened, naming the event."""
    document = example("sources/epcis/inbound-receipt.json")
    document["epcisBody"]["eventList"][2]["action"] = "LOOK"
    trace = SpanTrace()
    outcome = door.open(record(document, topic=SUPPLY, headers=EPCIS), trace)
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason == "rejected"
    assert outcome.detail.startswith("epcisBody.eventList[2].action: must be one of")
    assert trace.roots == []


def test_a_redriven_record_is_the_record_it_was(door):
    """Same case id, same origin, same source: what was decided already is not decided again."""
    first = record(said("hello"), headers=cloud(TICKETS, "/helpdesk/acme", "e-7"))
    bare = record(said("hello"), headers=())
    for came in (first, bare):
        redriven = record(
            came.value,
            topic="intake.retry.v1",
            headers=(*came.headers, *origin_headers(origin_of(came, ()))),
            partition=0,
            offset=3,
        )
        assert door.case(redriven) == door.case(came)


def test_origin_headers_of_an_outside_producer_count_for_nothing(door):
    """Else a producer could claim to be another record, and be ignored as its repeat."""
    claimed = origin_headers(origin_of(record({}, topic=TICKETS, partition=0, offset=0), ()))
    assert door.case(record(ticket(), headers=claimed)).event_id == f"{TICKETS}:2:17"


def test_an_echo_of_our_own_integration_user_is_recognised(door):
    """What we caused must not make us act again."""
    assert door.case(record(said("done", author_id="sluice-bot"))).echo
    assert not door.case(record(said("done", author_id="cust-1"))).echo
    assert not door.case(record(ticket())).echo


def test_the_time_of_a_ticket_is_the_messages_the_tickets_the_envelopes_the_records(door):
    """The most particular one that is there."""
    when = [f"2026-11-0{day}T00:00:00Z" for day in range(1, 4)]
    headers = cloud(TICKETS, "/helpdesk/acme", time=when[2])
    found = [
        door.case(record(value, headers=said_in)).occurred_at
        for value, said_in in (
            (said("x", sent_at=when[0]) | {"updated_at": when[1]}, headers),
            (ticket(updated_at=when[1]), headers),
            (ticket(), headers),
            (ticket(), ()),
        )
    ]
    assert [time.day for time in found] == [1, 2, 3, 24]


def test_outcomes_and_reviews_become_feedback_of_their_tenant(door):
    """Keyed by tenant: the decider's one writer reads them in order."""
    value = example(f"{OUTCOMES}/reply-undone.json")
    value["outcome"]["actor"] = "jonas@example.com"
    (message,) = door.open(
        record(value, topic=OUTCOMES, headers=cloud(OUTCOMES, "/helpdesk/acme"))
    ).messages
    event = FeedbackAccepted.from_json(message.value)
    assert (message.topic, message.key) == ("automation.feedback.accepted.v1", b"acme")
    assert (event.tenant, event.source, event.review) == ("acme", "actions", None)
    assert (event.outcome.outcome_id, event.outcome.status.value) == ("helpdesk-7f32", "undone")
    assert event.outcome.actor.startswith("h-")
    assert b"jonas" not in message.value
    (message,) = door.open(
        record(
            example(f"{REVIEWS}/approved.json"), topic=REVIEWS, headers=cloud(REVIEWS, "/ops/acme")
        )
    ).messages
    event = FeedbackAccepted.from_json(message.value)
    assert (event.source, event.outcome, event.review.verdict.value) == ("reviews", None, "approve")


def test_every_topic_intake_writes_is_in_the_catalog(door):
    """And what it writes is valid against the topic's own event type."""
    by_name = {topic.name: topic for topic in TOPICS}
    for name, topic, ce_source, ce_type in examples():
        came = record(
            (EXAMPLES / name).read_bytes(), topic=topic, headers=cloud(ce_type, ce_source)
        )
        for message in door.open(came).messages:
            by_name[message.topic].event.from_json(message.value)


def test_a_duplicate_key_counts_once_the_last(door):
    """RFC 8259 leaves it open; ours is one reading, the same at every redrive."""
    value = b'{"ticket_id": "T-1", "revision": 1, "revision": 2}'
    assert door.case(record(value)).revision == 2


def test_a_case_just_below_its_topics_limit_is_accepted(door):
    """The refusal is the broker's, anticipated: not a byte more careful than needed."""
    case = door.open(record(ticket(tags=["t" * 200] * 5_000)))
    (message,) = case.messages
    assert CASE_ACCEPTED.max_message_bytes - 50_000 < len(message.value)
    assert len(message.value) < CASE_ACCEPTED.max_message_bytes


async def test_a_chunk_of_hostile_texts_leaves_others_their_turn(door, monkeypatch):
    """The heartbeat of a consumer lives on the same loop."""
    monkeypatch.setattr(handler, "_TURN_S", 0.0)
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    deliveries = [Delivery(record(ticket(), offset=n), SpanTrace()) for n in range(5)]
    await door.handler.handle(FakeLane(), deliveries)
    beside.cancel()
    assert turns >= 5
