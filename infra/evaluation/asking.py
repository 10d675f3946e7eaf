"""Asks served models about labelled rows: the same request and decoding as the assessor's."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from infra.evaluation.domain.metrics import Judged
from infra.evaluation.truth import Meant
from services.assessor.domain.agreeing import PackId, disagreements
from services.assessor.domain.asking import Question, Task
from services.assessor.domain.reading import Answer, Readings, abstentions
from services.assessor.packs import Configured
from services.assessor.packs.pack import OTHER
from services.assessor.reader import readings, signature
from services.assessor.serving import packs as packs_of
from services.chassis.errors import ConfigurationError, Outage
from services.chassis.triton.client import ServedModel, TritonClient
from services.chassis.triton.faults import Fault
from services.chassis.triton.settings import TritonSettings

# Which question a task is part of.
QUESTIONS = {
    Task.INTENT: Question.TICKET,
    Task.SENTIMENT: Question.TICKET,
    Task.URGENCY: Question.TICKET,
    Task.EXCEPTION: Question.NOTICE,
}


@dataclass(slots=True)
class Said:
    """What the server said of all rows, and what that took."""

    judged: list[Judged]
    tokens: int
    compute_us: int
    seconds: float
    models: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Texts per second, by the wall clock."""
        return len(self.judged) / self.seconds if self.seconds else 0.0


async def served(url: str, task: Task) -> PackId | None:
    """The pack whose head answers a task there.

    Raises:
        Outage: nobody answers, or not which bits it is.
    """
    settings, question = TritonSettings(url=url), QUESTIONS[task]
    async with TritonClient(settings) as client:
        try:
            row = await ServedModel(client, signature(question), settings).canary()
            return packs_of(question, row)[task]
        except (Fault, KeyError) as error:
            raise Outage(f"{url} does not answer {question}: {error}") from error


async def require(url: str, task: Task, pack: PackId) -> None:
    """Refuse a server whose head was made from something else.

    Raises:
        ConfigurationError: it was; with the remedy.
        Outage: like `served`.
    """
    found = disagreements({task: pack}, {task: await served(url, task)})
    if found:
        raise ConfigurationError(
            f"{url}: {found[0]}; without --url a server of its own is started for this pack"
        )


async def ask(
    url: str,
    task: Task,
    rows: Sequence[Meant],
    configured: Configured,
    say: Callable[[int], None] = lambda _: None,
) -> Said:
    """All rows, in requests of the size that the assessor sends.

    Raises:
        Outage: the server does not answer.
    """
    settings, question = TritonSettings(url=url, deadline_s=60), QUESTIONS[task]
    batches = [rows[at : at + settings.max_rows] for at in range(0, len(rows), settings.max_rows)]
    places = asyncio.Semaphore(settings.in_flight)
    done = 0
    async with TritonClient(settings) as client:

        async def one(batch: Sequence[Meant]) -> list[Readings]:
            nonlocal done
            async with places:
                try:
                    answered = await client.infer(
                        signature(question),
                        [each.row.text.encode() for each in batch],
                        deadline_s=settings.deadline_s,
                    )
                except Fault as fault:
                    lines = f"{batch[0].row.line} to {batch[-1].row.line}"
                    raise Outage(f"{url}: no answer to lines {lines}: {fault}") from fault
            done += len(batch)
            say(done)
            return [readings(question, row, "") for row in answered]

        began = time.monotonic()
        found = [each for part in await asyncio.gather(*map(one, batches)) for each in part]
        seconds = time.monotonic() - began
    return Said(
        [_judged(row, each, task, configured) for row, each in zip(rows, found, strict=True)],
        tokens=sum(each.tokens for each in found),
        compute_us=sum(each.compute_us for each in found),
        seconds=seconds,
        models=_models(found, task),
    )


def _judged(row: Meant, found: Readings, task: Task, configured: Configured) -> Judged:
    answer = _of(found, task)
    best = answer.candidates[0]
    return Judged(
        truth=row.truth,
        guess=None if best.label == OTHER else best.label,
        confidence=best.confidence,
        scope=answer.scope,
        answered=abstentions(found, configured.thresholds)[task] is None,
        language=_of(found, Task.LANGUAGE).candidates[0].label,
    )


def _of(found: Readings, task: Task) -> Answer:
    return next(answer for answer in found.answers if answer.task is task)


def _models(found: Sequence[Readings], task: Task) -> list[dict[str, str | None]]:
    if not found:
        return []
    return [
        {
            "name": bits.name,
            "version": bits.version,
            "digest": bits.digest,
            "quantization": bits.quantization,
            "runtime": bits.runtime,
        }
        for bits in _of(found[0], task).models
    ]
