"""The models as this process uses them: one batcher per question, one pulse, one check of packs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from services.assessor.domain.agreeing import PackId, disagreements
from services.assessor.domain.asking import Question, Task
from services.assessor.reader import TritonReader, heads, signature
from services.chassis.errors import ConfigurationError
from services.chassis.health import Health
from services.chassis.triton.batcher import Batcher, Parts
from services.chassis.triton.client import ServedModel, TritonClient
from services.chassis.triton.pulse import Pulse
from services.chassis.triton.wire import Row


@dataclass(frozen=True, slots=True)
class Serving:
    """Asks the models, as long as it is open."""

    batchers: Mapping[Question, Batcher]
    configured: Mapping[Task, PackId]

    @property
    def reader(self) -> TritonReader:
        """The models, as the handler wants them."""
        return TritonReader(self.batchers)

    async def canary(self) -> None:
        """Every question is answered, by heads made from the configured packs.

        Raises:
            Outage: a model does not answer; later it may.
            ConfigurationError: it was made from another pack; later it still was.
        """
        served: dict[Task, PackId | None] = {}
        for question, batcher in self.batchers.items():
            served |= packs(question, await batcher.canary())
        lines = disagreements(self.configured, served)
        if lines:
            raise ConfigurationError("\n".join(lines))


def packs(question: Question, row: Row) -> dict[Task, PackId | None]:
    """From which pack each head of a question was made, as its answer says."""
    return {
        task: PackId(head["pack"], head["pack_digest"])
        if "pack" in head and "pack_digest" in head
        else None
        for task, head in heads(question, row).items()
    }


@contextlib.asynccontextmanager
async def serving(
    parts: Parts, configured: Mapping[Task, PackId], health: Health
) -> AsyncIterator[Serving]:
    """Connect, and disconnect again; readiness follows the models meanwhile."""
    settings = parts.settings
    async with TritonClient(settings) as client:
        batchers = {
            question: Batcher(ServedModel(client, signature(question), settings), parts)
            for question in Question
        }
        pulse = asyncio.create_task(
            Pulse(list(batchers.values()), health, settings.canary_every_s).run()
        )
        try:
            yield Serving(batchers, configured)
        finally:
            pulse.cancel()
            await asyncio.gather(
                pulse, *(batcher.close() for batcher in batchers.values()), return_exceptions=True
            )
