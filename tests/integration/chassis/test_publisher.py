"""The one way out: positions, order, the partitioner of the other clients, honest failures."""

import os

import pytest
from aiokafka.partitioner import DefaultPartitioner

from services.chassis.errors import Outage, Refused
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.reading import LogReader
from services.chassis.record import Message

pytestmark = pytest.mark.kafka


@pytest.fixture
async def publisher(workshop):
    """Closed after the test."""
    made = KafkaPublisher(workshop.settings, client_id="test")
    yield made
    await made.close()


async def _read(workshop, topic: str, partition: int) -> list[bytes | None]:
    reader = LogReader(workshop.settings)
    return [record.value async for record in reader.read(topic, partition, 0)]


async def test_positions_come_back_in_the_order_of_the_messages(workshop, publisher) -> None:
    """Each message's own position is at its own index, over several partitions."""
    messages = [
        Message(workshop.out, b"k", b"%d" % number, partition=number % 3) for number in range(30)
    ]
    positions = await publisher.send(messages)
    assert [position.partition for position in positions] == [n % 3 for n in range(30)]
    for partition in range(3):
        offsets = [each.offset for each in positions if each.partition == partition]
        assert offsets == list(range(10))
        values = await _read(workshop, workshop.out, partition)
        assert values == [b"%d" % n for n in range(partition, 30, 3)]


async def test_order_holds_between_sends_that_nobody_awaited_yet(workshop, publisher) -> None:
    """The call hands over; the await only waits."""
    sends = [publisher.send([Message(workshop.out, b"k", b"%d" % n)]) for n in range(200)]
    positions = [(await send)[0].offset for send in reversed(sends)]
    assert positions == sorted(positions, reverse=True)


async def test_nothing_to_send_is_confirmed_at_once(publisher) -> None:
    """An empty send has no positions and waits for nothing."""
    assert await publisher.send([]) == ()


async def test_keys_land_where_every_murmur2_client_puts_them(workshop, publisher) -> None:
    """Parity with aiokafka's (the Java client's) partitioner for 500 keys of all lengths."""
    keys = [f"tenant-{n}|ticket:{'x' * (n % 17)}{n}".encode() for n in range(500)]
    positions = await publisher.send([Message(workshop.out, key, b"") for key in keys])
    everyone = list(range(4))
    expected = [DefaultPartitioner()(key, everyone, everyone) for key in keys]
    assert [position.partition for position in positions] == expected


async def test_headers_tombstones_and_empty_values_arrive_as_sent(workshop, publisher) -> None:
    """Null is not empty, and header order and repetition are kept."""
    headers = (("a", b"1"), ("a", b"2"), ("b", b""))
    await publisher.send(
        [
            Message(workshop.out, b"k", None, headers, partition=0),
            Message(workshop.out, None, b"", partition=0),
        ]
    )
    first, second = [r async for r in LogReader(workshop.settings).read(workshop.out, 0, 0)]
    assert (first.key, first.value, first.headers) == (b"k", None, headers)
    assert (second.key, second.value, second.headers) == (None, b"", ())


@pytest.mark.parametrize("size", [20_000, 17 * 1024 * 1024])
async def test_a_message_over_the_topic_limit_is_refused_alone(workshop, publisher, size) -> None:
    """By the broker or already by the client; the producer goes on afterwards."""
    workshop.create(small := f"small.{workshop.id}", **{"max.message.bytes": "10000"})
    # Compressible text would pass the broker's limit.
    message = Message(small, b"k", os.urandom(size))
    with pytest.raises(Refused, match="MSG_SIZE_TOO_LARGE"):
        await publisher.send([message])
    position = (await publisher.send([Message(small, b"k", b"fits")]))[0]
    assert position.offset == 0


async def test_a_missing_topic_is_an_outage_not_the_message_s_fault(publisher) -> None:
    """Nothing is dead-lettered because an operator forgot a topic."""
    with pytest.raises(Outage, match=r"not confirmed: nobody\.made\.this"):
        await publisher.send([Message("nobody.made.this", b"k", b"v")])


async def test_no_broker_is_an_outage_within_the_delivery_timeout(workshop) -> None:
    """What was never confirmed says so, and close does not hang on it."""
    settings = workshop.settings.model_copy(
        update={"bootstrap_servers": "127.0.0.1:1", "delivery_timeout_s": 1.0}
    )
    publisher = KafkaPublisher(settings, client_id="test")
    with pytest.raises(Outage, match="not confirmed"):
        await publisher.send([Message("any", b"k", b"v")])
    await publisher.close()
