"""The declared topics on the session's broker, empty at the start of every test."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from services.chassis.kafka.provisioning import apply
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.reading import LogReader, reading_config
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.record import Message, Record
from services.cli.main import cli
from topics.catalog import ALL

PARTITIONS = 4


@dataclass
class Desk:
    """An operator's: the command, and what is really in the topics."""

    kafka: KafkaSettings

    def run(self, *words: str) -> Result:
        """The `sluice` command in this process; its errors are raised."""
        environment = {"SLUICE_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers}
        return CliRunner().invoke(cli, words, env=environment, catch_exceptions=False)

    def ends(self) -> dict[str, list[int]]:
        """Of every topic."""
        consumer = Consumer(reading_config(self.kafka))
        try:
            there = consumer.list_topics(timeout=10).topics
            return {
                topic.name: [
                    consumer.get_watermark_offsets(TopicPartition(topic.name, n), timeout=10)[1]
                    for n in there[topic.name].partitions
                ]
                for topic in ALL
            }
        finally:
            consumer.close()

    def records(self, topic: str) -> list[Record]:
        """All that a topic holds, oldest first."""
        reader = LogReader(self.kafka)
        found = [
            record
            for number in range(reader.partitions(topic))
            for batch in reader.read_all(topic, number)
            for record in batch
        ]
        return sorted(found, key=lambda each: each.timestamp_ms)

    def write(self, *messages: Message) -> None:
        """Confirmed, as a service writes."""

        async def send() -> None:
            publisher = KafkaPublisher(self.kafka, client_id="test")
            await publisher.send(messages)
            await publisher.close()

        asyncio.run(send())


@pytest.fixture
def desk(broker) -> Desk:
    """Every topic as declared, and empty."""
    client = {"bootstrap.servers": broker.bootstrap_servers}
    admin = AdminClient(client)
    names = {topic.name for topic in ALL}

    def old() -> list[str]:
        return sorted(names & set(admin.list_topics(timeout=10).topics))

    for future in (admin.delete_topics(old()) if old() else {}).values():
        future.result(20)
    until(lambda: not old(), 20, "the topics of the last test are gone")
    assert apply(client, partitions=PARTITIONS, replication=1) == []
    settings = KafkaSettings(
        bootstrap_servers=broker.bootstrap_servers,
        chain_partitions=PARTITIONS,
        delivery_timeout_s=10,
    )
    made = Desk(settings)
    until(lambda: _led(made), 20, "every partition has its leader")
    return made


def _led(desk: Desk) -> bool:
    try:
        return not any(sum(ends) for ends in desk.ends().values())
    except KafkaException:
        return False


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    """Wait for a condition; fails the test with the reason."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s: {why}"
        time.sleep(0.1)


@pytest.fixture
def wait() -> Callable[[Callable[[], object], float, str], None]:
    """`until`, for tests."""
    return until
