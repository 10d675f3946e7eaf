"""One contract for both logs: what the unit tests' broker in memory does, Kafka does."""

import pytest

from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.reading import LogReader
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.ports import Publisher
from services.chassis.record import Message
from services.decider.ports import Log
from tests.fakes_decider import JOURNAL, MemoryBroker

pytestmark = pytest.mark.kafka

World = tuple[Log, Publisher]


@pytest.fixture(params=["memory", "kafka"])
def world(request: pytest.FixtureRequest) -> World:
    """A log and the way into it."""
    if request.param == "memory":
        broker = MemoryBroker()
        return broker, broker
    settings: KafkaSettings = request.getfixturevalue("kafka")
    publisher: KafkaPublisher = request.getfixturevalue("publisher")
    return LogReader(settings), publisher


def _messages(*values: str, partition: int = 2) -> list[Message]:
    return [Message(JOURNAL, b"acme", value.encode(), partition=partition) for value in values]


async def _read(log: Log, start: int, end: int) -> list[tuple[int, bytes | None]]:
    return [(r.offset, r.value) async for r in log.read(JOURNAL, 2, start, end)]


async def test_offsets_count_up_from_zero_and_are_reported(world: World) -> None:
    """An append's offset is what the next entry's is computed from."""
    log, publisher = world
    assert await log.end_offset(JOURNAL, 2) == 0
    positions = await publisher.send(_messages("a", "b", "c"))
    assert [p.offset for p in positions] == [0, 1, 2]
    assert {p.partition for p in positions} == {2}
    assert await log.begin_offset(JOURNAL, 2) == 0
    assert await log.end_offset(JOURNAL, 2) == 3
    assert await log.end_offset(JOURNAL, 1) == 0


async def test_reading_is_half_open_and_in_order(world: World) -> None:
    """`start` is included, `end` is not."""
    log, publisher = world
    await publisher.send(_messages("a", "b", "c", "d"))
    assert await _read(log, 1, 3) == [(1, b"b"), (2, b"c")]
    assert await _read(log, 3, 3) == []


async def test_sends_keep_their_order_before_they_are_awaited(world: World) -> None:
    """Two sends in a row are two runs in the log, however they are awaited."""
    log, publisher = world
    first = publisher.send(_messages("a", "b"))
    second = publisher.send(_messages("c"))
    assert [p.offset for p in await second] == [2]
    assert [p.offset for p in await first] == [0, 1]
    assert [value for _, value in await _read(log, 0, 3)] == [b"a", b"b", b"c"]


async def test_keys_and_headers_come_back_byte_for_byte(world: World) -> None:
    """What is emitted again must be the same record."""
    log, publisher = world
    headers = (("ce_id", b"1"), ("traceparent", b"00-1-2-01"), ("x", b"\xff"))
    await publisher.send([Message(JOURNAL, b"\x00k", "ü".encode(), headers, partition=2)])
    [record] = [r async for r in log.read(JOURNAL, 2, 0, 1)]
    assert (record.key, record.value, record.headers) == (b"\x00k", "ü".encode(), headers)


async def test_the_cluster_has_an_id(kafka: KafkaSettings) -> None:
    """A snapshot belongs to one cluster."""
    first, again = await LogReader(kafka).cluster_id(), await LogReader(kafka).cluster_id()
    assert first == again
    assert first not in {"", "None"}
