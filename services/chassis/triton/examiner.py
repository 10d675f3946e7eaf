"""Outage or poison? Finds the text that breaks the model, and blames no other."""

import asyncio
import random
from collections import deque
from typing import TYPE_CHECKING, Protocol

from services.chassis.errors import InferenceFailed, Outage
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.flood import Floods
from services.chassis.triton.gate import Gate
from services.chassis.triton.memory import SMALL, Memory

if TYPE_CHECKING:
    from services.chassis.triton.batcher import Item
    from services.chassis.triton.wire import Row

# DESIGN §3: three failures alone while the canary passes.
_FAILURES = 3

# Triton gives calls to instances in turn; two instances are asked twice each.
_CANARIES = 4

# Between failures: another process may be after a bad text of its own on the same server, and
# we must not be in the same execution with it three times.
_PAUSE_S = (0.05, 0.4)


class Asks(Protocol):
    """The batcher, as far as it matters here."""

    async def ask(self, items: list["Item"]) -> None:
        """Resolve the items or raise `Fault`."""
        ...

    async def canary(self) -> "Row":
        """Raises `Outage`."""
        ...


class Examiner:
    """Tries suspicious texts in ever smaller company, with the server to itself.

    A failed or lost request of 32 is tried by eights, a failing eight one by one: for one bad text
    that costs 14 calls and, if it kills the server, two losses before it stands alone.
    """

    def __init__(self, batcher: Asks, gate: Gate, memory: Memory, floods: Floods) -> None:
        self._batcher = batcher
        self._gate = gate
        self._memory = memory
        self._floods = floods

    async def examine(self, items: list["Item"]) -> None:
        """End every item: answered, with `InferenceFailed`, or all the rest with `Outage`."""
        async with self._gate.alone():
            companies = deque(self._companies(items))
            while companies:
                company = [each for each in companies.popleft() if not each.future.done()]
                if not company:
                    continue
                try:
                    if len(company) == 1:
                        await self._alone(company[0])
                    elif not await self._together(company):
                        companies.extendleft([each] for each in company)
                except Outage as outage:
                    for rest in (company, *companies):
                        for item in rest:
                            item.fail(outage)
                    return

    def _companies(self, items: list["Item"]) -> list[list["Item"]]:
        alone: list[list[Item]] = []
        others: list[Item] = []
        for item in items:
            suspicion = self._memory.suspicion(item.id)
            if (suspicion and suspicion.company == 1) or self._floods.flooding(item.tenant):
                alone.append([item])
            else:
                others.append(item)
        # The innocent first: they are many, and what kills would end them all with an outage.
        size = SMALL if len(others) > SMALL else 1
        return [others[at : at + size] for at in range(0, len(others), size)] + alone

    async def _together(self, company: list["Item"]) -> bool:
        await self._batcher.canary()
        try:
            await self._batcher.ask(company)
        except Fault as fault:
            if fault.kind is Kind.UNREACHABLE:
                raise Outage(str(fault)) from fault
            return False
        self._memory.clear([each.id for each in company])
        return True

    async def _alone(self, item: "Item") -> None:
        limit = 1 if self._floods.flooding(item.tenant) else _FAILURES
        suspicion = self._memory.suspicion(item.id)
        failures = suspicion.failures if suspicion else 0
        while failures < limit:
            await self._sound()
            failures = self._memory.alone(item.id)
            try:
                await self._batcher.ask([item])
            except Fault as fault:
                await self._count(item, fault)
            except asyncio.CancelledError:
                self._memory.excuse(item.id)
                raise
            else:
                self._memory.clear([item.id])
                return
            if failures < limit:
                await asyncio.sleep(random.uniform(*_PAUSE_S))  # noqa: S311 - jitter
        self._memory.clear([item.id])
        self._floods.failed(item.tenant)
        item.fail(
            InferenceFailed(
                f"the model fails on this text alone, {failures} times, while its canary passes"
            )
        )

    async def _sound(self) -> None:
        """Raises `Outage` unless the canary passes on every instance, as far as we can tell.

        A model with a dead process beside a living one answers every second call: one canary would
        let the innocent be blamed.
        """
        for _ in range(_CANARIES):
            await self._batcher.canary()

    async def _count(self, item: "Item", fault: Fault) -> None:
        """Whose failure it was: a loss, of server or stub, right after canaries is the text's."""
        if fault.kind is Kind.UNREACHABLE:
            self._memory.excuse(item.id)
            raise Outage(str(fault)) from fault
        if fault.kind is Kind.REFUSED:
            try:
                await self._batcher.canary()
            except Outage:
                self._memory.excuse(item.id)
                raise
