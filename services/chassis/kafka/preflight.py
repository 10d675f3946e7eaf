"""Refuses to start on topics that are not there, or that were made with another count."""

from collections.abc import Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.base import Event
from services.chassis.errors import ConfigurationError, Outage
from services.chassis.kafka.settings import KafkaSettings
from topics import Topic

_TIMEOUT_S = 20.0


def check_topics(
    kafka: KafkaSettings, *, chain: Sequence[Topic[Event]], others: Sequence[str]
) -> None:
    """Blocking.

    Raises:
        ConfigurationError: naming every topic at fault and the remedy.
        Outage: the broker does not answer.
    """
    try:
        there = AdminClient(kafka.confluent()).list_topics(timeout=_TIMEOUT_S).topics
    except KafkaException as error:
        raise Outage(
            f"Kafka at {kafka.bootstrap_servers} does not answer: {error.args[0].str()}"
        ) from error
    names = [*(topic.name for topic in chain), *others]
    missing = [name for name in names if name not in there]
    if missing:
        raise ConfigurationError(
            f"Kafka at {kafka.bootstrap_servers} lacks {', '.join(missing)}. "
            "Create the topics: sluice topics apply"
        )
    wrong = [
        f"{topic.name} has {len(there[topic.name].partitions)}"
        for topic in chain
        if topic.partitions == "chain"
        and len(there[topic.name].partitions) != kafka.chain_partitions
    ]
    if wrong:
        raise ConfigurationError(
            f"SLUICE_KAFKA_CHAIN_PARTITIONS is {kafka.chain_partitions}, but {'; '.join(wrong)}. "
            "The count can not be changed later, as keys would move: set what the topics were "
            "made with"
        )
