"""Dead-letter topics read and redriven; for commands."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.base import Event
from services.chassis.errors import ConfigurationError, Refused
from services.chassis.kafka.reading import LogReader
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.ports import Publisher
from services.chassis.record import Record
from services.chassis.redrive import Letter, dead_letter_topic, letter_of, redriven
from topics import Topic
from topics.catalog import ALL

# What is under way at a time: enough to be quick, little enough to be told exactly.
_BATCH_RECORDS = 200
_BATCH_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class Redriven:
    """What became of a redrive, also of one that was cut short."""

    sent: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # the letter's place, why


class Letters:
    """The dead letters of services, each in a topic of its own."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[Topic[Event]] = ALL) -> None:
        self._reader = LogReader(settings)
        self._servers = settings.bootstrap_servers
        self._topics = topics

    def scan(self, service: str, since: datetime | None = None) -> Iterator[list[Letter]]:
        """All up to now in batches, partition by partition; values are read and let go.

        Raises:
            ConfigurationError: there is no such topic.
            Outage: the broker does not answer.
        """
        topic = dead_letter_topic(service)
        for number in range(self._partitions(topic)):
            start = None if since is None else self._reader.offset_at(topic, number, since)
            for batch in self._reader.read_all(topic, number, start):
                yield [letter_of(record, service, self._topics) for record in batch]

    def one(self, service: str, partition: int, offset: int) -> tuple[Letter, Record]:
        """The letter at exactly that place.

        Raises:
            ConfigurationError: there is none; the message says what there is.
            Outage: the broker does not answer.
        """
        topic = dead_letter_topic(service)
        count = self._partitions(topic)
        if partition >= count:
            raise ConfigurationError(f"{topic} has partitions 0 to {count - 1}, not {partition}")
        begin, end = self._reader.watermarks(topic, partition)
        if not begin <= offset < end:
            has = f"offsets {begin} to {end - 1}" if begin < end else "no records"
            raise ConfigurationError(f"{topic}[{partition}] has {has}, not {offset}")
        for batch in self._reader.read_all(topic, partition, offset, offset + 1):
            return letter_of(batch[0], service, self._topics), batch[0]
        raise ConfigurationError(f"{topic}[{partition}]: offset {offset} is no record")

    async def redrive(
        self,
        service: str,
        routes: Mapping[tuple[int, int], str],
        publisher: Publisher,
        done: Redriven,
        told: Callable[[], None],
    ) -> None:
        """Write each planned letter's record to its parent topic, in the letters' order.

        `done` counts what the broker confirmed, `told` is called as it grows.

        Raises:
            Outage: the broker does not answer, or does not confirm; repeating does no harm.
        """
        topic = dead_letter_topic(service)
        for number in sorted({partition for partition, _ in routes}):
            offsets = [offset for partition, offset in routes if partition == number]
            batch: list[Record] = []
            async for record in self._reader.read(
                topic, number, min(offsets), max(offsets) + 1, holes=True
            ):
                if (number, record.offset) in routes:
                    batch.append(record)
                if len(batch) >= _BATCH_RECORDS or _size(batch) >= _BATCH_BYTES:
                    await self._send(service, batch, routes, publisher, done)
                    told()
                    batch.clear()
            await self._send(service, batch, routes, publisher, done)
            told()

    async def _send(
        self,
        service: str,
        batch: Sequence[Record],
        routes: Mapping[tuple[int, int], str],
        publisher: Publisher,
        done: Redriven,
    ) -> None:
        """One by one in order, so that a refusal names its record; awaited together."""
        sends = [
            publisher.send([redriven(record, routes[(record.partition, record.offset)])])
            for record in batch
        ]
        answers = await asyncio.gather(*sends, return_exceptions=True)
        failed: BaseException | None = None
        for record, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Refused):
                place = f"{service} {record.partition} {record.offset}"
                done.refused.append((place, str(answer)))
            elif isinstance(answer, BaseException):
                failed = answer
            else:
                done.sent += 1
        if failed is not None:
            raise failed

    def _partitions(self, topic: str) -> int:
        count = self._reader.partitions(topic)
        if not count:
            raise ConfigurationError(
                f"Kafka at {self._servers} lacks {topic}. Create the topics: sluice topics apply"
            )
        return count


def _size(batch: Sequence[Record]) -> int:
    return sum(len(record.value or b"") for record in batch)
