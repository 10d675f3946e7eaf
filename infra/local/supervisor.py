"""Starts parts in the order of their needs, keeps them running, stops them in reverse."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from infra.local.beside import beside
from infra.local.child import Child
from infra.local.part import Part, StackError, Step
from infra.local.restarts import Restarts

State = Literal[
    "waiting",
    "preparing",
    "starting",
    "ready",
    "done",
    "restarting",
    "failed",
    "stopping",
    "stopped",
]
Unit = Part | Step
_POLL_S = 0.15
_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a unit; `took_s` is the time it spent in the state before."""

    unit: Unit
    state: State
    took_s: float
    detail: str = ""


def levels(units: Sequence[Unit]) -> list[list[Unit]]:
    """Units by depth of needs; those of one level can start and stop together.

    Raises:
        StackError: a need that is no unit, or a circle.
    """
    named = {unit.name: unit for unit in units}
    for unit in units:
        for need in unit.needs:
            if need not in named:
                raise StackError(f"{unit.name} needs {need}, which is not part of this stack")
    sorter = TopologicalSorter({unit.name: unit.needs for unit in units})
    try:
        sorter.prepare()
    except CycleError as error:
        raise StackError(f"parts need each other in a circle: {error.args[1]}") from error
    found = []
    while sorter.is_active():
        names = sorter.get_ready()
        found.append([named[name] for name in sorted(names)])
        sorter.done(*names)
    return found


class Supervisor:
    """One run of a set of parts. Not reusable: make another for another run."""

    def __init__(self, units: Sequence[Unit], tell: Callable[[Event], None]) -> None:
        self._levels = levels(units)
        self._units = list(units)
        self._tell_outside = tell
        self._since: dict[str, float] = {}
        self._up = {unit.name: asyncio.Event() for unit in units}
        self._restarts = {unit.name: Restarts() for unit in units}
        self._keepers: set[asyncio.Task[None]] = set()
        self._hurry = False

    async def start(self) -> None:
        """Prepare everything, then start by need; returns when all are ready.

        Preparation ends before the first start, so that a missing tool leaves nothing half up.

        Raises:
            StackError: the first thing that went wrong; call stop() all the same.
        """
        for unit in self._units:
            self._tell(unit, "waiting")
        parts = [unit for unit in self._units if isinstance(unit, Part)]
        await _all([self._prepare(part) for part in parts])
        await _all([self._bring_up(unit) for unit in self._units])

    async def stop(self) -> None:
        """Stop in reverse order; what does not end in its time is killed."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for level in reversed(self._levels):
            running = [unit for unit in level if isinstance(unit, Part) and unit.child is not None]
            await asyncio.gather(*(self._stop(part) for part in running))

    def hurry(self) -> None:
        """Kill instead of asking, now and for the rest of stop()."""
        self._hurry = True
        for unit in self._units:
            if isinstance(unit, Part) and unit.child is not None:
                unit.child.strike()

    def restarts(self, name: str) -> int:
        """How often that unit was started again."""
        return self._restarts[name].count

    async def _prepare(self, part: Part) -> None:
        self._tell(part, "preparing")
        await beside(part.prepare)
        self._tell(part, "waiting")

    async def _bring_up(self, unit: Unit) -> None:
        for need in unit.needs:
            await self._up[need].wait()
        self._tell(unit, "starting")
        if isinstance(unit, Step):
            await beside(unit.run)
            self._tell(unit, "done")
            self._up[unit.name].set()
            return
        keeper = asyncio.create_task(self._keep(unit))
        self._keepers.add(keeper)
        up = asyncio.create_task(self._up[unit.name].wait())
        try:
            await asyncio.wait({keeper, up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
        if keeper.done():  # it only ends when it gives up
            raise StackError(f"{unit.name} does not come up{unit.last_words()}")

    async def _keep(self, part: Part) -> None:
        restarts = self._restarts[part.name]
        while True:
            child = part.start()
            ended = asyncio.create_task(_ended(child))
            try:
                if await self._become_ready(part, ended):
                    restarts.ready()
                    self._tell(part, "ready")
                    self._up[part.name].set()
                    await self._stay_ready(part, ended)
            finally:
                ended.cancel()
            code = await beside(partial(child.stop, part.stop_within_s))
            delay = restarts.ended(code)
            if delay is None:
                self._tell(part, "failed", f"ended with {code}")
                return
            self._tell(part, "restarting", f"ended with {code}, next start in {delay:.1f} s")
            await asyncio.sleep(delay)
            self._tell(part, "starting")

    async def _become_ready(self, part: Part, ended: asyncio.Task[None]) -> bool:
        deadline = time.monotonic() + part.ready_within_s
        while not ended.done() and time.monotonic() < deadline:
            if await beside(part.is_ready):
                return not ended.done()
            await asyncio.wait({ended}, timeout=_POLL_S)
        return False

    async def _stay_ready(self, part: Part, ended: asyncio.Task[None]) -> None:
        refusals = 0
        while not ended.done() and refusals < _REFUSALS:
            await asyncio.wait({ended}, timeout=part.watch_every_s)
            if not ended.done():
                refusals = 0 if await beside(part.is_ready) else refusals + 1

    async def _stop(self, part: Part) -> None:
        self._tell(part, "stopping")
        if self._hurry and part.child is not None:
            part.child.strike()
        await beside(part.stop)
        self._tell(part, "stopped")

    def _tell(self, unit: Unit, state: State, detail: str = "") -> None:
        now = time.monotonic()
        took, self._since[unit.name] = now - self._since.get(unit.name, now), now
        self._tell_outside(Event(unit, state, took, detail))


async def _ended(child: Child) -> None:
    """Wait for the end of a process without a thread and without asking again and again."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(child.pidfd, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(child.pidfd)


async def _all(work: Sequence[Awaitable[None]]) -> None:
    """All at once; the first that fails ends the others, and its error is the only one raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        for done in asyncio.as_completed(tasks):
            await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
