"""The models as this process uses them: one batcher per question, one pulse, one check of packs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from services.assessor.domain.agreeing import PackId, disagreements, misfits
from services.assessor.domain.asking import Question, Task
from services.assessor.reader import TritonReader, encoder, heads, signature
from services.chassis.errors import ConfigurationError, Outage
from services.chassis.health import Health
from services.chassis.triton.batcher import Batcher, Parts
from services.chassis.triton.client import ServedModel, TritonClient
from services.chassis.triton.faults import Fault
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
        """Every question is answered, by heads made from the configured packs for that encoder.

        Raises:
            Outage: a model does not answer, or not which bits it is; later it may.
            ConfigurationError: it was made from another pack; later it still was.
        """
        served: dict[Task, PackId | None] = {}
        lines: list[str] = []
        for question, batcher in self.batchers.items():
            row = await batcher.canary()
            try:
                served |= packs(question, row)
                lines += misfits(encoder(row), encoders(question, row))
            except (Fault, KeyError) as error:
                raise Outage(f"{question}: a model does not say which bits it is") from error
        lines += disagreements(self.configured, served)
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


def encoders(question: Question, row: Row) -> dict[Task, str | None]:
    """To which encoder each head of a question was fitted, as its answer says."""
    return {task: head.get("encoder_digest") for task, head in heads(question, row).items()}


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
