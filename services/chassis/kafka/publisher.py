"""The one way out: an idempotent producer per process, every delivery awaited."""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from typing_extensions import override

from services.chassis import ports
from services.chassis.errors import Crash, Outage, Refused, SluiceError
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.ports import Metrics
from services.chassis.record import Message, Position

log = structlog.get_logger()

# What the broker will refuse of this message, however often it is tried. A missing topic or a
# missing permission is not among them: it is everybody's, not this message's, and passes.
_REFUSALS = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD})

# Above every topic's own limit, which is the broker's to enforce.
_MESSAGE_MAX_BYTES = 16 * 1024 * 1024
_CLOSE_S = 5.0
_FULL_S = 5.0


class _Send:
    """Messages handed over together, and what the broker said about each."""

    __slots__ = ("error", "future", "left", "positions")

    def __init__(self, count: int, future: "asyncio.Future[tuple[Position, ...]]") -> None:
        self.left = count
        self.positions: list[Position | None] = [None] * count
        self.error: SluiceError | None = None
        self.future = future


class KafkaPublisher(ports.Publisher):
    """confluent-kafka under the port; call it from one loop only."""

    def __init__(
        self, settings: KafkaSettings, *, client_id: str, metrics: Metrics | None = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._metrics = metrics
        self._producer = Producer(
            {
                **settings.confluent(),
                "client.id": client_id,
                "log_level": 6,  # through _Quiet
                "enable.idempotence": True,
                "acks": "all",
                # The default is CRC32: the same key would land elsewhere than a Java client's.
                "partitioner": "murmur2_random",
                "linger.ms": settings.linger_ms,
                "compression.type": settings.compression,
                "message.timeout.ms": int(settings.delivery_timeout_s * 1000),
                "message.max.bytes": _MESSAGE_MAX_BYTES,
                # One batch must fit the smallest limit of our topics (1 MiB), or innocent
                # messages are refused together with others.
                "batch.size": 1_000_000,
                "queue.buffering.max.messages": 1_000_000,
                "queue.buffering.max.kbytes": 512 * 1024,
                "statistics.interval.ms": 0,
            },
            logger=_Quiet(),
        )
        self._finished: list[_Send] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="publisher", daemon=True)
        self._thread.start()

    @override
    def send(self, messages: Sequence[Message]) -> Awaitable[tuple[Position, ...]]:
        future: asyncio.Future[tuple[Position, ...]] = self._loop.create_future()
        if not messages:
            future.set_result(())
            return future
        # Nobody may await a send whose process ends first: no noise about it then.
        future.add_done_callback(_retrieved)
        send = _Send(len(messages), future)
        for index, message in enumerate(messages):
            try:
                self._produce(message, partial(self._delivered, send, index))
            except (KafkaException, BufferError) as error:
                self._not_taken(send, message, error)
        return future

    def _produce(self, message: Message, on_delivery: "partial[None]") -> None:
        deadline = time.monotonic() + _FULL_S
        where = {} if message.partition is None else {"partition": message.partition}
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    key=message.key,
                    headers=list(message.headers),
                    on_delivery=on_delivery,
                    **where,
                )
            except BufferError:
                # The boundary bounds what is in flight, so this is rare; waiting here keeps order.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _not_taken(self, send: _Send, message: Message, error: Exception) -> None:
        """The client itself refuses: too large, or its queue stays full."""
        code = error.args[0] if isinstance(error, KafkaException) else None
        self._ended(send, _meaning(message.topic, code) if code else Outage(str(error)))

    def _delivered(self, send: _Send, index: int, error: KafkaError | None, message: Any) -> None:
        """Called by librdkafka on the poll thread, in no particular order between partitions."""
        if error is None:
            offset = message.offset()
            send.positions[index] = Position(
                message.topic(), message.partition(), -1 if offset is None else offset
            )
            self._ended(send, None)
        else:
            self._ended(send, _meaning(message.topic(), error))

    def _ended(self, send: _Send, error: SluiceError | None) -> None:
        with _LOCK:
            # A refusal tells more than the outage of a neighbour, a crash more than both.
            if error is not None and (send.error is None or _weight(error) > _weight(send.error)):
                send.error = error
            send.left -= 1
            if send.left == 0:
                self._finished.append(send)

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(0.1)
            self._hand_back()

    def _hand_back(self) -> None:
        """One wake-up of the loop for all that ended in this round."""
        with _LOCK:
            finished, self._finished = self._finished, []
        if finished:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and so is who waited
                self._loop.call_soon_threadsafe(self._resolve, finished)

    def _resolve(self, finished: Sequence[_Send]) -> None:
        confirmed: Counter[str] = Counter()
        for send in finished:
            positions = tuple(each for each in send.positions if each is not None)
            confirmed.update(each.topic for each in positions)
            if send.future.done():
                continue
            if send.error is not None:
                send.future.set_exception(send.error)
            else:
                send.future.set_result(positions)
        if self._metrics is not None:
            for topic, count in confirmed.items():
                self._metrics.count("sluice_messages_total", count, topic=topic)

    async def close(self) -> None:
        """Wait a bounded time for what is under way, then stop."""
        left = await asyncio.to_thread(self._producer.flush, _CLOSE_S)
        self._closing.set()
        await asyncio.to_thread(self._thread.join, _CLOSE_S)
        self._hand_back()
        if left:
            log.warning("messages left unconfirmed", count=left)


# Callbacks come from the poll thread, refusals of the client from the loop's.
_LOCK = threading.Lock()


def _weight(error: SluiceError) -> int:
    return 2 if isinstance(error, Crash) else 1 if isinstance(error, Refused) else 0


def _meaning(topic: str, error: KafkaError) -> SluiceError:
    what = f"{topic}: {error.name()}: {error.str()}"
    if error.fatal():
        return Crash(f"the producer can not go on: {what}")
    if error.code() in _REFUSALS:
        return Refused(what)
    return Outage(f"not confirmed: {what}")


def _retrieved(future: "asyncio.Future[tuple[Position, ...]]") -> None:
    if not future.cancelled():
        future.exception()


class _Quiet:
    """librdkafka's own log lines, on their level, without its habit of standard error."""

    def log(self, level: int, message: str, *args: object) -> None:
        """Called by the client library."""
        structlog.get_logger("librdkafka").log(level, message % args if args else message)
