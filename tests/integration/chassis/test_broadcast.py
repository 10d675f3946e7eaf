"""Broadcast topics: whole before the first partition, and still whole at every takeover."""

import asyncio

import pytest

from schemas.base import Event
from services.chassis.errors import Outage
from services.chassis.kafka.broadcast import Broadcast
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.record import Message, Record
from topics import Topic

pytestmark = pytest.mark.kafka


class Reader:
    """What was applied and what could not be."""

    def __init__(self) -> None:
        self.applied: list[bytes | None] = []
        self.unreadable: list[int] = []

    def apply(self, record: Record) -> None:
        """All but garbage."""
        if record.value == b"garbage":
            raise ValueError("not JSON")
        self.applied.append(record.value)

    def missed(self, record: Record, _: Exception) -> None:
        """What could not be applied."""
        self.unreadable.append(record.offset)


@pytest.fixture
async def followed(workshop):
    """A broadcast over 700 records, one of them unreadable; closed afterwards."""
    name = f"control.{workshop.id}"
    workshop.create(name, partitions=1)
    workshop.feed(name, 600)
    workshop.feed(name, 1, value=b"garbage")
    workshop.feed(name, 99)
    reader = Reader()
    topic: Topic[Event] = Topic(
        name=name,
        event=None,
        key="any",
        writers=("operator",),
        readers=(),
        description="test",
        partitions=1,
    )
    broadcast = Broadcast(topic, reader.apply, on_unreadable=reader.missed)
    yield broadcast, reader
    await broadcast.close()


async def test_start_returns_when_all_of_it_is_applied(workshop, followed) -> None:
    """Also past an unreadable record, which is told and blocks nothing."""
    broadcast, reader = followed
    assert broadcast.stale(1e9)
    await broadcast.start(workshop.settings)
    assert len(reader.applied) == 699
    assert reader.unreadable == [600]
    assert not broadcast.stale(5)


async def test_confirm_end_waits_for_what_was_written_before_it(workshop, followed) -> None:
    """A stop that an operator saw confirmed is known at the next takeover."""
    broadcast, reader = followed
    await broadcast.start(workshop.settings)
    publisher = KafkaPublisher(workshop.settings, client_id="operator")
    for number in range(5):
        value = b"stop %d" % number
        await publisher.send([Message(broadcast.topic.name, b"k", value)])
        await broadcast.confirm_end()
        assert reader.applied[-1] == value
    await publisher.close()


async def test_many_takeovers_at_once_are_confirmed_together(workshop, followed) -> None:
    """24 lanes ask in the same moment; all get their answer."""
    broadcast, _ = followed
    await broadcast.start(workshop.settings)
    await asyncio.gather(*(broadcast.confirm_end() for _ in range(24)))


async def test_an_end_that_cannot_be_confirmed_is_an_outage(workshop, followed) -> None:
    """Without an answer of the broker nobody may act on what he knows."""
    broadcast, _ = followed
    nobody = workshop.settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    starting = asyncio.create_task(broadcast.start(nobody))
    await asyncio.sleep(0.1)
    with pytest.raises(Outage, match="not confirmed"):
        await broadcast.confirm_end(timeout_s=0.5)
    assert broadcast.stale(10)
    starting.cancel()
