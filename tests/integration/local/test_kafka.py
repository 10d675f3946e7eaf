"""The broker that development and tests use keeps what it confirmed, whatever is done to it."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from infra.local import places
from infra.local.kafka import KafkaBroker

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker that these tests may kill; each leaves it running."""
    with contextlib.ExitStack() as stack:
        yield started(tmp_path_factory.mktemp("own"), stack)


def started(folder: Path, stack: contextlib.ExitStack) -> KafkaBroker:
    """A ready broker that is stopped with the stack."""
    broker = KafkaBroker(folder)
    broker.prepare()
    broker.start()
    stack.callback(broker.stop)
    broker.wait_ready()
    return broker


def make_topic(bootstrap_servers: str, partitions: int = 1) -> str:
    """A topic with a name of its own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
    return name


def produce(bootstrap_servers: str, topic: str, count: int) -> list[bytes]:
    """Confirmed records."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, "enable.idempotence": True})
    values = [str(number).encode() for number in range(count)]
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0
    return values


def read(bootstrap_servers: str, topic: str, count: int) -> list[bytes]:
    """So many records from the start of partition 0."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "read"})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        found: list[bytes] = []
        while len(found) < count:
            messages = consumer.consume(count - len(found), 30)
            assert messages, "no record for 30 s"
            found += [message.value() for message in messages if message.error() is None]
        return found
    finally:
        consumer.close()


def test_the_session_broker_answers(broker) -> None:
    """Whichever serves, it is a real one: a record goes in and comes out."""
    topic = make_topic(broker.bootstrap_servers)
    values = produce(broker.bootstrap_servers, topic, 3)
    assert read(broker.bootstrap_servers, topic, 3) == values


def test_a_killed_broker_keeps_data_and_address(own: KafkaBroker) -> None:
    """Kill -9 and start: confirmed records are there, clients need no new address."""
    topic = make_topic(own.bootstrap_servers)
    values = produce(own.bootstrap_servers, topic, 500)
    before = own.bootstrap_servers
    own.kill()
    assert not own.running
    assert not own.is_ready()
    own.start()
    own.wait_ready()
    assert own.bootstrap_servers == before
    assert read(before, topic, 500) == values


def test_a_paused_broker_is_silent_and_comes_back(own: KafkaBroker) -> None:
    """SIGSTOP makes it unready without ending it."""
    own.pause()
    assert own.running
    assert not own.is_ready()
    own.resume()
    own.wait_ready(20)


def test_a_mistyped_topic_is_an_error(own: KafkaBroker) -> None:
    """Topics are made by provisioning alone: a producer that asks for one does not make it."""
    producer = Producer({"bootstrap.servers": own.bootstrap_servers, "message.timeout.ms": 2000})
    errors: list[KafkaError | None] = []
    producer.produce("no-such-topic", b"x", on_delivery=lambda error, _: errors.append(error))
    producer.flush(20)
    assert [error is not None for error in errors] == [True]
    admin = AdminClient({"bootstrap.servers": own.bootstrap_servers})
    assert "no-such-topic" not in admin.list_topics(timeout=10).topics


def test_data_outlives_a_change_of_ports(tmp_path: Path) -> None:
    """Where another program took a port meanwhile, the broker moves and keeps its data."""
    with contextlib.ExitStack() as stack:
        first = started(tmp_path, stack)
        topic = make_topic(first.bootstrap_servers)
        values = produce(first.bootstrap_servers, topic, 10)
        first.stop()
        assert places.is_free(int(first.bootstrap_servers.rpartition(":")[2]))
        moved = started(tmp_path, stack)
        assert moved.bootstrap_servers != first.bootstrap_servers
        assert read(moved.bootstrap_servers, topic, 10) == values
