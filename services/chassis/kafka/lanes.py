"""From fetched partitions to lanes: queues, back-pressure, ownership, the order of submission."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from typing_extensions import override

from services.chassis import ports
from services.chassis.errors import Crash
from services.chassis.kafka.ledger import Ack, Continuity, Ledger
from services.chassis.record import Record

log = structlog.get_logger()

TP = tuple[str, int]

# The feeder gives way this often, so that a boundary with room cannot starve the loop.
_YIELD_EVERY = 64


class Boundary(Protocol):
    """What lanes need from the delivery boundary (services/chassis/delivery.py)."""

    async def open(self, lane: ports.Lane) -> None:
        """Take a lane over: what it left unfinished is due whether or not a record comes."""
        ...

    async def submit(self, lane: ports.Lane, record: Record, ack: Callable[[], None]) -> None:
        """Take the next record of the lane; waits while there is no room."""
        ...

    async def revoke(self, numbers: Collection[int] | None) -> None:
        """Finish what is in flight within its own bound, let go of the rest."""
        ...


@dataclass(slots=True)
class Input:
    """One partition of a lane: what was fetched and not yet submitted."""

    ledger: Ledger
    waiting: deque[tuple[Record, Ack]] = field(default_factory=deque)
    size: int = 0
    full: bool = False
    # An offset is missing: what came before it is finished and committed, then we end.
    hole: Crash | None = None

    @property
    def settled(self) -> bool:
        """All that was handed over is done and committed."""
        return not self.ledger.open_count and self.ledger.committable == self.ledger.committed


class Lane(ports.Lane):
    """Partition n of every input, in one generation."""

    def __init__(
        self, number: int, generation: int, inputs: dict[TP, Input], leased: Callable[[], bool]
    ) -> None:
        self._number = number
        self._generation = generation
        self.inputs = inputs
        self._leased = leased
        self.released = False
        self.filled = asyncio.Event()

    @property
    @override
    def number(self) -> int:
        return self._number

    @property
    @override
    def generation(self) -> int:
        return self._generation

    @override
    def held(self) -> bool:
        return not self.released and self._leased()


class Lanes:
    """All lanes of this process. Lives on the service's loop; nothing here blocks."""

    def __init__(
        self,
        topics: Mapping[str, Continuity],
        *,
        buffer_records: int,
        buffer_bytes: int,
        leased: Callable[[], bool],
        on_crash: Callable[[BaseException], None],
    ) -> None:
        self.topics = topics
        self._limits = (buffer_records, buffer_bytes)
        self._leased = leased
        self._on_crash = on_crash
        self.boundary: Boundary | None = None
        self.generation = 0
        self.lanes: dict[int, Lane] = {}
        self.inputs: dict[TP, Input] = {}
        self.fetchable: set[TP] = set()
        self.changed_at = time.monotonic()
        self._feeders: dict[int, asyncio.Task[None]] = {}

    def assign(self, generation: int, expected: Mapping[TP, int]) -> None:
        """Take partitions over; `expected` is the offset that each goes on from.

        A lane comes to life only when partition n of every input is among them.
        """
        self.generation = generation
        self.changed_at = time.monotonic()
        self.inputs = {
            tp: Input(Ledger(f"{tp[0]}[{tp[1]}]", expected=offset, continuity=self.topics[tp[0]]))
            for tp, offset in expected.items()
        }
        for number in sorted({number for _, number in expected}):
            members = {
                (topic, number): self.inputs[(topic, number)]
                for topic in self.topics
                if (topic, number) in self.inputs
            }
            if len(members) < len(self.topics):
                log.warning("lane incomplete: waiting for the rest", lane=number)
                continue
            lane = Lane(number, generation, members, self._leased)
            self.lanes[number] = lane
            self.fetchable.update(members)
            self._feeders[number] = asyncio.create_task(
                self._feed(lane), name=f"lane-{number}-generation-{generation}"
            )

    async def release(self, timeout_s: float) -> None:
        """Give everything up: drain within the bound, then nothing counts any more.

        What was fetched and not submitted is forgotten; it is read again by whoever comes next.
        The caller commits before it calls `end`.
        """
        self.fetchable.clear()
        feeders = list(self._feeders.values())
        for feeder in feeders:
            feeder.cancel()
        await asyncio.gather(*feeders, return_exceptions=True)
        self._feeders.clear()
        for lane in self.lanes.values():
            for each in lane.inputs.values():
                each.waiting.clear()
        if self.boundary is not None and self.lanes:
            drained = asyncio.ensure_future(self.boundary.revoke(None))
            # asyncio.wait and not wait_for: a handler that swallows its cancellation must not
            # hold the rebalance until the group throws us out.
            done, _ = await asyncio.wait([drained], timeout=timeout_s)
            if not done:
                drained.cancel()
                log.warning("drain took too long: left un-acknowledged", seconds=timeout_s)
            elif error := drained.exception():
                self._on_crash(error)

    def end(self) -> None:
        """No acknowledgement from before counts after this."""
        for each in self.inputs.values():
            each.ledger.end()
        for lane in self.lanes.values():
            lane.released = True
        self.inputs = {}
        self.lanes = {}
        self.changed_at = time.monotonic()

    def hand_over(self, tp: TP, records: Sequence[Record]) -> None:
        """Queue what was fetched, at once and whole: there is no half-delivered batch.

        Where an offset is missing the rest is left; `Input.hole` says so.
        """
        lane = self.lanes[tp[1]]
        each = lane.inputs[tp]
        if each.hole is not None:
            return
        try:
            for record in records:
                each.waiting.append((record, each.ledger.open(record.offset)))
                each.size += len(record.value or b"")
        except Crash as hole:
            log.exception("offset gap")
            each.hole = hole
            self.fetchable.discard(tp)
        if len(each.waiting) >= self._limits[0] or each.size >= self._limits[1]:
            each.full = True
            self.fetchable.discard(tp)
        lane.filled.set()

    async def _feed(self, lane: Lane) -> None:
        assert self.boundary is not None  # noqa: S101 - set before the group is joined
        try:
            await self.boundary.open(lane)
            turn = 0
            while True:
                lane.filled.clear()
                while any(each.waiting for each in lane.inputs.values()):
                    # One from each input in turn: a flood on one topic delays no other.
                    for tp, each in lane.inputs.items():
                        if not each.waiting:
                            continue
                        record, ack = each.waiting[0]
                        await self.boundary.submit(lane, record, ack)
                        each.waiting.popleft()
                        self._drained(tp, each, record)
                        turn += 1
                        if turn % _YIELD_EVERY == 0:
                            await asyncio.sleep(0)
                await lane.filled.wait()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - a lane that stopped silently is a stall
            self._on_crash(error)

    def _drained(self, tp: TP, each: Input, record: Record) -> None:
        each.size -= len(record.value or b"")
        if each.full and (
            len(each.waiting) * 2 <= self._limits[0] and each.size * 2 <= self._limits[1]
        ):
            each.full = False
            if each.hole is None:
                self.fetchable.add(tp)

    def committable(self) -> dict[TP, int]:
        """What has moved since it was last committed."""
        return {
            tp: each.ledger.committable
            for tp, each in self.inputs.items()
            if each.ledger.committable > each.ledger.committed
        }

    def committed(self, generation: int, offsets: Mapping[TP, int]) -> None:
        """The broker has it."""
        if generation == self.generation:
            for tp, offset in offsets.items():
                if tp in self.inputs:
                    self.inputs[tp].ledger.committed = offset

    def waiting(self, tps: Iterable[TP]) -> int:
        """Fetched and not yet submitted."""
        return sum(len(self.inputs[tp].waiting) for tp in tps if tp in self.inputs)
