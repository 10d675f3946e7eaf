"""What a service refuses: topics that are not there, another count, offsets that are missing."""

import time

import pytest
from confluent_kafka import Producer, TopicPartition

from services.chassis.errors import ConfigurationError
from services.chassis.kafka.groups import Groups

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def test_a_missing_topic_stops_the_start_and_names_the_remedy(workshop) -> None:
    """Exit code 78 and one plain line; nothing is joined."""
    worker = workshop.start(f"nobody.made.{workshop.id}")
    assert worker.process.wait(30) == 78
    assert worker.says(f"lacks nobody.made.{workshop.id}. Create the topics: sluice topics apply")


def test_another_partition_count_stops_the_start(workshop) -> None:
    """Keys would have moved: partition n would not be what its state was made with."""
    workshop.create(topic := f"in.{workshop.id}", partitions=5)
    worker = workshop.start(topic)
    assert worker.process.wait(30) == 78
    assert worker.says(f"SLUICE_KAFKA_CHAIN_PARTITIONS is 4, but {topic} has 5")


def _cut(workshop, topic: str) -> None:
    """Take away what nobody has read yet, but for the last few."""
    cuts = [TopicPartition(topic, n, end - 5) for n, end in enumerate(workshop.ends(topic))]
    for future in workshop.admin.delete_records(cuts).values():
        future.result(10)


@pytest.mark.parametrize("name", ["in", "outside"])
def test_records_gone_unread_are_a_crash_on_our_own_topics_alone(workshop, wait, name) -> None:
    """Our own: exit 1, naming the offset; an outside one: its owner's retention, it goes on.

    A loss that an operator accepts is exactly what is missing; then it goes on behind it.
    """
    workshop.create(topic := f"{name}.{workshop.id}")
    workshop.feed(topic, 400)
    first = workshop.start(topic)
    workshop.wait_done(topic)
    assert first.end() == 0
    read = workshop.committed(topic)
    workshop.feed(topic, 400)
    _cut(workshop, topic)
    second = workshop.start(topic)
    if name == "outside":
        workshop.wait_done(topic)
        assert second.end() == 0
        return
    assert second.process.wait(40) == 1
    assert second.says("Records of ours are missing from the log")
    assert workshop.committed(topic) == read
    groups = Groups(workshop.settings)
    losses = [groups.loss(each) for each in groups.standings(workshop.group)]
    assert [(loss.first, loss.until) for loss in losses] == [
        (done, end - 5) for done, end in zip(read, workshop.ends(topic), strict=True)
    ]
    for loss in losses:
        groups.accept(workshop.group, loss)
    third = workshop.start(topic)
    workshop.wait_done(topic)
    with pytest.raises(ConfigurationError, match="Stop all its processes first"):
        groups.accept(workshop.group, losses[0])
    assert third.end() == 0
    assert len(workshop.echoes().times) == 400 + 4 * 5


def test_aborted_transactions_of_outside_producers_are_not_seen(workshop) -> None:
    """Read committed: their records and markers are holes, no loss and no standstill."""
    workshop.create(topic := f"outside.{workshop.id}")
    producer = Producer(
        {"bootstrap.servers": workshop.bootstrap, "transactional.id": f"t-{workshop.id}"}
    )
    producer.init_transactions(10)
    for number in range(6):
        producer.begin_transaction()
        for _ in range(10):
            producer.produce(topic, b"good" if number % 2 else b"aborted", key=b"%d" % number)
        if number % 2:
            producer.commit_transaction(10)
        else:
            producer.abort_transaction(10)
    worker = workshop.start(topic, SLUICE_KAFKA_STANDSTILL_S="5")
    _seen(workshop, 30)
    time.sleep(8)
    assert worker.process.poll() is None, "markers at the end are not taken for lag"
    assert worker.end() == 0
    assert len(workshop.echoes().times) == 30


def _seen(workshop, count: int) -> None:
    deadline = time.monotonic() + 30
    while sum(workshop.ends(workshop.out)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.2)
