"""From a case that waits to what is asked of the writer, and back."""

import re
from datetime import datetime

from schemas.automation.assessment import CaseAssessed, Task
from schemas.automation.decision import Decision, Reason, Verdict
from schemas.automation.journal import Decided, Waiting
from schemas.automation.writing import (
    WritingCompleted,
    WritingRequested,
    WritingStatus,
    WritingTask,
)
from services.chassis.identity import stable_id
from services.chassis.ports import Trace
from services.decider.domain import clocks
from services.decider.domain.awaiting import Asking
from services.decider.domain.exceptions import EXCEPTIONS
from services.decider.messages import decision_message, writing_message

_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def waiting(assessed: CaseAssessed, wanted: Asking, now: datetime, trace: Trace) -> Waiting | None:
    """The journal's word that a case waits, with the request; None where that does not fit."""
    request = _request(assessed, wanted, now)
    message = writing_message(request, trace.traceparent)
    if message is None:
        return None
    return Waiting(
        case_id=assessed.case.case_id,
        writing_id=request.writing_id,
        deadline=request.deadline,
        assessed=assessed.model_dump_json(exclude_none=True),
        traceparent=trace.traceparent,
        outbox=(message,),
    )


def overdue(held: Waiting, assessed: CaseAssessed, now: datetime) -> WritingCompleted:
    """What is known of a text that did not come in time."""
    case = assessed.case
    return WritingCompleted(
        writing_id=held.writing_id,
        tenant=case.tenant,
        case_id=case.case_id,
        subject=case.subject,
        task=WritingTask.OTHER,
        status=WritingStatus.EXPIRED,
        completed_at=now,
    )


def undecidable(assessed: CaseAssessed, now: datetime, trace: Trace) -> tuple[Decision, Decided]:
    """The end of a case that waited and whose decision fits nowhere: its record is long let go."""
    case = assessed.case
    decision = Decision(
        case_id=case.case_id,
        tenant=case.tenant,
        domain=case.domain,
        subject=case.subject,
        origin=case.origin,
        verdict=Verdict.NO_ACTION,
        reason=Reason.OTHER,
        decided_at=now,
    )
    return decision, Decided(
        case_id=case.case_id,
        subject=case.subject,
        revision=case.revision,
        message_id=None if case.ticket is None else case.ticket.message_id,
        outbox=(decision_message(decision, trace.traceparent),),
    )


def _request(assessed: CaseAssessed, wanted: Asking, now: datetime) -> WritingRequested:
    case, assessment = assessed.case, assessed.assessment
    return WritingRequested(
        writing_id=stable_id("writing", str(case.case_id), wanted.task),
        tenant=case.tenant,
        case_id=case.case_id,
        subject=case.subject,
        task=WritingTask(wanted.task),
        text=case.text,
        text_sha256=case.text_sha256,
        language=_language(assessed),
        labels=tuple(EXCEPTIONS) if wanted.task == WritingTask.EXTRACT else (),
        facts=assessment.facts,
        occurred_at=case.occurred_at,
        expected_at=_expected(assessed),
        requested_at=now,
        deadline=now + wanted.within,
    )


def _language(assessed: CaseAssessed) -> str | None:
    """As read, else as declared; a label that is no language is none."""
    for each in assessed.assessment.readings:
        if each.task is Task.LANGUAGE and each.abstained is None and _CODE.fullmatch(each.label):
            return each.label
    return assessed.case.declared_language


def _expected(assessed: CaseAssessed) -> datetime | None:
    """The time promised so far: the event's own word, else that of the order it names."""
    supply = assessed.case.supply
    if supply is not None and supply.previous_time is not None:
        return supply.previous_time
    facts = {each.name: each.value for each in assessed.assessment.facts}
    return clocks.instant(facts.get("po.promised_at"))
