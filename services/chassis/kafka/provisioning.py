"""Topics on the broker as the catalogue declares them: compare, create, correct configuration."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from typing_extensions import override

from schemas.base import Event
from services.chassis.errors import ConfigurationError, Outage
from topics import Topic
from topics.catalog import ALL

_TIMEOUT_S = 30.0

Client = Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between the declaration and the broker.

    A wrong partition count is never corrected: partition n of every topic of the chain belongs
    together, and changing the count moves keys.
    """

    topic: str
    kind: Literal["missing", "partitions", "config"]
    declared: str
    actual: str

    @override
    def __str__(self) -> str:
        if self.kind == "missing":
            return f"{self.topic}: missing"
        return f"{self.topic}: {self.declared} declared, {self.actual} on the broker"


def check(client: Client, *, partitions: int, topics: Sequence[Topic[Event]] = ALL) -> list[Drift]:
    """Every difference; `client` is a librdkafka configuration.

    Raises:
        Outage: the broker does not answer.
    """
    admin = AdminClient(dict(client))
    try:
        there = admin.list_topics(timeout=_TIMEOUT_S).topics
        found: list[Drift] = []
        existing = [topic for topic in topics if topic.name in there]
        configs = _configs(admin, existing)
    except KafkaException as error:
        raise Outage(f"Kafka does not answer: {error}") from error
    for topic in topics:
        if topic.name not in there:
            found.append(Drift(topic.name, "missing", "", ""))
            continue
        wanted = _count(topic, partitions)
        actual = len(there[topic.name].partitions)
        if actual != wanted:
            found.append(
                Drift(topic.name, "partitions", f"partitions={wanted}", f"partitions={actual}")
            )
        found.extend(
            Drift(topic.name, "config", f"{name}={value}", f"{name}={configs[topic.name][name]}")
            for name, value in topic.config.items()
            if configs[topic.name].get(name) != value
        )
    return found


def apply(
    client: Client,
    *,
    partitions: int,
    replication: int,
    topics: Sequence[Topic[Event]] = ALL,
) -> list[Drift]:
    """Create what is missing, correct configuration; returns what could not be made right.

    Idempotent. With replication 3 or more, `min.insync.replicas` 2 is set at creation.

    Raises:
        ConfigurationError: the broker refuses a topic; the message is its own.
        Outage: the broker does not answer.
    """
    admin = AdminClient(dict(client))
    drift = check(client, partitions=partitions, topics=topics)
    by_name = {topic.name: topic for topic in topics}
    missing = [by_name[d.topic] for d in drift if d.kind == "missing"]
    if missing:
        _wait(admin.create_topics([_new(t, partitions, replication) for t in missing]))
        _visible(admin, {t.name: _count(t, partitions) for t in missing})
    wrong = {d.topic for d in drift if d.kind == "config"}
    if wrong:
        _wait(admin.incremental_alter_configs([_resource(by_name[name]) for name in wrong]))
    return check(client, partitions=partitions, topics=topics) if drift else []


def _count(topic: Topic[Event], chain: int) -> int:
    return chain if topic.partitions == "chain" else topic.partitions


def _new(topic: Topic[Event], partitions: int, replication: int) -> NewTopic:
    durable = {"min.insync.replicas": "2"} if replication >= 3 else {}  # noqa: PLR2004 - DESIGN §2
    return NewTopic(
        topic.name,
        num_partitions=_count(topic, partitions),
        replication_factor=replication,
        config={**topic.config, **durable},
    )


def _resource(topic: Topic[Event]) -> ConfigResource:
    return ConfigResource(
        ResourceType.TOPIC,
        topic.name,
        incremental_configs=[
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in topic.config.items()
        ],
    )


def _configs(admin: AdminClient, topics: Sequence[Topic[Event]]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    asked = admin.describe_configs([ConfigResource(ResourceType.TOPIC, t.name) for t in topics])
    return {
        resource.name: {
            name: entry.value for name, entry in future.result(timeout=_TIMEOUT_S).items()
        }
        for resource, future in asked.items()
    }


def _wait(futures: dict[str, Future[None]]) -> None:
    for name, future in futures.items():
        try:
            future.result(timeout=_TIMEOUT_S)
        except KafkaException as error:
            if "TOPIC_ALREADY_EXISTS" not in str(error):
                raise ConfigurationError(f"{name}: the broker refuses: {error}") from error


def _visible(admin: AdminClient, counts: dict[str, int]) -> None:
    """The controller answers before every client can see the topic; wait until it is there."""
    deadline = time.monotonic() + _TIMEOUT_S
    pending = dict(counts)
    while pending:
        there = admin.list_topics(timeout=_TIMEOUT_S).topics
        pending = {
            name: count
            for name, count in pending.items()
            if name not in there or there[name].error or len(there[name].partitions) != count
        }
        if pending and time.monotonic() > deadline:
            raise Outage(f"created, yet not visible after {_TIMEOUT_S:.0f} s: {sorted(pending)}")
        time.sleep(0.05)
