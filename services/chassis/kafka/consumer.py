"""The hardened consumer: Faust's, with hand-over, commit, rebalance and stop of our own.

What stock Faust does and we must not (faust-streaming 0.15.3, each met in an experiment):
acknowledges past a record that is still in flight; takes a hole in the offsets for acknowledged;
forgets what may be committed before it waits for it; waits without a bound; closes the client in
the middle of its own stop; drops a batch that a rebalance overtook, without seeking back.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from faust.transport.drivers.aiokafka import Consumer
from mode import Service
from typing_extensions import override

from services.chassis.kafka.lanes import TP
from services.chassis.kafka.thread import ConsumerThread

if TYPE_CHECKING:
    from services.chassis.kafka.app import App

log = structlog.get_logger()

T = TypeVar("T")

# The boundary lets what is in flight finish for 5 s; a little more for its own bookkeeping.
DRAIN_S = 6.0
_COMMIT_S = 3.0
_POLL_S = 1.0
# A partition that comes off its brake waits this long at most for the running fetch to end.
_POLL_BRAKED_S = 0.05


class HardenedConsumer(Consumer):  # type: ignore[misc] # faust is untyped
    """Fetches on its own thread, hands over on the service's loop."""

    app: "App"
    _thread: ConsumerThread

    @override
    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def on_thread(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the client's thread.

        Not through Faust's method queue: its two workers may both be waiting, one for records
        and one for a commit.
        """
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(work, self._thread.thread_loop)
        )

    @Service.task  # type: ignore[untyped-decorator] # mode is untyped
    async def _drain(self) -> None:
        """One wait per fetched batch; a batch is handed over whole or not at all."""
        lanes = self.app.lanes
        while not self.should_stop:
            wanted = frozenset(lanes.fetchable)
            if not wanted:
                await asyncio.sleep(_POLL_BRAKED_S)
                continue
            braked = len(wanted) < len(lanes.inputs)
            fetched = await self.on_thread(
                self._thread.fetch(wanted, _POLL_BRAKED_S if braked else _POLL_S)
            )
            for tp, records in fetched.records.items():
                # What another generation fetched is not lost by this: the new assignment
                # started from the committed offset, with positions of its own.
                if fetched.generation == lanes.generation and tp in lanes.inputs:
                    lanes.hand_over(tp, records)
                    await asyncio.sleep(0)

    @override
    async def commit(self, topics: object = None, start_new_transaction: bool = True) -> bool:
        """Commit the closed prefixes. Called by Faust every commit interval."""
        lanes = self.app.lanes
        generation, offsets = lanes.generation, lanes.committable()
        if not offsets:
            return False
        done = await self.on_thread(self._thread.commit_offsets(generation, offsets))
        if done:
            lanes.committed(generation, offsets)
        return done

    async def drain_and_commit(self) -> None:
        """Let in-flight work end, commit it while we are still a member, then let go."""
        await self.app.lanes.release(DRAIN_S)
        await bounded(self.commit(), _COMMIT_S, "commit before letting go")
        self.app.lanes.end()

    @override
    async def on_partitions_revoked(self, revoked: set[Any]) -> None:
        if not self.app.should_stop:
            await self.drain_and_commit()

    async def take_over(self, generation: int, expected: Mapping[TP, int]) -> None:
        """Called from the client's thread once a generation's positions are known.

        Short, as nothing beats the heart while it runs; what a lane needs is prepared by the
        boundary.
        """
        if not self.app.should_stop:
            self.app.lanes.end()
            self.app.lanes.assign(generation, expected)
            log.info("assigned", generation=generation, lanes=sorted(self.app.lanes.lanes))

    async def ends(self, tps: list[TP]) -> dict[TP, tuple[int, int | None]]:
        """Per partition the end of the log and where fetching stands."""
        return await self.on_thread(self._thread.ends(tps))

    def coordinating(self) -> bool:
        """Whether the client still takes part in the group's protocol."""
        return self._thread.coordinating()

    @override
    async def on_stop(self) -> None:
        """The stop sequence of the app has drained and committed already."""

    @override
    async def verify_all_partitions_active(self) -> None:
        """Our own watchdog looks at committed offsets; Faust's reads its monitor."""


async def bounded(work: Awaitable[object], timeout_s: float, what: str) -> None:
    """Wait no longer than that, even where the work ignores being cancelled; never raises."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait([task], timeout=timeout_s)
    if not done:
        task.cancel()
        log.warning("took too long", what=what, seconds=timeout_s)
    elif error := task.exception():
        log.warning("failed", what=what, error=str(error))
