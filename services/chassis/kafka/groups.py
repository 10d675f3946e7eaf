"""Committed offsets of a service's group: shown, and moved over a loss that a person accepts."""

from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from services.chassis.errors import ConfigurationError, Outage
from services.chassis.kafka.reading import LogReader
from services.chassis.kafka.settings import KafkaSettings

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a group stands on one partition."""

    topic: str
    partition: int
    committed: int
    begin: int
    end: int

    @property
    def lag(self) -> int:
        """Records still to be read."""
        return max(0, self.end - max(self.committed, self.begin))


@dataclass(frozen=True, slots=True)
class Loss:
    """Offsets that the group can never read: from, up to and without."""

    topic: str
    partition: int
    first: int
    until: int


class Groups:
    """Blocking; for commands."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._servers = settings.bootstrap_servers
        self._admin = AdminClient(settings.confluent())
        self._reader = LogReader(settings)

    def standings(self, group: str) -> list[Standing]:
        """Of every partition that the group has committed on. Raises `Outage`."""
        asked = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=_TIMEOUT_S
        )
        try:
            committed = asked[group].result().topic_partitions
        except KafkaException as error:
            raise Outage(
                f"group {group}: Kafka at {self._servers} does not answer: {error.args[0].str()}"
            ) from error
        return [
            Standing(each.topic, each.partition, each.offset, *self._marks(each))
            for each in sorted(committed, key=lambda each: (each.topic, each.partition))
            if each.offset >= 0
        ]

    def _marks(self, each: TopicPartition) -> tuple[int, int]:
        return self._reader.watermarks(each.topic, each.partition)

    def loss(self, standing: Standing) -> Loss | None:
        """What is missing right where the group stands, None where the next record is there.

        A log that ends before the committed offset was cut or made anew: nothing says how much is
        gone, so reading goes on at its begin.
        """
        if standing.committed > standing.end:
            return Loss(standing.topic, standing.partition, standing.committed, standing.begin)
        start = max(standing.committed, standing.begin)
        for batch in self._reader.read_all(standing.topic, standing.partition, start):
            start = batch[0].offset
            break
        else:
            start = standing.end
        if start == standing.committed:
            return None
        return Loss(standing.topic, standing.partition, standing.committed, start)

    def accept(self, group: str, loss: Loss) -> None:
        """Move the group's offset over the loss.

        Raises:
            ConfigurationError: the service runs; only a stopped one's offsets can be moved.
        """
        moved = self._admin.alter_consumer_group_offsets(
            [
                ConsumerGroupTopicPartitions(
                    group, [TopicPartition(loss.topic, loss.partition, loss.until)]
                )
            ],
            request_timeout=_TIMEOUT_S,
        )
        try:
            answer = moved[group].result()
        except KafkaException as error:
            raise ConfigurationError(_refused(group, error.args[0].str())) from error
        for each in answer.topic_partitions:
            if each.error:
                raise ConfigurationError(_refused(group, each.error.str()))


def _refused(group: str, why: str) -> str:
    return f"offsets of {group} can not be moved: {why}. Stop all its processes first"
