"""Logs read without a group: exact ranges, and holes that are told from ends."""

import pytest
from confluent_kafka import Producer, TopicPartition

from services.chassis.errors import Crash, Outage
from services.chassis.kafka.reading import LogReader

pytestmark = pytest.mark.kafka


@pytest.fixture
def log(workshop) -> str:
    """A topic of one partition with 1,200 records."""
    workshop.create(name := f"log.{workshop.id}", partitions=1)
    workshop.feed(name, 1_200)
    return name


async def test_a_log_is_read_to_where_it_ended_at_the_call(workshop, log) -> None:
    """All records, in order, once; begin and end are the log's own."""
    reader = LogReader(workshop.settings)
    offsets = [record.offset async for record in reader.read(log, 0, 0)]
    assert offsets == list(range(1_200))
    assert await reader.begin_offset(log, 0) == 0
    assert await reader.end_offset(log, 0) == 1_200


async def test_a_range_is_read_exactly(workshop, log) -> None:
    """From inclusive, to exclusive; an empty range reads nothing and waits for nothing."""
    reader = LogReader(workshop.settings)
    assert [r.offset async for r in reader.read(log, 0, 700, 703)] == [700, 701, 702]
    assert [r.offset async for r in reader.read(log, 0, 1_200)] == []


async def test_a_start_before_the_log_is_a_crash(workshop, log) -> None:
    """What retention took away must not be taken for nothing."""
    workshop.admin.delete_records([TopicPartition(log, 0, 500)])[
        TopicPartition(log, 0, 500)
    ].result(10)
    reader = LogReader(workshop.settings)
    assert await reader.begin_offset(log, 0) == 500
    with pytest.raises(Crash, match="offset 10 is gone, the log begins at 500"):
        _ = [record async for record in reader.read(log, 0, 10)]


async def test_a_hole_is_a_crash_unless_holes_are_expected(workshop) -> None:
    """A transaction's marker stands for a lost record; it ends a read like an end."""
    workshop.create(name := f"holed.{workshop.id}", partitions=1)
    producer = Producer(
        {"bootstrap.servers": workshop.bootstrap, "transactional.id": f"t-{workshop.id}"}
    )
    producer.init_transactions(10)
    for _ in range(2):
        producer.begin_transaction()
        producer.produce(name, b"v")
        producer.commit_transaction(10)
    reader = LogReader(workshop.settings)
    assert [r.offset async for r in reader.read(name, 0, 0, holes=True)] == [0, 2]
    with pytest.raises(Crash, match="offset 1 is missing, got 2"):
        _ = [record async for record in reader.read(name, 0, 0)]


async def test_no_broker_is_an_outage(workshop, monkeypatch) -> None:
    """Not an empty log."""
    monkeypatch.setattr("services.chassis.kafka.reading._ANSWER_S", 0.5)
    reader = LogReader(workshop.settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1"}))
    with pytest.raises(Outage):
        await reader.end_offset("any", 0)
