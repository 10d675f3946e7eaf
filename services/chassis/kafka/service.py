"""Runs one service on Kafka: joins its group, feeds its handler, drains, leaves."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from typing_extensions import override

from schemas.base import Event
from services.chassis.delivery import Boundary, DeliveryOptions
from services.chassis.errors import Outage
from services.chassis.health import Health
from services.chassis.kafka.app import App
from services.chassis.kafka.broadcast import Broadcast
from services.chassis.kafka.consumer import bounded
from services.chassis.kafka.lanes import Lanes
from services.chassis.kafka.ledger import Continuity
from services.chassis.kafka.preflight import check_topics
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.kafka.watch import Watch
from services.chassis.outcome import Outcome
from services.chassis.ports import Clock, Delivery, Handler, Lane, Metrics, Tracing
from services.chassis.record import Record
from topics import Topic

log = structlog.get_logger()

_CANARY_EVERY_S = 2.0
_STOP_S = 12.0


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a composition root says about its service."""

    name: str  # group id, owner of the dead-letter topic
    inputs: tuple[Topic[Event], ...]
    handler: Handler
    options: DeliveryOptions
    dead_letters: Topic[Event]
    tenant_of: Callable[[Record], str]
    broadcasts: tuple[Broadcast, ...] = ()
    # The group is joined only once this passes; raises Outage while it does not.
    canary: Callable[[], Awaitable[None]] | None = None
    # Topics whose partition n belongs to lane n without being input: a journal.
    beside: tuple[Topic[Event], ...] = ()

    @property
    def continuity(self) -> dict[str, Continuity]:
        """Of each input: what we alone write has no holes."""
        return {
            topic.name: "outside" if {"outside", "operator"} & set(topic.writers) else "own"
            for topic in self.inputs
        }


async def run(
    service: Service,
    *,
    kafka: KafkaSettings,
    publisher: KafkaPublisher,
    health: Health,
    tracing: Tracing,
    metrics: Metrics,
    clock: Clock,
) -> int:
    """Run until SIGTERM or SIGINT (0) or until the process must end (1).

    Closes the broadcasts and the publisher.

    Raises:
        ConfigurationError: a topic is missing or has another partition count.
        Outage: Kafka does not answer at the start.
    """
    runner = _Runner(service, kafka, publisher, health)
    with _signals(runner.stop, kafka.exit_grace_s):
        try:
            await asyncio.to_thread(
                check_topics,
                kafka,
                chain=(*service.inputs, *service.beside, service.dead_letters),
                others=tuple(each.topic.name for each in service.broadcasts),
            )
            if await runner.unless_stopped(_ready(service, kafka, health, metrics)):
                await runner.serve(tracing, metrics, clock)
        finally:
            for each in service.broadcasts:
                await each.close()
            await publisher.close()
    return 1 if runner.error else 0


class _Runner:
    """One life of the service in this process."""

    def __init__(
        self, service: Service, kafka: KafkaSettings, publisher: KafkaPublisher, health: Health
    ) -> None:
        self.service = service
        self.kafka = kafka
        self.publisher = publisher
        self.health = health
        self.error: BaseException | None = None
        self._over = asyncio.Event()

    def stop(self) -> None:
        """Asked from outside."""
        self._over.set()

    def crash(self, error: BaseException) -> None:
        """Going on would break a promise."""
        if self.error is None and not self._over.is_set():
            self.error = error
            log.error("ends", error=str(error), kind=type(error).__name__, exc_info=error)
        self._over.set()

    async def unless_stopped(self, work: Awaitable[None]) -> bool:
        """Whether the work ended before somebody asked us to stop; raises what it raises."""
        task = asyncio.ensure_future(work)
        over = asyncio.ensure_future(self._over.wait())
        await asyncio.wait([task, over], return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=_STOP_S)
            return False
        task.result()
        return True

    async def serve(self, tracing: Tracing, metrics: Metrics, clock: Clock) -> None:
        """Join, work, leave."""
        lanes = Lanes(
            self.service.continuity,
            buffer_records=self.kafka.buffer_records,
            buffer_bytes=self.kafka.buffer_bytes,
            leased=lambda: app.leased,
            on_crash=self.crash,
        )
        app = App(self.service.name, self.kafka, lanes, self.crash)
        boundary = Boundary(
            service=self.service.name,
            handler=_CaughtUp(self.service.handler, self.service.broadcasts),
            publisher=self.publisher,
            tracer=tracing,
            dead_letter_topic=self.service.dead_letters.name,
            tenant_of=self.service.tenant_of,
            options=self.service.options,
            clock=clock,
            metrics=metrics,
            health=self.health,
            on_crash=self.crash,
        )
        lanes.boundary = boundary
        watch = Watch(
            app,
            held=lambda: boundary.holds,
            in_flight=lambda: boundary.in_flight,
            standstill_s=self.kafka.standstill_s,
            health=self.health,
            metrics=metrics,
        )
        try:
            await app.start()
            await self.unless_stopped(watch.run())
        except Exception as error:  # noqa: BLE001 - whatever it was, the group must be left
            self.crash(error)
        self.health.set("group membership", ok=False, detail="leaving")
        if self.error is not None:
            # What was in flight when we crashed is nobody's any more: it is done again.
            lanes.boundary = None
        await bounded(app.stop(), _STOP_S, "leave the group")


class _CaughtUp(Handler):
    """The service's handler, behind broadcasts that were read to their end at the takeover."""

    def __init__(self, handler: Handler, broadcasts: Sequence[Broadcast]) -> None:
        self._handler = handler
        self._broadcasts = broadcasts

    @override
    async def prepare(self, lane: Lane) -> None:
        await asyncio.gather(*(each.confirm_end() for each in self._broadcasts))
        await self._handler.prepare(lane)

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        return await self._handler.handle(lane, deliveries)

    @override
    async def tick(self, lane: Lane) -> None:
        await self._handler.tick(lane)

    @override
    async def release(self, number: int) -> None:
        await self._handler.release(number)


async def _ready(service: Service, kafka: KafkaSettings, health: Health, metrics: Metrics) -> None:
    """Broadcasts whole, the canary alive: before that this process has no place in the group."""
    for each in service.broadcasts:
        await each.start(kafka, metrics)
    while service.canary is not None:
        try:
            await service.canary()
        except Outage as error:
            health.set("canary", ok=False, detail=str(error))
            log.warning("the canary fails: not joining", error=str(error))
            await asyncio.sleep(_CANARY_EVERY_S)
        else:
            health.set("canary", ok=True)
            return


@contextlib.contextmanager
def _signals(stop: Callable[[], None], grace_s: float) -> Iterator[None]:
    """SIGTERM and SIGINT drain; a thread ends the process when that takes too long."""
    loop = asyncio.get_running_loop()

    def asked() -> None:
        log.info("asked to stop")
        last = threading.Timer(grace_s, os._exit, args=(1,))
        last.daemon = True
        last.start()
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
