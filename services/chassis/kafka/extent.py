"""A topic as the broker has it now: what tells it from every other, from where to where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from schemas.base import Event
from services.chassis.kafka.settings import KafkaSettings
from topics import Topic

log = structlog.get_logger()

_ANSWER_S = 5.0
_RETENTION = "delete.retention.ms"
# Kafka's own default, for a broker that does not tell.
_RETENTION_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Extent:
    """`topic_id` is another one when the topic is made anew under its old name.

    Tombstones older than `delete_retention_s` may be gone.
    """

    cluster: str
    topic: str
    topic_id: str
    begins: Mapping[int, int]
    ends: Mapping[int, int]
    delete_retention_s: float


def extent(kafka: KafkaSettings, consumer: Any, topic: Topic[Event]) -> Extent:
    """Ask the broker, blocking.

    Raises:
        KafkaException: it does not answer, or the topic is not there.
        TimeoutError: the same.
    """
    there = consumer.list_topics(topic.name, timeout=_ANSWER_S)
    admin = AdminClient(kafka.confluent())
    described = admin.describe_topics(TopicCollection([topic.name]), request_timeout=_ANSWER_S)
    ends = {
        number: consumer.get_watermark_offsets(TopicPartition(topic.name, number), _ANSWER_S)
        for number in there.topics[topic.name].partitions
    }
    return Extent(
        cluster=str(there.cluster_id),
        topic=topic.name,
        topic_id=str(described[topic.name].result(_ANSWER_S).topic_id),
        begins={number: begin for number, (begin, _) in ends.items()},
        ends={number: end for number, (_, end) in ends.items()},
        delete_retention_s=_retention_s(admin, topic),
    )


def _retention_s(admin: Any, topic: Topic[Event]) -> float:
    """As configured; who may not ask believes the shorter of what is declared and the default."""
    asked = ConfigResource(ResourceType.TOPIC, topic.name)
    try:
        found = admin.describe_configs([asked], request_timeout=_ANSWER_S)[asked].result(_ANSWER_S)
        return float(found[_RETENTION].value) / 1000
    except KafkaException as error:
        log.warning("retention unknown", topic=topic.name, error=error.args[0].name())
        return min(_RETENTION_S, float(topic.config[_RETENTION]) / 1000)
