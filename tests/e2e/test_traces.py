"""One case, one trace: every edge from the producer to the action, read from the store."""

import json
import secrets
import time
import urllib.parse
import urllib.request
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from infra.demo import producing, traces
from schemas.automation.action import ActionRequested
from topics.automation import ACTION_REQUESTED
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ACCEPTED, ASSESSED = "process automation.case.accepted.v1", "process automation.case.assessed.v1"
SENT = "send automation.action.requested.v1"
BATCH = ("sluice.batch.trace_id", "sluice.batch.span_id")


def _publish(up, topic: str, source: str, body: dict[str, Any], flags: str) -> tuple[str, str]:
    """Publish as somebody's application with a trace of its own; its trace and span id."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    producer = Producer({"bootstrap.servers": up.bootstrap_servers})
    producer.produce(
        topic,
        json.dumps(body),
        key="any",
        headers={
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": secrets.token_hex(8),
            "ce_source": source,
            "ce_type": topic,
            "traceparent": f"00-{trace_id}-{span_id}-{flags}",
        },
    )
    assert producer.flush(30) == 0
    return trace_id, span_id


def _complete(up, trace_id: str, topic: str, within_s: float = 60) -> dict[str, dict[str, Any]]:
    """The trace's spans by name, once all are there: each service exports in its own time."""
    expected = {f"process {topic}", ACCEPTED, ASSESSED, SENT}
    deadline = time.monotonic() + within_s
    while True:
        spans = traces.fetch(up.zipkin, trace_id)
        named = {span["name"]: span for span in spans}
        if expected <= named.keys():
            return named
        assert time.monotonic() < deadline, f"only {sorted(named)}"
        time.sleep(0.5)


def _search(up, tag: str) -> list[dict[str, Any]]:
    """All spans of the traces in which a span has that tag."""
    query = urllib.parse.urlencode({"annotationQuery": tag, "lookback": 600_000})
    url = f"{up.zipkin}/api/v2/traces?{query}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own store
        return [span for trace in json.load(answer) for span in trace]


def _assert_edges(named: dict[str, dict[str, Any]], topic: str, producer: str) -> None:
    entered = named[f"process {topic}"]
    assert entered["parentId"] == producer
    assert named[ACCEPTED]["parentId"] == entered["id"]
    assert named[ASSESSED]["parentId"] == named[ACCEPTED]["id"]
    assert named[SENT]["parentId"] == named[ASSESSED]["id"]
    services = [
        named[name]["localEndpoint"]["serviceName"]
        for name in (f"process {topic}", ACCEPTED, ASSESSED, SENT)
    ]
    assert services == ["intake", "assessor", "decider", "decider"]
    for name in (f"process {topic}", ACCEPTED, ASSESSED):
        assert int(named[name]["tags"]["sluice.kafka.dwell_ms"]) >= 0


def _assert_batch(up, named: dict[str, dict[str, Any]]) -> None:
    tags = named[ACCEPTED]["tags"]
    assert int(tags["sluice.model.compute_us"]) > 0
    trace_id, span_id = (tags[each] for each in BATCH)
    deadline = time.monotonic() + 30
    while not (spans := traces.fetch(up.zipkin, trace_id)) and time.monotonic() < deadline:
        time.sleep(0.5)
    (batch,) = [span for span in spans if span["id"] == span_id]
    assert int(batch["tags"]["sluice.batch.size"]) >= 1


def _action(up, trace_id: str) -> tuple[ActionRequested, str]:
    """The first action whose headers belong to the trace, and its traceparent."""
    consumer = Consumer({"bootstrap.servers": up.bootstrap_servers, "group.id": "test",
                         "enable.auto.commit": False})  # fmt: skip
    topic = ACTION_REQUESTED.name
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    deadline = time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            for message in consumer.consume(100, 0.5):
                headers = dict(message.headers() or ())
                traceparent = (headers.get("traceparent") or b"").decode()
                if trace_id in traceparent:
                    return ActionRequested.from_json(message.value() or b""), traceparent
    finally:
        consumer.close()
    raise AssertionError(f"no action in trace {trace_id}")


@pytest.fixture(scope="module", autouse=True)
def granted(up) -> None:
    """The operator has released the actions, as in the demonstration."""
    producing.grant(up.bootstrap_servers, "acme")


@pytest.mark.parametrize("flags", ["01", "00"], ids=["sampled", "not sampled"])
def test_every_edge_of_a_ticket(up, flags) -> None:
    """Whatever the producer's sampling flag says, a case that acted is there, whole."""
    body = {
        "ticket_id": f"T-{secrets.token_hex(4)}",
        "revision": 1,
        "subject": "Where is my order?",
        "message": {"id": "m1", "text": "My parcel SO-48213 was promised for Monday, where is it?"},
    }
    trace_id, span_id = _publish(up, TICKET_RECEIVED.name, "/helpdesk/acme", body, flags)
    named = _complete(up, trace_id, TICKET_RECEIVED.name)
    _assert_edges(named, TICKET_RECEIVED.name, span_id)
    _assert_batch(up, named)
    action, traceparent = _action(up, trace_id)
    # Several actions, several sends; what the receiver does belongs below its own.
    sends = {span["id"] for span in traces.fetch(up.zipkin, trace_id) if span["name"] == SENT}
    assert traceparent.split("-")[2] in sends
    assert named[ASSESSED]["tags"]["sluice.case.id"] == str(action.action.warrant.case_id)


def test_every_edge_of_a_notice(up) -> None:
    """A supply event with free text is read by a model and goes the same way."""
    body = {
        "event_id": secrets.token_hex(6),
        "family": "notice",
        "milestone": "notice",
        "classifier": "estimated",
        "occurred_at": "2026-11-19T14:05:00Z",
        "refs": [{"type": "po", "value": f"PO-{secrets.token_hex(4)}"}],
        "text": "Because of a broken kiln the delivery of this order will be two weeks late.",
    }
    trace_id, span_id = _publish(up, SUPPLY_EVENT_RECEIVED.name, "/suppliers/acme", body, "00")
    named = _complete(up, trace_id, SUPPLY_EVENT_RECEIVED.name)
    _assert_edges(named, SUPPLY_EVENT_RECEIVED.name, span_id)
    _assert_batch(up, named)


def test_a_producer_without_a_trace_gets_a_root_of_ours(up) -> None:
    """Not every producer traces; the case has one trace all the same."""
    producer = Producer({"bootstrap.servers": up.bootstrap_servers})
    ticket = f"T-{secrets.token_hex(4)}"
    body = {"ticket_id": ticket, "revision": 1, "message": {"id": "m", "text": "Where is it?"}}
    headers = {"ce_specversion": "1.0", "ce_id": ticket, "ce_source": "/helpdesk/acme",
               "ce_type": TICKET_RECEIVED.name, "content-type": "application/json"}  # fmt: skip
    producer.produce(TICKET_RECEIVED.name, json.dumps(body), headers=headers)
    assert producer.flush(30) == 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        spans = _search(up, f"sluice.subject=acme|ticket:helpdesk/{ticket}")
        roots = [span for span in spans if span["name"] == f"process {TICKET_RECEIVED.name}"]
        if roots:
            assert "parentId" not in roots[0]
            return
        time.sleep(0.5)
    raise AssertionError("no trace of the ticket")
