"""The delivery boundary: every record ends in one outcome, released in input order, then acked."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import structlog

from services.chassis.chunk import Hold, Parts
from services.chassis.dead_letters import DeadLetterLimit
from services.chassis.errors import Crash
from services.chassis.health import Health
from services.chassis.lane_run import LaneRun
from services.chassis.ports import Clock, Handler, Lane, Metrics, Publisher, Tracing
from services.chassis.record import Record

__all__ = ["Boundary", "DeliveryOptions", "Hold"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOptions:
    """How a service's records are cut and paced. All times in seconds."""

    chunk: int = 64  # records per handle() at most
    in_flight: int = 1  # chunks of one lane that may be computed at the same time
    buffer: int = 256  # records a lane keeps waiting before submit() does
    drain_s: float = 5.0
    max_hold_s: float = 600.0
    tick_s: float = 1.0
    backoff_s: float = 0.1
    backoff_cap_s: float = 5.0
    limit: int = 50  # of crashed and inference-failed, in limit_window_s, over two tenants
    limit_window_s: float = 60.0
    # Topics on which origin headers count: those that outside producers cannot write.
    trusted: frozenset[str] = field(default_factory=frozenset)


class Boundary:
    """Between the stream and the handler; nothing that goes wrong gets past it unacted."""

    def __init__(  # noqa: PLR0913 - the parts of one thing, named
        self,
        *,
        service: str,
        handler: Handler,
        publisher: Publisher,
        tracer: Tracing,
        dead_letter_topic: str,
        tenant_of: Callable[[Record], str],
        options: DeliveryOptions,
        clock: Clock,
        on_crash: Callable[[BaseException], None],
        metrics: Metrics | None = None,
        health: Health | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._options = options
        self._runs: dict[int, LaneRun] = {}
        self._holds: dict[int, Hold] = {}
        self._health = health
        self._crashed = False
        self._on_crash = on_crash
        self._parts = Parts(
            service=service,
            handler=handler,
            publisher=publisher,
            tracing=tracer,
            dead_letter_topic=dead_letter_topic,
            tenant_of=tenant_of,
            options=options,
            clock=clock,
            metrics=metrics,
            limit=DeadLetterLimit(options.limit, options.limit_window_s),
            jitter=jitter,
            crash=self._crash,
            hold=self._hold,
        )

    async def submit(self, lane: Lane, record: Record, ack: Callable[[], None]) -> None:
        """Take the next record of a lane; the order of calls is the input order.

        Waits while the lane's buffer is full. `ack` is called once its outcome is confirmed,
        in the order of submission, or never.
        """
        run = await self._run_of(lane)
        if run is not None:
            await run.put(record, ack)

    async def open(self, lane: Lane) -> None:
        """Take a lane over: from now on it is prepared and ticks, also before its first record."""
        await self._run_of(lane)

    async def _run_of(self, lane: Lane) -> LaneRun | None:
        if self._crashed:
            return None
        run = self._runs.get(lane.number)
        if run is None or run.lane.generation != lane.generation:
            if run is not None:
                await run.close(0)
            run = self._runs[lane.number] = LaneRun(lane, self._parts)
        return run

    async def revoke(self, numbers: Collection[int] | None) -> None:
        """Let go of lanes (None: of all): what is held or waits is dropped un-acked at once.

        What is in flight gets `drain_s` to be confirmed and acked.
        """
        going = [n for n in self._runs if numbers is None or n in numbers]
        runs = [self._runs.pop(n) for n in going]
        await asyncio.gather(
            *(
                run.close(0 if run.lane.number in self._holds else self._options.drain_s)
                for run in runs
            )
        )
        for number in going:
            self._hold(number, None)
            await self._release(number)

    async def drain(self) -> None:
        """SIGTERM."""
        await self.revoke(None)

    @property
    def holds(self) -> Mapping[int, Hold]:
        """Lanes that wait for a dependency."""
        return self._holds

    @property
    def in_flight(self) -> int:
        """Records taken and not yet acknowledged."""
        return sum(run.size for run in self._runs.values())

    async def _release(self, number: int) -> None:
        try:
            await self._parts.handler.release(number)
        except Exception as error:
            # The lane is gone whatever the handler thinks of it.
            log.exception("release failed", lane=number, kind=type(error).__name__)

    def _hold(self, number: int, reason: str | None) -> None:
        if reason is None:
            self._holds.pop(number, None)
        else:
            before = self._holds.get(number)
            now = time.monotonic()
            hold = Hold(before.since if before else now, reason)
            self._holds[number] = hold
            if now - hold.since > self._options.max_hold_s:
                self._crash(Crash(f"held for {self._options.max_hold_s:.0f} s: {reason}"))
        if self._health is not None:
            detail = "; ".join(sorted({hold.reason for hold in self._holds.values()}))
            self._health.set("delivery", not self._holds, detail)
        if self._parts.metrics is not None:
            ages = [time.monotonic() - hold.since for hold in self._holds.values()]
            self._parts.metrics.gauge("sluice_held_lanes", len(ages))
            self._parts.metrics.gauge("sluice_hold_seconds", max(ages, default=0.0))

    def _crash(self, error: BaseException) -> None:
        if not self._crashed:
            self._crashed = True
            for run in self._runs.values():
                run.abandon()
            self._on_crash(error)
