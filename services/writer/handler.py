"""A request comes in; what came of it goes out, once, whatever it was."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError
from typing_extensions import override

from schemas.automation.writing import WritingCompleted, WritingRequested, WritingStatus
from services.chassis import envelope
from services.chassis.errors import InferenceFailed
from services.chassis.names import Attr
from services.chassis.outcome import Done, Outcome
from services.chassis.ports import Clock, Delivery, Lane, Metrics, StatelessHandler, Trace
from services.chassis.record import Message
from services.chassis.undecodable import undecodable
from services.writer import telling
from services.writer.domain.asking import Ask
from services.writer.domain.extracting import Dates
from services.writer.domain.judging import judge, unwritable
from services.writer.domain.prompting import prompt
from services.writer.ports import LateError, Model, Written
from services.writer.settings import WriterSettings
from topics.automation import WRITING_COMPLETED

_SOURCE = "/sluice/writer"


class WriteTexts(StatelessHandler):
    """No state: a request that comes twice is written twice, and says the same."""

    def __init__(
        self,
        model: Model,
        dates: Dates,
        settings: WriterSettings,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._model = model
        self._dates = dates
        self._settings = settings
        self._clock = clock
        self._metrics = metrics

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        return [await self._outcome(delivery) for delivery in deliveries]

    async def _outcome(self, delivery: Delivery) -> Outcome:
        try:
            asked = WritingRequested.from_json(delivery.record.value or b"")
        except ValidationError as error:
            return undecodable(error)
        completed = await self.answer(asked, delivery.trace)
        self._note(completed, delivery.trace)
        return Done((_message(completed, delivery.trace),))

    async def answer(self, asked: WritingRequested, trace: Trace) -> WritingCompleted:
        """What comes of a request, whatever it is.

        Raises:
            Outage: nobody can say now.
        """
        left_s = (asked.deadline - self._clock.now()).total_seconds()
        ask, truncated = telling.ask(asked, self._settings.max_chars)
        if left_s <= 0:
            return self._ended(asked, WritingStatus.EXPIRED)
        if ask is None:  # asked for by somebody newer than we are
            return self._ended(asked, WritingStatus.FAILED)
        refused = unwritable(ask)
        if refused is not None:
            return telling.completed(asked, None, refused, self._clock.now(), truncated=truncated)
        written = await self._written(ask, left_s, trace)
        if isinstance(written, WritingStatus):
            return self._ended(asked, written)
        judged = judge(written.text, ask, self._dates, whole=written.whole)
        return telling.completed(asked, written, judged, self._clock.now(), truncated=truncated)

    async def _written(self, ask: Ask, left_s: float, trace: Trace) -> Written | WritingStatus:
        if not await self._model.served():
            return WritingStatus.UNAVAILABLE
        try:
            within_s = min(left_s, self._settings.patience_s)
            return await self._model.write(prompt(ask), within_s=within_s, trace=trace)
        except LateError:
            return WritingStatus.EXPIRED
        except InferenceFailed:
            return WritingStatus.FAILED

    def _ended(self, asked: WritingRequested, status: WritingStatus) -> WritingCompleted:
        return telling.ended(asked, status, self._clock.now())

    def _note(self, completed: WritingCompleted, trace: Trace) -> None:
        status = completed.status.value
        trace.note(
            {
                Attr.TENANT: completed.tenant,
                Attr.CASE_ID: str(completed.case_id),
                Attr.SUBJECT: completed.subject,
                Attr.TASK: completed.task.value,
                Attr.ABSTAINED: completed.status is not WritingStatus.WRITTEN,
            }
        )
        task = completed.task.value
        self._metrics.count("sluice_writings_total", task=task, status=status)
        for fault in completed.faults:
            self._metrics.count("sluice_guard_faults_total", task=task, guard=fault.guard.value)


def _message(completed: WritingCompleted, trace: Trace) -> Message:
    at: datetime = completed.completed_at
    return Message(
        WRITING_COMPLETED.name,
        completed.tenant.encode(),
        completed.to_json(),
        envelope.headers(
            completed.event_type,
            str(completed.writing_id),
            _SOURCE,
            at,
            completed.subject,
            trace.traceparent,
        ),
    )
