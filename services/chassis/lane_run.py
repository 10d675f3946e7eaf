"""One lane in one generation: chunks computed concurrently, released and acked in input order."""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import structlog

from services.chassis import crashpoints, dead_letters
from services.chassis.chunk import Ack, Chunk, Parts, verdict
from services.chassis.errors import Crash, Outage, Refused
from services.chassis.outcome import DeadLetter, Done, Outcome
from services.chassis.ports import Delivery, Lane
from services.chassis.record import Message, Record

log = structlog.get_logger()

T = TypeVar("T")


class LaneRun:
    """The life of a lane between its first record and its revocation."""

    def __init__(self, lane: Lane, parts: Parts) -> None:
        self.lane = lane
        self._parts = parts
        self._options = parts.options
        self._waiting: deque[tuple[Record, Ack]] = deque()
        self._room = asyncio.Event()
        self._filled = asyncio.Event()
        self._slots = asyncio.Semaphore(parts.options.in_flight)
        self._ordered: asyncio.Queue[tuple[Chunk, asyncio.Task[list[Outcome]]]] = asyncio.Queue()
        self._computing = 0
        self._ticked = time.monotonic()
        self._open = True
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._feeder = asyncio.create_task(self._guarded(self._feed()))
        self._releaser = asyncio.create_task(self._guarded(self._release()))

    @property
    def size(self) -> int:
        """Records taken and not yet acknowledged."""
        return len(self._waiting) + self._computing

    async def put(self, record: Record, ack: Ack) -> None:
        """Queue a record; waits while there is no room."""
        while self._open and len(self._waiting) >= self._options.buffer:
            self._room.clear()
            await self._room.wait()
        if self._open:
            self._waiting.append((record, ack))
            self._filled.set()

    async def close(self, drain_s: float) -> None:
        """Stop taking; give what is in flight its time; then nothing is acked any more."""
        self._open = False
        self._waiting.clear()
        self._room.set()
        self._feeder.cancel()
        if drain_s > 0 and not self._idle.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(drain_s):
                    await self._idle.wait()
        self.abandon()
        await asyncio.gather(self._feeder, self._releaser, return_exceptions=True)

    def abandon(self) -> None:
        """At once, without waiting; what is in flight is let go of un-acked."""
        self._open = False
        self._waiting.clear()
        self._room.set()
        self._feeder.cancel()
        self._releaser.cancel()
        while not self._ordered.empty():
            chunk, task = self._ordered.get_nowait()
            task.cancel()
            chunk.close(None)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, going on would skip records
            self._parts.crash(error if isinstance(error, Crash) else _as_crash(error))

    async def _feed(self) -> None:
        await self._patiently(lambda: self._parts.handler.prepare(self.lane))
        while True:
            await self._slots.acquire()
            await self._tick_when_due()
            while not self._waiting:
                await self._wait_or_tick()
            if not self.lane.held():
                return
            size = min(len(self._waiting), self._options.chunk)
            taken = [self._waiting.popleft() for _ in range(size)]
            self._room.set()
            self._computing += size
            self._idle.clear()
            self._note_dwell(taken)
            chunk = Chunk(self._parts, taken)
            self._ordered.put_nowait((chunk, asyncio.create_task(self._compute(chunk))))

    async def _wait_or_tick(self) -> None:
        self._filled.clear()
        try:
            async with asyncio.timeout(self._options.tick_s):
                await self._filled.wait()
        except TimeoutError:
            await self._tick_when_due()

    async def _tick_when_due(self) -> None:
        """Timers run on a busy lane, too: a backlog must not keep proposals from expiring."""
        due = time.monotonic() - self._ticked >= self._options.tick_s
        if due and self._computing == 0 and self.lane.held():
            await self._patiently(lambda: self._parts.handler.tick(self.lane))
            self._ticked = time.monotonic()

    async def _compute(self, chunk: Chunk) -> list[Outcome]:
        """Outcomes of a chunk; outages are waited out here, a bug is pinned to its record."""
        handle = self._parts.handler.handle
        try:
            made: Sequence[Outcome] = await self._patiently(
                lambda: handle(self.lane, chunk.deliveries)
            )
        except (Crash, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - any bug of a handler ends here
            if len(chunk.deliveries) == 1:
                return [verdict(error, chunk.deliveries[0])]
            return [await self._alone(delivery) for delivery in chunk.deliveries]
        if len(made) != len(chunk.deliveries):
            raise Crash(f"{len(chunk.deliveries)} records gave {len(made)} outcomes: a bug of ours")
        return list(made)

    async def _alone(self, delivery: Delivery) -> Outcome:
        try:
            (outcome,) = await self._patiently(
                lambda: self._parts.handler.handle(self.lane, [delivery])
            )
        except (Crash, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - this record's own
            return verdict(error, delivery)
        return outcome

    async def _release(self) -> None:
        while True:
            chunk, task = await self._ordered.get()
            try:
                outcomes = await task
                if self.lane.held():
                    outcomes = await self._emit(chunk, outcomes)
                if not self.lane.held():
                    chunk.close(None)
                    self._idle.set()  # nothing here is to be waited for any more
                    return
            except BaseException:
                task.cancel()
                chunk.close(None)
                raise
            crashpoints.reach("boundary.before-ack")
            for ack in chunk.acks:
                ack()
            chunk.close(outcomes)
            self._count(chunk, outcomes)
            self._computing -= len(chunk.acks)
            self._slots.release()
            if self._computing == 0:
                self._idle.set()

    async def _emit(self, chunk: Chunk, outcomes: list[Outcome]) -> list[Outcome]:
        """Write what follows from a chunk; returns the outcomes as they turned out."""
        made = [
            self._messages(delivery, outcome)
            for delivery, outcome in zip(chunk.deliveries, outcomes, strict=True)
        ]
        if not any(made):
            return outcomes
        crashpoints.reach("boundary.before-send")
        try:
            await self._send([message for messages in made for message in messages])
        except Refused:
            outcomes = [
                await self._emit_alone(*each)
                for each in zip(chunk.deliveries, outcomes, made, strict=True)
            ]
        crashpoints.reach("boundary.after-send")
        return outcomes

    async def _emit_alone(
        self, delivery: Delivery, outcome: Outcome, messages: Sequence[Message]
    ) -> Outcome:
        """Pin a refusal to its record: an output that is too large is nobody else's fault."""
        try:
            await self._send(messages)
        except Refused as error:
            if isinstance(outcome, DeadLetter):
                (letter,) = messages
                if letter.value is None:
                    raise Crash(f"the broker refuses a dead letter for ever: {error}") from error
                # Producers compress: what fitted its topic may fit no other once unpacked.
                bare = (dead_letters.without_value(letter),)
                return await self._emit_alone(delivery, outcome, bare)
            late = DeadLetter("crashed", f"an output of it is refused: {error}")
            return await self._emit_alone(delivery, late, self._messages(delivery, late))
        return outcome

    async def _send(self, messages: Sequence[Message]) -> None:
        await self._patiently(lambda: self._parts.publisher.send(messages))

    def _messages(self, delivery: Delivery, outcome: Outcome) -> Sequence[Message]:
        match outcome:
            case Done(made):
                return made
            case DeadLetter():
                return (self._letter(delivery, outcome),)

    def _letter(self, delivery: Delivery, letter: DeadLetter) -> Message:
        parts, now, record = self._parts, self._parts.clock.now(), delivery.record
        if parts.limit.exceeded(letter.reason, parts.tenant_of(record), now):
            raise Crash(
                f"dead-letter limit: {self._options.limit} records failed by our own fault in"
                f" {self._options.limit_window_s:.0f} s over two tenants; last: {letter.detail}"
            )
        log.warning("dead letter", topic=record.topic, partition=record.partition,
                    offset=record.offset, reason=letter.reason,
                    trace_id=delivery.trace.trace_id)  # fmt: skip
        return dead_letters.compose(
            record,
            letter,
            service=parts.service,
            topic=parts.dead_letter_topic,
            at=now,
            trusted=self._options.trusted,
        )

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until there is no outage; the lane is held meanwhile."""
        tries = 0
        try:
            while True:
                try:
                    return await attempt()
                except Outage as error:
                    self._parts.hold(self.lane.number, str(error))
                    pause = min(self._options.backoff_cap_s, self._options.backoff_s * 2**tries)
                    await asyncio.sleep(pause * (0.5 + self._parts.jitter() / 2))
                    tries = min(tries + 1, 30)
        finally:
            if tries:
                self._parts.hold(self.lane.number, None)

    def _note_dwell(self, taken: Sequence[tuple[Record, Ack]]) -> None:
        if self._parts.metrics is None:
            return
        now = time.time()
        for record, _ in taken:
            dwell = max(0.0, now - record.timestamp_ms / 1000)
            self._parts.metrics.observe("sluice_dwell_seconds", dwell, topic=record.topic)

    def _count(self, chunk: Chunk, outcomes: Sequence[Outcome]) -> None:
        metrics = self._parts.metrics
        if metrics is None:
            return
        took = time.monotonic() - chunk.started
        tally: Counter[tuple[str, str]] = Counter(
            (delivery.record.topic, outcome.reason if isinstance(outcome, DeadLetter) else "done")
            for delivery, outcome in zip(chunk.deliveries, outcomes, strict=True)
        )
        for (topic, outcome), count in tally.items():
            metrics.count("sluice_records_total", count, topic=topic, outcome=outcome)
            metrics.observe("sluice_process_seconds", took, topic=topic)


def _as_crash(error: BaseException) -> Crash:
    crash = Crash(f"{type(error).__name__} in the delivery boundary: a bug of ours")
    crash.__cause__ = error
    return crash
