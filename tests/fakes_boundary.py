"""What surrounds the delivery boundary, in memory: a broker that can refuse, spans, a handler."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from typing_extensions import override

from services.chassis.delivery import Boundary, DeliveryOptions
from services.chassis.errors import Outage, Refused
from services.chassis.health import Health
from services.chassis.outcome import Done, Outcome
from services.chassis.ports import Clock, Delivery, Handler, Lane, Publisher, Trace, Tracing
from services.chassis.record import Message, Position, Record
from tests.fakes_decider import FakeLane, FakeTrace

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
OUT, DEAD = "out", "dead"


class StillClock(Clock):
    """Always the same time."""

    @override
    def now(self) -> datetime:
        return NOW


class Spans(Tracing):
    """Counts spans that were opened, ended well and ended as failed."""

    def __init__(self) -> None:
        self.open = self.good = self.failed = 0

    @override
    @contextmanager
    def processing(self, service: str, record: Record) -> Iterator[Trace]:
        self.open += 1
        try:
            yield FakeTrace()
        except BaseException:
            self.failed += 1
            raise
        else:
            self.good += 1

    @override
    @contextmanager
    def batch(self, name: str, members: Sequence[Trace]) -> Iterator[Trace]:
        yield FakeTrace()


class Broker(Publisher):
    """Keeps what was sent; `down` is an outage.

    `too_large` refuses a value for ever, `refuses` a topic's every message.
    """

    def __init__(self) -> None:
        self.written: list[Message] = []
        self.down = False
        self.too_large: bytes | None = None
        self.refuses: str | None = None
        self.unconfirmed: asyncio.Event | None = None  # answers only once it is set

    @override
    def send(self, messages: Sequence[Message]) -> Awaitable[tuple[Position, ...]]:
        return self._send(messages)

    async def _send(self, messages: Sequence[Message]) -> tuple[Position, ...]:
        await asyncio.sleep(0)
        if self.down:
            raise Outage("no broker")
        good = [
            each
            for each in messages
            if (each.value != self.too_large or not self.too_large) and each.topic != self.refuses
        ]
        self.written.extend(good)
        if self.unconfirmed is not None:
            await self.unconfirmed.wait()
        if len(good) < len(messages):
            raise Refused("MSG_SIZE_TOO_LARGE")
        return tuple(Position(each.topic, 0, n) for n, each in enumerate(messages))

    def values(self, topic: str = OUT) -> list[bytes | None]:
        """Of a topic, as written."""
        return [each.value for each in self.written if each.topic == topic]


Script = Callable[[Lane, Sequence[Delivery]], Awaitable[Sequence[Outcome]]]


def echo(deliveries: Sequence[Delivery]) -> list[Outcome]:
    """One message per record, with its value."""
    return [Done((Message(OUT, each.record.key, each.record.value),)) for each in deliveries]


class Scripted(Handler):
    """Does what a test says; by default it echoes."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script
        self.calls: list[list[int]] = []
        self.prepared: list[tuple[int, int]] = []
        self.released: list[int] = []
        self.ticks = 0
        self.before: Callable[[], Awaitable[None]] | None = None

    @override
    async def prepare(self, lane: Lane) -> None:
        if self.before is not None:
            await self.before()
        self.prepared.append((lane.number, lane.generation))

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        self.calls.append([each.record.offset for each in deliveries])
        return await self.script(lane, deliveries) if self.script else echo(deliveries)

    @override
    async def tick(self, lane: Lane) -> None:
        self.ticks += 1

    @override
    async def release(self, number: int) -> None:
        self.released.append(number)


class Post:
    """A boundary with all around it, and a notebook of what was acknowledged."""

    def __init__(self, script: Script | None = None, **options: object) -> None:
        self.broker, self.spans, self.handler = Broker(), Spans(), Scripted(script)
        self.health, self.crashes = Health(), list[BaseException]()
        self.acked: list[tuple[int, int]] = []
        self.boundary = Boundary(
            service="echo",
            handler=self.handler,
            publisher=self.broker,
            tracer=self.spans,
            dead_letter_topic=DEAD,
            tenant_of=lambda record: (record.key or b"").decode(),
            options=DeliveryOptions(**({"backoff_s": 0.001, "tick_s": 0.01} | options)),  # type: ignore[arg-type]
            clock=StillClock(),
            health=self.health,
            on_crash=self.crashes.append,
        )

    async def feed(self, lane: FakeLane, *values: bytes | None, first=0, key=b"acme") -> None:
        """Records with rising offsets."""
        for offset, value in enumerate(values, first):
            record = Record("in", lane.number, offset, 1_790_000_000_000, key, value)
            await self.boundary.submit(lane, record, lambda o=offset: self._ack(lane, o))

    def _ack(self, lane: FakeLane, offset: int) -> None:
        self.acked.append((lane.number, offset))

    async def done(self, count: int) -> None:
        """Until so many are acknowledged."""
        await until(lambda: len(self.acked) >= count)


async def until(what: Callable[[], object]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(5):
        while not what():  # noqa: ASYNC110 - of things that tell nobody when they change
            await asyncio.sleep(0.001)
