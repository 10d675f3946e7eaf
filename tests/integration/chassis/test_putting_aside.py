"""Dead letters on the real broker: exactly what came, waited for, and limited."""

import os
import subprocess
import sys

import pytest
from confluent_kafka import Producer

from services.chassis.redrive import letter_of
from topics import MIB
from topics.dead_letters import HEADROOM

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def _largest_that_fits(workshop, topic: str, key: bytes, limit: int) -> bytes:
    """The broker takes it, and refuses a byte more."""
    producer = Producer({"bootstrap.servers": workshop.bootstrap, "message.max.bytes": 10**7})
    taken, refused = limit - 300, limit
    noise = os.urandom(limit)
    while refused - taken > 1:
        size = (taken + refused) // 2
        fate: list[object] = []
        producer.produce(
            topic, noise[:size], key=key, on_delivery=lambda error, _, fate=fate: fate.append(error)
        )
        producer.flush(10)
        taken, refused = (taken, size) if fate[0] else (size, refused)
    return noise[:taken]


def test_what_is_put_aside_is_what_came_byte_for_byte(workshop) -> None:
    """Null, empty, no UTF-8, no key, repeated headers, exactly at its topic's limit."""
    limit = MIB
    workshop.create(topic := f"outside.{workshop.id}", **{"max.message.bytes": str(limit)})
    workshop.configure(workshop.dead_letters, **{"max.message.bytes": str(limit + HEADROOM)})
    at_limit = _largest_that_fits(workshop, topic, b"acme|limit", limit)
    came = [
        (None, None, ()),
        (b"", b"acme|empty", ()),
        (b"\xff\xfe\x00", b"\xff", (("h", b"1"), ("h", b"2"), ("null", None))),
        (b"{broken", b"acme|json", (("content-type", b"application/json"),)),
    ]
    producer = Producer({"bootstrap.servers": workshop.bootstrap})
    for value, key, headers in came:
        producer.produce(topic, value, key=key, headers=list(headers))
    assert producer.flush(10) == 0
    worker = workshop.start(topic, TEST_REJECT_ON="")
    workshop.wait_done(topic)
    assert worker.end() == 0
    letters = workshop.put_aside()
    assert sum(workshop.ends(workshop.out)) == 0
    assert len(letters) == sum(workshop.ends(topic))
    plain = [
        (each.value, each.key, tuple(h for h in each.headers if not h[0].startswith("sluice-")))
        for each in letters
    ]
    for expected in came:
        assert plain.count(expected) == 1
    assert (at_limit, b"acme|limit", ()) in plain
    origins = {letter_of(each, workshop.group, ()).origin for each in letters}
    assert len(origins) == len(letters), "each names the one record it was"


# Clients in some languages take bytes for a header's name; in Python only one can be made to.
_FOREIGN_CLIENT = r"""
import asyncio, sys
from aiokafka import AIOKafkaProducer

class Odd(str):
    def encode(self, *_):
        return b"ce_\xff"

async def main(servers, topic):
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        await producer.send_and_wait(topic, b"odd", b"0", headers=[(Odd("ce_"), b"1")], partition=0)

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_header_s_name_that_is_no_utf_8_stops_nobody(workshop) -> None:
    """One producer's record that aiokafka cannot read: put aside with its bytes, others go on."""
    workshop.create(topic := f"outside.{workshop.id}")
    workshop.feed(topic, 50)
    subprocess.run(
        [sys.executable, "-c", _FOREIGN_CLIENT, workshop.bootstrap, topic],
        env={**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"}, check=True, timeout=30,
    )  # fmt: skip
    workshop.feed(topic, 50)
    worker = workshop.start(topic, TEST_REJECT_ON="odd")
    workshop.wait_done(topic)
    assert worker.end() == 0
    (letter,) = workshop.put_aside()
    assert (letter.value, letter.key, letter.headers[0]) == (b"odd", b"0", (r"ce_\xff", b"1"))
    assert sum(workshop.ends(workshop.out)) == 100


def test_while_dead_letters_cannot_be_written_nothing_is_acknowledged(workshop, wait) -> None:
    """Its topic refuses writes: the lane is held as in any outage, the others go on; then it ends.

    Nothing is dropped, nothing is put aside twice, and the same process goes on.
    """
    workshop.create(topic := f"in.{workshop.id}")
    # Every record is older than that when it arrives.
    workshop.configure(workshop.dead_letters, **{"message.timestamp.before.max.ms": "0"})
    workshop.feed(topic, 200)
    workshop.feed(topic, 1, value=b"poison")
    workshop.feed(topic, 200)
    worker = workshop.start(
        topic, TEST_REJECT_ON="poison", SLUICE_KAFKA_DELIVERY_TIMEOUT_S="2", TEST_CHUNK="1"
    )
    wait(lambda: worker.check("delivery") is False, 30, "the lane is held")
    assert workshop.dead_letters in worker.health()["checks"]["delivery"]["detail"]
    lanes = range(4)

    def behind() -> list[int]:
        done, ends = workshop.committed(topic), workshop.ends(topic)
        return [lane for lane in lanes if done[lane] < ends[lane]]

    wait(lambda: len(behind()) == 1, 30, "the other lanes go on")
    assert workshop.put_aside() == []
    before = workshop.committed(topic)
    wait(lambda: worker.check("delivery") is False, 5, "and it is held still")
    assert workshop.committed(topic) == before
    workshop.configure(workshop.dead_letters, **{"message.timestamp.before.max.ms": "3600000"})
    workshop.wait_done(topic)
    (letter,) = workshop.put_aside()
    assert letter.value == b"poison"
    assert worker.check("delivery") is True
    assert worker.end() == 0
    found = workshop.echoes()
    assert len(found.times) == sum(found.times.values()) == 400
    assert found.disorder == 0


def test_a_bad_deploy_ends_the_process_before_it_drains_the_topic(workshop) -> None:
    """Records of two tenants crash: the limit ends it, and the next version finds the rest."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 600, value=b"case", tenants="acme globex")
    bad = workshop.start(topic, TEST_BUG_ON="case", TEST_LIMIT="20", TEST_CHUNK="4")
    assert bad.process.wait(40) == 1
    assert bad.says("dead-letter limit: 20 records failed by our own fault")
    letters = len(workshop.put_aside())
    # Four lanes count together; what a lane has sent when the limit is met is confirmed or not.
    assert letters <= 20 + 4 * 4
    assert sum(workshop.committed(topic)) <= letters
    workshop.start(topic)
    workshop.wait_done(topic)
    assert len(workshop.echoes().times) >= 600 - letters


def test_one_tenant_s_flood_costs_only_that_tenant(workshop) -> None:
    """Its 300 records crash and are put aside; every case of the others goes through."""
    workshop.create(topic := f"in.{workshop.id}")
    for _ in range(3):
        workshop.feed(topic, 100, value=b"garbage", tenants="flood flood")
        workshop.feed(topic, 70, value=b"case", tenants="acme globex")
    worker = workshop.start(topic, TEST_BUG_ON="garbage", TEST_LIMIT="20")
    workshop.wait_done(topic)
    assert worker.end() == 0
    letters = workshop.put_aside()
    assert len(letters) == 300
    assert {each.header("sluice-dead-letter-reason") for each in letters} == {"crashed"}
    assert not any(b"garbage" in (value or b"") for each in letters for _, value in each.headers), (
        "what an exception says may quote its record"
    )
    assert len(workshop.echoes().times) == 210
