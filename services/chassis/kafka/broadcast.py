"""A topic that every process reads whole, and keeps reading: reference data, control."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.base import Event
from services.chassis.errors import Crash, Outage
from services.chassis.kafka.extent import Extent, extent
from services.chassis.kafka.reading import poll_batch, reading_config, to_record
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.ports import Metrics
from services.chassis.record import Record
from topics import Topic

log = structlog.get_logger()

_POLL_S = 0.1
_CONFIRM_EVERY_S = 2.0
_ANSWER_S = 5.0
_PROGRESS_S = 2.0


class Copy(Protocol):
    """What is kept of a topic beyond the process; called on the service's loop.

    Whatever it raises ends the reading, as if records were lost.
    """

    def resume(self, extent: Extent) -> Mapping[int, int]:
        """The offset to go on from, of each partition."""
        ...

    def reached(self, offsets: Mapping[int, int]) -> None:
        """All records before these were applied: the time to keep them, and the offsets."""
        ...

    def complete(self) -> None:
        """All that was in the log a moment ago was applied."""
        ...


class Broadcast:
    """Applies every record of the topic, in order per partition, on the service's loop.

    `apply` must be quick and must not await. Where it raises, the record goes to `on_unreadable`
    with the error, and reading goes on: an unreadable record narrows, it never blocks a start.
    Without a `copy` the topic is read from its begin.
    """

    def __init__(
        self,
        topic: Topic[Event],
        apply: Callable[[Record], None],
        *,
        on_unreadable: Callable[[Record, Exception], None],
        copy: Copy | None = None,
    ) -> None:
        self.topic = topic
        self._apply = apply
        self._on_unreadable = on_unreadable
        self._copy = copy
        self._read = 0
        self._metrics: Metrics | None = None
        self._applied: dict[int, int] = {}
        self._ends_asked: list[asyncio.Future[None]] = []
        self._waiting: list[tuple[dict[int, int], float, list[asyncio.Future[None]]]] = []
        self._asked_lock = threading.Lock()
        self._closing = threading.Event()
        self._failed: Crash | None = None
        self._confirmed_at: float | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop

    async def start(self, kafka: KafkaSettings, metrics: Metrics | None = None) -> None:
        """Read to the end as it is now; shows progress; waits out a broker that is away."""
        self._loop = asyncio.get_running_loop()
        self._metrics = metrics
        self._thread = threading.Thread(
            target=self._run, args=(kafka,), name=f"broadcast-{self.topic.name}", daemon=True
        )
        self._thread.start()
        reached = self._ask()
        while not (await asyncio.wait([reached], timeout=_PROGRESS_S))[0]:
            log.info("reading", topic=self.topic.name, records=self._read)
        reached.result()
        log.info("read to its end", topic=self.topic.name, records=self._read)

    async def confirm_end(self, timeout_s: float = 10.0) -> None:
        """Wait until everything that was in the log at the call is applied.

        Raises:
            Outage: it could not be confirmed in time.
            Crash: records are gone that were never read.
        """
        reached = self._ask()
        if not (await asyncio.wait([reached], timeout=timeout_s))[0]:
            reached.cancel()
            raise Outage(f"{self.topic.name}: the end was not confirmed for {timeout_s:.0f} s")
        reached.result()

    @property
    def last_confirmed(self) -> float | None:
        """Seconds since the end was last confirmed; None before the first time."""
        return None if self._confirmed_at is None else time.monotonic() - self._confirmed_at

    def stale(self, seconds: float) -> bool:
        """Whether what we know may be older than that."""
        age = self.last_confirmed
        return self._failed is not None or age is None or age > seconds

    async def close(self) -> None:
        """Stop reading."""
        self._closing.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _ANSWER_S * 2)

    def _ask(self) -> "asyncio.Future[None]":
        reached: asyncio.Future[None] = self._loop.create_future()
        if self._failed is not None:
            reached.set_exception(self._failed)
        else:
            with self._asked_lock:
                self._ends_asked.append(reached)
        return reached

    # From here on everything runs on the reading thread.

    def _run(self, kafka: KafkaSettings) -> None:
        consumer = Consumer(reading_config(kafka))
        asked_at = 0.0
        try:
            self._assign(kafka, consumer)
            while not self._closing.is_set():
                self._take(poll_batch(consumer, _POLL_S))
                if self._ends_asked or time.monotonic() - asked_at > _CONFIRM_EVERY_S:
                    asked_at = time.monotonic()
                    self._ask_ends(consumer)
                self._confirm()
        except Exception as error:  # noqa: BLE001 - told to whoever asks, or it would be lost
            failed = error if isinstance(error, Crash) else Crash(f"{self.topic.name}: {error!r}")
            self._call(self._fail, failed)
        finally:
            consumer.close()

    def _assign(self, kafka: KafkaSettings, consumer: Any) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(KafkaException, TimeoutError):
                begins = self._begins(kafka, consumer)
                if begins:
                    self._applied = dict(begins)
                    consumer.assign(
                        [TopicPartition(self.topic.name, *begin) for begin in begins.items()]
                    )
                    return
            time.sleep(_POLL_S)

    def _begins(self, kafka: KafkaSettings, consumer: Any) -> Mapping[int, int]:
        """Where to begin: where the copy ends, or the log begins."""
        if self._copy is not None:
            there = extent(kafka, consumer, self.topic)
            return asyncio.run_coroutine_threadsafe(self._resume(there), self._loop).result()
        partitions = consumer.list_topics(self.topic.name, timeout=_ANSWER_S)
        return {
            number: consumer.get_watermark_offsets(
                TopicPartition(self.topic.name, number), timeout=_ANSWER_S
            )[0]
            for number in partitions.topics[self.topic.name].partitions
        }

    def _take(self, messages: list[Any]) -> None:
        records: list[Record] = []
        reached: dict[int, int] = {}
        for message in messages:
            error = message.error()
            if error is None:
                records.append(to_record(message))
                reached[message.partition()] = message.offset() + 1
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                reached[message.partition()] = message.offset()
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the same
                raise Crash(f"{self.topic.name}: records are gone unread: {error.str()}")
        if records or (reached and self._copy is not None):
            applying = self._apply_all(records, reached)
            asyncio.run_coroutine_threadsafe(applying, self._loop).result()
        for number, offset in reached.items():
            self._applied[number] = max(self._applied[number], offset)

    def _ask_ends(self, consumer: Any) -> None:
        with self._asked_lock:
            asked, self._ends_asked = self._ends_asked, []
        asked_at = time.monotonic()
        try:
            ends = {
                number: consumer.get_watermark_offsets(
                    TopicPartition(self.topic.name, number), timeout=_ANSWER_S
                )[1]
                for number in self._applied
            }
        except KafkaException as error:
            log.warning("end unknown", topic=self.topic.name, error=error.args[0].name())
            with self._asked_lock:
                self._ends_asked.extend(asked)
            return
        self._waiting.append((ends, asked_at, asked))

    def _confirm(self) -> None:
        rest: list[tuple[dict[int, int], float, list[asyncio.Future[None]]]] = []
        for ends, asked_at, asked in self._waiting:
            if all(self._applied[number] >= end for number, end in ends.items()):
                if self._copy is not None:
                    asyncio.run_coroutine_threadsafe(self._complete(), self._loop).result()
                self._call(self._confirmed, asked_at, asked)
            else:
                rest.append((ends, asked_at, asked))
        self._waiting = rest

    def _call(self, what: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and so is who asked
            self._loop.call_soon_threadsafe(what, *arguments)

    # From here on everything runs on the service's loop.

    async def _resume(self, there: Extent) -> Mapping[int, int]:
        assert self._copy is not None  # noqa: S101 - asked for its sake
        return self._copy.resume(there)

    async def _apply_all(self, records: list[Record], reached: Mapping[int, int]) -> None:
        for record in records:
            try:
                self._apply(record)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not block a start
                if self._metrics is not None:
                    self._metrics.count("sluice_control_unreadable_total", topic=self.topic.name)
                self._on_unreadable(record, error)
        self._read += len(records)
        if self._copy is not None:
            self._copy.reached(reached)

    async def _complete(self) -> None:
        assert self._copy is not None  # noqa: S101 - asked for its sake
        self._copy.complete()

    def _confirmed(self, asked_at: float, asked: "list[asyncio.Future[None]]") -> None:
        self._confirmed_at = max(asked_at, self._confirmed_at or 0.0)
        if self._metrics is not None:
            self._metrics.gauge(
                "sluice_control_age_seconds", self.last_confirmed or 0.0, topic=self.topic.name
            )
        for future in asked:
            if not future.done():
                future.set_result(None)

    def _fail(self, failed: Crash) -> None:
        self._failed = failed
        log.error("broadcast ended", topic=self.topic.name, error=str(failed))
        with self._asked_lock:
            asked, self._ends_asked = self._ends_asked, []
        for future in [*asked, *(each for _, _, some in self._waiting for each in some)]:
            if not future.done():
                future.set_exception(failed)
