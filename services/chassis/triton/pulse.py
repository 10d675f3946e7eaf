"""Says whether the models answer, by real tiny inferences: Triton's readiness sees no dead stub."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from services.chassis.errors import Outage
from services.chassis.health import Health


class Answers(Protocol):
    """A batcher, as far as it matters here."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def answered_at(self) -> float:
        """When the model last answered, by the clock below."""
        ...

    async def canary(self) -> object:
        """Raises `Outage`."""
        ...


class Pulse:
    """Keeps the check "model:<name>"; asks only models that were idle."""

    def __init__(
        self,
        models: Sequence[Answers],
        health: Health,
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models = models
        self._health = health
        self._every_s = every_s
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(self._every_s)

    async def beat(self) -> None:
        """Look at every model once."""
        for model in self._models:
            check = f"model:{model.name}"
            if self._clock() - model.answered_at > self._every_s:
                try:
                    await model.canary()
                except Outage as outage:
                    self._health.set(check, ok=False, detail=str(outage))
                    continue
            self._health.set(check, ok=True)
