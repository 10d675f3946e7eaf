"""Reads a partition from an offset to its end, without a group: journals, audits, commands."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from services.chassis.errors import Crash, Outage
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.record import Record

_ANSWER_S = 10.0
# Nothing at all for so long, with more to come: the broker is gone or the leader is.
_SILENCE_S = 30.0
_BATCH = 500


def reading_config(settings: KafkaSettings) -> dict[str, str | int | float | bool]:
    """A consumer that joins nothing and commits nothing; the client demands a group's name."""
    return {
        **settings.confluent(),
        "group.id": "sluice-reading",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # Our own topics know no transactions; with this the end is the high watermark.
        "isolation.level": "read_uncommitted",
        # An offset that is gone is a finding, never a reason to start elsewhere.
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 100,
        "queued.max.messages.kbytes": 16 * 1024,
        # A broker that is just back may say that it knows no such partition; librdkafka believes it
        # until it asks again, by default after five minutes.
        "topic.metadata.refresh.interval.ms": 5_000,
    }


def to_record(message: Any) -> Record:
    """Librdkafka's message as a value."""
    _, timestamp = message.timestamp()
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        timestamp,
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
    )


class LogReader:
    """Opens a client per call: a takeover is rare, and a kept one would hold memory."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def begin_offset(self, topic: str, partition: int) -> int:
        """The oldest offset still there. Raises `Outage`."""
        return (await asyncio.to_thread(self.watermarks, topic, partition))[0]

    async def end_offset(self, topic: str, partition: int) -> int:
        """The offset that the next record will get. Raises `Outage`."""
        return (await asyncio.to_thread(self.watermarks, topic, partition))[1]

    async def read(
        self,
        topic: str,
        partition: int,
        start: int,
        end: int | None = None,
        *,
        holes: bool = False,
    ) -> AsyncIterator[Record]:
        """Records from `start` up to `end`, exclusive; None reads to where the end is now.

        Raises:
            Outage: the broker does not answer.
            Crash: an offset is missing, or `start` is before the log's begin; with `holes` (a
                compacted topic) only the latter.
        """
        reading = self.read_all(topic, partition, start, end, holes=holes)
        while batch := await asyncio.to_thread(_take, reading):
            for record in batch:
                yield record

    def read_all(
        self,
        topic: str,
        partition: int,
        start: int | None = None,
        end: int | None = None,
        *,
        holes: bool = True,
    ) -> Iterator[list[Record]]:
        """The same for commands: blocking, in batches, by default from the log's begin."""
        begin, now = self.watermarks(topic, partition)
        start = begin if start is None else start
        end = now if end is None else end
        if start >= end:
            return
        if start < begin:
            raise Crash(f"{topic}[{partition}]: offset {start} is gone, the log begins at {begin}")
        consumer = Consumer(reading_config(self._settings))
        try:
            consumer.assign([TopicPartition(topic, partition, start)])
            yield from _follow(consumer, f"{topic}[{partition}]", start, end, holes=holes)
        finally:
            consumer.close()

    async def cluster_id(self) -> str:
        """What tells this cluster from every other. Raises `Outage`."""
        return await asyncio.to_thread(self._ask_cluster_id)

    def _ask_cluster_id(self) -> str:
        with self._client() as consumer:
            return str(consumer.list_topics(timeout=_ANSWER_S).cluster_id)

    def partitions(self, topic: str) -> int:
        """How many it has, blocking; 0 where it does not exist. Raises `Outage`."""
        with self._client() as consumer:
            found = consumer.list_topics(topic, timeout=_ANSWER_S).topics.get(topic)
        return len(found.partitions) if found else 0

    def offset_at(self, topic: str, partition: int, at: datetime) -> int:
        """Of the first record written at that time or later, else the end, blocking.

        Raises `Outage`.
        """
        asked = TopicPartition(topic, partition, round(at.timestamp() * 1000))
        with self._client() as consumer:
            (found,) = consumer.offsets_for_times([asked], timeout=_ANSWER_S)
        return found.offset if found.offset >= 0 else self.watermarks(topic, partition)[1]

    def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """Begin and end, blocking. Raises `Outage`."""
        with self._client(f"{topic}[{partition}]: ") as consumer:
            begin, end = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=_ANSWER_S
            )
        return int(begin), int(end)

    @contextlib.contextmanager
    def _client(self, what: str = "") -> Iterator[Any]:
        """For one question; the broker's silence or refusal is an outage."""
        consumer = Consumer(reading_config(self._settings))
        try:
            yield consumer
        except KafkaException as error:
            said = error.args[0].str()
            raise Outage(
                f"{what}Kafka at {self._settings.bootstrap_servers} does not answer: {said}"
            ) from error
        finally:
            consumer.close()


def _take(reading: Iterator[list[Record]]) -> list[Record]:
    return next(reading, [])


def _follow(
    consumer: Any, name: str, position: int, end: int, *, holes: bool
) -> Iterator[list[Record]]:
    heard_at = time.monotonic()
    while position < end:
        messages = poll_batch(consumer, 1.0)
        if not messages and time.monotonic() - heard_at > _SILENCE_S:
            raise Outage(f"{name}: nothing read for {_SILENCE_S:.0f} s at offset {position}")
        batch: list[Record] = []
        for message in messages:
            heard_at = time.monotonic()
            if error := message.error():
                if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    # Past what is no record: compacted away, or a transaction's marker.
                    position = max(position, message.offset())
                elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the same
                    raise Crash(f"{name}: offset {position} is gone: {error.str()}")
                continue
            if message.offset() >= end:
                position = end
                break
            if message.offset() != position and not holes:
                raise Crash(f"{name}: offset {position} is missing, got {message.offset()}")
            position = message.offset() + 1
            batch.append(to_record(message))
        if batch:
            yield batch


def poll_batch(consumer: Any, timeout_s: float) -> list[Any]:
    """Wait for one message, then take what is there: `consume` alone waits to fill up."""
    first = consumer.poll(timeout_s)
    return [] if first is None else [first, *consumer.consume(_BATCH, timeout=0)]
