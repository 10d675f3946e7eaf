"""Requests to the writer, and a model in memory that says what it is told to."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from typing_extensions import override

from schemas.automation.writing import WritingRequested, WritingTask
from services.chassis.ports import Clock, Delivery, Trace
from services.chassis.record import Record
from services.writer.domain.asking import Ask, Task
from services.writer.domain.prompting import Prompt
from services.writer.ports import Model, Written
from topics.automation import WRITING_REQUESTED

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOTICE = (
    "Dear team, due to heavy weather the shipment SH-88120 with PO-4698 will arrive about four"
    " days late. All 1,200 pieces are affected."
)
BITS = {"name": "small", "version": "1.0", "digest": "d" * 64, "quantization": "Q4_K_M"}


class StillClock(Clock):
    """Always the same time."""

    @override
    def now(self) -> datetime:
        return NOW


class FakeModel(Model):
    """Answers with one text, or raises; `there` is whether a writer is served at all."""

    def __init__(self, text: str = "{}", error: Exception | None = None) -> None:
        self.text = text
        self.error = error
        self.there = True
        self.whole = True
        self.asked: list[tuple[Prompt, float]] = []

    @override
    async def served(self) -> bool:
        return self.there

    @override
    async def write(self, prompt: Prompt, *, within_s: float, trace: Trace) -> Written:
        self.asked.append((prompt, within_s))
        if self.error is not None:
            raise self.error
        return Written(self.text, self.whole, BITS, tokens=100, compute_us=2_000_000)


def ask(text: str = NOTICE, task: Task = Task.EXTRACT, **fields) -> Ask:
    """A request as the rules see it."""
    given = {
        "occurred_at": NOW,
        "language": "en",
        "labels": ("delay", "shortage"),
        "expected_at": datetime(2026, 11, 22, 18, tzinfo=UTC),
    }
    return Ask(task, text, **(given | fields))


def request(text: str = NOTICE, task: WritingTask = WritingTask.EXTRACT, **fields):
    """A request as it is asked for."""
    given = {
        "writing_id": UUID(int=1),
        "tenant": "acme",
        "case_id": UUID(int=2),
        "subject": "acme|shipment:SH-88120",
        "task": task,
        "text": text,
        "language": "en",
        "labels": ("delay", "shortage", "other"),
        "occurred_at": NOW,
        "expected_at": datetime(2026, 11, 22, 18, tzinfo=UTC),
        "requested_at": NOW,
        "deadline": NOW + timedelta(seconds=60),
    }
    return WritingRequested(**(given | fields))


def delivery(value: bytes, trace: Trace) -> Delivery:
    """A record on the writer's topic."""
    record = Record(WRITING_REQUESTED.name, 0, 7, 1_700_000_000_000, b"acme", value)
    return Delivery(record, trace)
