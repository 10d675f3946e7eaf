"""A real broker for the decider: the declared topics, made anew for every test."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from infra.local.kafka import KafkaBroker
from schemas.automation.action import Autonomy
from schemas.automation.control import AutonomyGrant
from services.chassis.kafka.provisioning import apply
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.settings import KafkaSettings
from tests.broker import native_broker
from tests.integration.decider.house import TENANTS, House
from topics.catalog import ALL

PARTITIONS = 4


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Apache Kafka, native, on free ports of loopback."""
    with native_broker(tmp_path_factory.mktemp("kafka")) as made:
        yield made


@pytest.fixture
def kafka(broker: KafkaBroker) -> KafkaSettings:
    """Settings of a broker whose topics are empty and as declared."""
    settings = KafkaSettings(
        bootstrap_servers=broker.bootstrap_servers,
        chain_partitions=PARTITIONS,
        session_timeout_s=6,
        heartbeat_interval_s=1,
        delivery_timeout_s=10,
    )
    client = {"bootstrap.servers": broker.bootstrap_servers}
    admin = AdminClient(client)
    names = {topic.name for topic in ALL}
    old = names & set(admin.list_topics(timeout=10).topics)
    if old:
        for future in admin.delete_topics(sorted(old)).values():
            future.result(20)
    deadline = time.monotonic() + 40
    while names & set(admin.list_topics(timeout=10).topics):
        assert time.monotonic() < deadline, "topics are not gone"
        time.sleep(0.05)
    assert apply(client, partitions=PARTITIONS, replication=1) == []
    while not _led(admin):
        assert time.monotonic() < deadline, "partitions have no leader"
        time.sleep(0.05)
    return settings


def _led(admin: AdminClient) -> bool:
    """Whether every partition can be read: a topic is there before its leaders are."""
    topics = admin.list_topics(timeout=10).topics
    asked = {
        TopicPartition(topic.name, number): OffsetSpec.latest()
        for topic in ALL
        for number in topics[topic.name].partitions
    }
    return all(future.exception() is None for future in admin.list_offsets(asked).values())


@pytest.fixture
async def publisher(kafka: KafkaSettings) -> AsyncIterator[KafkaPublisher]:
    """The service's own way out."""
    made = KafkaPublisher(kafka, client_id="test")
    yield made
    await made.close()


@pytest.fixture
def house(kafka: KafkaSettings, tmp_path: Path) -> Iterator[House]:
    """Everything is released for every tenant."""
    made = House(kafka, tmp_path)
    for tenant in TENANTS:
        for action in ("support.route", "support.set_priority", "support.tag", "support.escalate"):
            made.control(AutonomyGrant(tenant=tenant, action_type=action, level=Autonomy.ACT))
    try:
        yield made
    finally:
        made.close()
