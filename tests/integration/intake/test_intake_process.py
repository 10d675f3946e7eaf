"""Intake as a process on the real broker: what comes in ends in cases or dead letters, exactly."""

import json
import os
import time
from collections.abc import Callable

import pytest
from confluent_kafka import KafkaException

from schemas.automation.feedback import FeedbackAccepted
from services.chassis.dead_letters import DEAD, OMITTED, origin_headers, origin_of, originals
from services.chassis.record import Headers, Record
from tests.fakes_intake import (
    OUTCOMES,
    REVIEWS,
    SUPPLY,
    TICKETS,
    cloud,
    example,
    said,
    ticket,
)
from tests.integration.intake.conftest import House, Place, Sent, until
from topics import MIB
from topics.automation import CASE_ACCEPTED, FEEDBACK_ACCEPTED
from topics.dead_letters import INTAKE_RETRY

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

HELPDESK = cloud(TICKETS, "/helpdesk/acme")
EPCIS = cloud("org.gs1.epcis", "/epcis/acme", "doc-1")
LIMIT = 2 * MIB


def an_hour_ago() -> int:
    """A producer's own clock; much older, and the topic's retention may be faster than we are."""
    return round(time.time() * 1000) - 3_600_000


def at_the_limit(house: House, made: Callable[[int], bytes], headers: Headers) -> Sent:
    """Of values by their size the largest that the broker takes: a byte more is refused."""
    taken, refused, last = LIMIT - 900, LIMIT, None
    while refused - taken > 1 or last is None:
        size = (taken + refused) // 2
        try:
            (last,) = house.send(TICKETS, [made(size)], headers=headers)
            taken = size
        except KafkaException:
            refused = size
    return last


def test_bad_records_end_in_dead_letters_byte_for_byte_and_good_ones_beside_them_in_cases(
    running: House,
) -> None:
    """Key, headers, timestamp and origin of every one; nothing else is held up or lost."""
    odd = (*HELPDESK, ("twice", b"1"), ("twice", b"\xff"), ("none", None), ("empty", b""))
    good = [
        *running.send(TICKETS, [json.dumps(ticket()).encode()] * 8, headers=HELPDESK),
        *running.send(TICKETS, [json.dumps(ticket()).encode()] * 3, key=None),
    ]
    at = an_hour_ago()
    kinds = {
        "null": (None, "undecodable", "value: null"),
        "malformed": (b"{not json", "undecodable", "value: not JSON"),
        "empty": (b"", "undecodable", "value: not JSON"),
        "non-utf8": (b'{"ticket_id": "\xff\xfe\x00"}', "undecodable", "value: not JSON"),
        "wrong type": (b'{"ticket_id": 7, "revision": 1}', "rejected", "ticket_id: Input should"),
        "no object": (b"[]", "rejected", "value: Input should"),
        "too long an id": (
            json.dumps(ticket(ticket_id="x" * 201)).encode(),
            "rejected",
            "ticket_id: String should have at most 200 characters",
        ),
        "oversized": (
            json.dumps(ticket(tags=["t" * 200] * 6_000)).encode(),
            "rejected",
            "bytes once accepted, at most",
        ),
    }
    bad: list[tuple[Sent, str, str]] = []
    for n, (value, reason, detail) in enumerate(kinds.values()):
        key = (None, b"", b"\xff\x00", b"acme|1")[n % 4]
        (sent,) = running.send(TICKETS, [value], key=key, headers=odd, timestamp_ms=at + n)
        bad.append((sent, reason, detail))
    version = cloud("support.ticket.received.v2", "/helpdesk/acme")
    body = json.dumps(ticket()).encode()
    (sent,) = running.send(TICKETS, [body], headers=version)
    bad.append((sent, "undecodable", "ce_type: another major version"))
    (sent,) = running.send(OUTCOMES, [b"{}"], headers=cloud(OUTCOMES, "/helpdesk/acme"))
    bad.append((sent, "rejected", "outcome: Field required"))
    noise = b"{" + os.urandom(LIMIT)
    largest = at_the_limit(running, lambda size: noise[:size], HELPDESK)
    bad.append((largest, "undecodable", "value: not JSON"))
    before_time = running.send(TICKETS, [b"{"], headers=HELPDESK, timestamp_ms=-62_135_596_800_001)
    bad.append((before_time[0], "undecodable", "value: not JSON"))
    good += running.send(TICKETS, [json.dumps(ticket()).encode()] * 8, headers=HELPDESK)
    until(lambda: {sent.place for sent, _, _ in bad} <= set(running.letters()), 60, running.log)
    running.settled(TICKETS)

    put_aside, accepted = running.letters(), running.cases()
    for sent, reason, detail in bad:
        (letter,) = put_aside[sent.place]
        assert (letter.value, letter.key) == (sent.value, sent.key)
        assert originals(letter) == sent.headers
        assert letter.header(f"{DEAD}reason") == reason
        assert detail in (letter.header(f"{DEAD}detail") or "")
        assert letter.header("sluice-origin-timestamp") == str(max(0, sent.timestamp_ms))
        assert sent.place not in accepted
    for sent in good:
        (case,) = accepted[sent.place]
        assert case.tenant == "acme"
        assert sent.place not in put_aside


def test_a_ticket_of_exactly_the_topics_limit_becomes_a_case(running: House) -> None:
    """Its text is cut with a flag; the limit is the broker's, not a byte less."""
    head, tail = b'{"ticket_id": "T-1", "revision": 1, "message": {"id": "m", "text": "', b'"}}'
    largest = at_the_limit(running, lambda size: head + b"x" * (size - 90) + tail, HELPDESK)
    found = until(lambda: running.cases().get(largest.place), 60, running.log)
    assert found[0].text == "x" * 65_536
    assert found[0].text_truncated


def test_whatever_a_producer_compresses_with_is_read(running: House) -> None:
    """The broker hands batches on as they came, our own ones included."""
    body = json.dumps(said("Where is my order? " * 100)).encode()
    sent = [
        one
        for codec in ("none", "gzip", "lz4", "snappy", "zstd")
        for one in running.send(TICKETS, [body], headers=HELPDESK, **{"compression.type": codec})
    ]
    places = {one.place for one in sent}
    until(lambda: places <= set(running.cases()), 60, running.log)


def test_what_unpacks_to_more_than_any_topic_takes_blocks_nobody(running: House) -> None:
    """24 MiB in a few KiB: a good one becomes a case, a bad one a letter without its value."""
    packed = {"compression.type": "zstd", "headers": HELPDESK}
    huge = json.dumps(said("x" * 24 * MIB)).encode()
    (good,) = running.send(TICKETS, [huge], **packed)
    (bad,) = running.send(TICKETS, [b"{" * 24 * MIB], **packed)
    # Unpacked it is too large for the client; what only packed again fits is kept as it came.
    (kept,) = running.send(TICKETS, [b"{" * 8 * MIB], **packed)
    after = running.send(TICKETS, [json.dumps(ticket()).encode()] * 8, headers=HELPDESK)
    wanted = {one.place for one in (good, *after)}
    until(lambda: wanted <= set(running.cases()), 60, running.log)
    until(lambda: {bad.place, kept.place} <= set(running.letters()), 60, running.log)
    assert running.cases()[good.place][0].text_truncated
    (letter,) = running.letters()[bad.place]
    assert (letter.value, letter.key) == (None, bad.key)
    assert letter.header(OMITTED) == str(24 * MIB)
    assert letter.header(f"{DEAD}reason") == "undecodable"
    # A refusal has what went with it written again, one by one: maybe twice, always the same.
    assert {letter.value for letter in running.letters()[kept.place]} == {b"{" * 8 * MIB}


def test_every_form_and_topic_comes_in(running: House) -> None:
    """Binary, structured, framed and bare; tickets, events, documents, outcomes, reviews."""
    body = example("support.ticket.received.v1/where-is-my-order.json")
    value = json.dumps(body).encode()
    structured = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/helpdesk/acme",
        "type": TICKETS,
        "data": body,
    }
    content = (("content-type", b"application/cloudevents+json"),)
    forms = [
        *running.send(TICKETS, [value, b"\0\0\0\0\x07" + value], headers=HELPDESK),
        *running.send(TICKETS, [json.dumps(structured).encode()], headers=content),
        *running.send(TICKETS, [value]),
    ]
    document = json.dumps(example("sources/epcis/inbound-receipt.json")).encode()
    (receipt,) = running.send(SUPPLY, [document], headers=EPCIS)
    answers = [
        sent
        for topic, source, name in (
            (OUTCOMES, "/helpdesk/acme", "route-executed"),
            (REVIEWS, "/ops/acme", "approved"),
        )
        for sent in running.send(
            topic,
            [json.dumps(example(f"{topic}/{name}.json")).encode()],
            headers=cloud(topic, source),
        )
    ]
    wanted = {one.place for one in (*forms, receipt)}
    until(lambda: wanted <= set(running.cases()), 60, running.log)
    found = running.cases()
    wrapped = [found[one.place][0] for one in forms]
    assert len({case.case_id for case in wrapped[:3]}) == 1, "one event, whatever it is wrapped in"
    assert wrapped[3].event_id == ":".join(map(str, forms[3].place))
    assert {case.text for case in wrapped} == {wrapped[0].text}
    events = found[receipt.place]
    assert {case.origin.index for case in events} == {0, 1, 2}
    assert {case.batch_id for case in events} == {"doc-1"}
    ours = {str(case.case_id) for case in events}
    traces = {
        (record.header("traceparent") or "")[3:35]
        for record in running.records(CASE_ACCEPTED.name)
        if record.header("ce_id") in ours
    }
    assert len(traces) == 3, "a trace per event of a document"

    def back() -> set[Place]:
        origins = (
            FeedbackAccepted.from_json(each.value or b"").origin
            for each in running.records(FEEDBACK_ACCEPTED.name)
        )
        return {(each.topic, each.partition, each.offset) for each in origins}

    until(lambda: {one.place for one in answers} <= back(), 60, running.log)


def test_a_redriven_record_is_the_same_case(running: House) -> None:
    """From the retry topic, twice, on another partition: the id and the origin stay."""
    body = json.dumps(ticket()).encode()
    (first,) = running.send(TICKETS, [body], timestamp_ms=an_hour_ago())
    record = Record(*first.place, first.timestamp_ms, first.key, first.value, ())
    headers = origin_headers(origin_of(record, ()))
    running.send(INTAKE_RETRY.name, [body] * 2, key=b"elsewhere", headers=headers)
    (nobodys,) = running.send(INTAKE_RETRY.name, [body])
    found = until(
        lambda: len(c := running.cases().get(first.place, [])) == 3 and c, 60, running.log
    )
    assert found[0] == found[1] == found[2]
    ((letter,),) = (until(lambda: running.letters().get(nobodys.place), 60, running.log),)
    assert "sluice-origin-topic: missing" in (letter.header(f"{DEAD}detail") or "")
