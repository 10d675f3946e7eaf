"""The same thing again: by its producer, by an operator, through every partition."""

import os
import random
import string
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from infra.resilience import load
from tests.flows import judged
from topics.support import TICKET_RECEIVED

_TEXT = "Where is my refund? I sent the shoes back two weeks ago."


def _everywhere(given: load.Given) -> list[load.Given]:
    """To every partition, twice."""
    return [replace(given, partition=number) for _, number in product(range(2), range(4))]


def test_one_ticket_through_every_partition_and_twice_is_decided_once(flow, oracle) -> None:
    """The event's own id makes the case, wherever its producer puts it and however often."""
    ticket = load.ticket("t-everywhere", "north", _TEXT)
    published = flow.publish(_everywhere(ticket))
    judged(flow, published, oracle)
    assert len({case for each in published for case in each.cases}) == 1


def test_without_an_id_each_record_is_an_event_and_still_no_effect_comes_twice(flow) -> None:
    """Bare records are told apart by their place; what they ask for is claimed by the first."""
    ticket = replace(
        load.ticket("t-bare", "quay", _TEXT),
        headers=(("content-type", b"application/json"),),
        events=(None,),
    )
    published = flow.publish(_everywhere(ticket))
    found = judged(flow, published)
    cases = {case for each in published for case in each.cases}
    assert len(cases) == 8
    asked = {action for case in cases for action in found.cases[case].promised}
    does = [what for action in asked for what in found.actions[action]]
    assert does
    assert len(does) == len(set(does)), "the same was asked for twice"


def test_a_dead_letter_redriven_twice_is_decided_once(flow) -> None:
    """No source knew it; the operator adds one and sends all dead letters through, twice."""
    dice = random.Random(31)  # noqa: S311 - repeatable, not secret
    late = replace(
        load.ticket("t-late", "north", _TEXT),
        headers=load.headers(TICKET_RECEIVED.name, "/helpdesk/north-two", "t-late"),
        source="helpdesk-two",
        must="redriven",
    )
    published = flow.publish([late, *(load.broken(f"b-{n}", "north", dice) for n in range(20))])
    found = flow.settle(published[1:], within_s=60)
    assert published[0].places[0][:3] in found.letters
    assert not published[0].cases.keys() & found.cases.keys()
    with flow.sources.open("a", encoding="utf-8") as file:
        file.write(
            "  - {name: helpdesk-two, tenant: north, topic: support.ticket.received.v1,"
            " ce_source: /helpdesk/north-two, format: sluice-ticket}\n"
        )
    for intake in flow.of("intake"):
        intake.stop()
        intake.start()
    flow.await_ready()
    for _ in range(2):
        _redrive_all(flow)
    judged(flow, published)
    (case,) = published[0].cases
    assert flow.look().cases[case].promised, "it was read and acted upon"


def _redrive_all(flow) -> None:
    command = [sys.executable, "-m", "services.cli.main", "dead-letters", "redrive", "--execute"]
    chosen = ["--service", "intake", "--since", "1h"]
    place = ["--bootstrap-servers", flow.broker.bootstrap_servers]
    subprocess.run(
        [*command, *chosen, *place], env=os.environ, check=True, timeout=60, capture_output=True
    )


@pytest.mark.parametrize("sound", [True, False], ids=["sound", "broken"])
def test_the_largest_record_that_fits_ends_like_any_other(flow, sound) -> None:
    """Exactly at its topic's limit: decided with its text cut, or a dead letter byte for byte."""
    dice = random.Random(32)  # noqa: S311 - repeatable, not secret
    # Random: a record that shrinks by compression would not be at any limit further on.
    letters = "".join(dice.choices(string.ascii_letters, k=TICKET_RECEIVED.max_message_bytes))

    def sized(count: int) -> load.Given:
        given = load.ticket(f"t-largest-{sound}", "north", letters[:count])
        if sound:
            return given
        assert given.value is not None
        return replace(given, value=given.value[:-1], events=(), must="dead-letter")

    largest = _largest(flow.broker.bootstrap_servers, sized)
    judged(flow, flow.publish([sized(largest)]))


def _largest(bootstrap_servers: str, sized: Callable[[int], load.Given]) -> int:
    """The greatest size that a topic with the tickets' limit takes, tried on one of its own."""
    probe, limit = f"probe.{uuid.uuid4().hex}", TICKET_RECEIVED.max_message_bytes
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    topic = NewTopic(probe, 1, 1, config={"max.message.bytes": str(limit)})
    admin.create_topics([topic])[probe].result(20)
    low, high = limit - 2_000, limit
    while low + 1 < high:
        middle = (low + high) // 2
        try:
            load.publish(bootstrap_servers, [replace(sized(middle), topic=probe)])
        except RuntimeError as error:
            if "MSG_SIZE_TOO_LARGE" not in str(error):
                raise
            high = middle
        else:
            low = middle
    admin.delete_topics([probe])[probe].result(20)
    return low
