"""A case comes in, what is found out about it goes out."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError
from typing_extensions import override

from schemas.automation.assessment import CaseAssessed
from schemas.automation.case import Case, CaseAccepted
from services.assessor import assembling
from services.assessor.domain.asking import MAIN_TASK, Question, Task, question, wanted_facts
from services.assessor.domain.reading import Readings, Thresholds, abstentions
from services.assessor.ports import Facts, Reader, Text
from services.chassis import crashpoints, envelope
from services.chassis.errors import InferenceFailed, Outage
from services.chassis.names import Attr
from services.chassis.outcome import DeadLetter, Done, Outcome
from services.chassis.ports import (
    Attribute,
    Clock,
    Delivery,
    Lane,
    Metrics,
    StatelessHandler,
    Trace,
)
from services.chassis.record import Message
from services.chassis.undecodable import undecodable
from topics.automation import CASE_ASSESSED

_SOURCE = "/sluice/assessor"


class AssessCases(StatelessHandler):
    """No state: the same case gives the same assessment, whoever reads it and how often."""

    def __init__(
        self,
        reader: Reader,
        facts: Facts,
        thresholds: Mapping[Task, Thresholds],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._reader = reader
        self._facts = facts
        self._thresholds = thresholds
        self._clock = clock
        self._metrics = metrics

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        crashpoints.reach("assessor.before-infer")
        # All are waited for, also after the first outage: none of them stays in flight behind us.
        ends = await asyncio.gather(
            *(self._outcome(delivery) for delivery in deliveries), return_exceptions=True
        )
        crashpoints.reach("assessor.after-infer")
        for kind in (Outage, BaseException):
            for end in ends:
                if isinstance(end, kind):
                    raise end
        return [end for end in ends if not isinstance(end, BaseException)]

    async def _outcome(self, delivery: Delivery) -> Outcome:
        try:
            case = CaseAccepted.from_json(delivery.record.value or b"").case
        except ValidationError as error:
            return undecodable(error)
        try:
            return Done((await self._assess(case, delivery.trace),))
        except InferenceFailed as error:
            return DeadLetter("inference-failed", str(error))

    async def _assess(self, case: Case, trace: Trace) -> Message:
        subject = assembling.subject(case)
        asked = question(subject)
        wanted = wanted_facts(subject)
        known = await self._facts.about(case, wanted)
        found = None
        if asked is not None and subject.has_text:
            text = Text(assembling.text_id(case), case.text, case.tenant, trace)
            found = await self._reader.read(asked, text)
        judged = {} if found is None else abstentions(found, self._thresholds)
        self._note(trace, case, asked, found, judged)
        now = self._clock.now()
        assessment = assembling.assessment(case, asked, found, judged, wanted, known, now)
        return _message(CaseAssessed(case=case, assessment=assessment), now, trace)

    def _note(
        self,
        trace: Trace,
        case: Case,
        asked: Question | None,
        found: Readings | None,
        judged: Mapping[Task, object],
    ) -> None:
        attributes: dict[str, Attribute] = {
            Attr.TENANT: case.tenant,
            Attr.CASE_ID: str(case.case_id),
            Attr.DOMAIN: case.domain.value,
            Attr.SUBJECT: case.subject,
        }
        if asked is not None:
            main = MAIN_TASK[asked]
            result = "no_text" if found is None else str(judged.get(main) or "ok")
            self._metrics.count("sluice_readings_total", task=main.value, result=result)
            if found is not None:
                attributes |= assembling.attributes(found, main, result)
        trace.note(attributes)


def _message(event: CaseAssessed, now: datetime, trace: Trace) -> Message:
    case = event.case
    return Message(
        CASE_ASSESSED.name,
        case.tenant.encode(),
        event.to_json(),
        envelope.headers(
            event.event_type, str(case.case_id), _SOURCE, now, case.subject, trace.traceparent
        ),
    )
