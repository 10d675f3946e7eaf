"""Between the wire and the domain: a request as the rules see it, what came of it as an event."""

from datetime import datetime

from schemas.automation import writing as wire
from schemas.automation.assessment import ModelRef, Usage
from services.writer.domain.asking import Ask, Fact, Task
from services.writer.domain.extracting import Extraction
from services.writer.domain.judging import Judged
from services.writer.ports import Written

# What a fact may say in a text; a longer one is no fact to be said.
_LONGEST_FACT = 200


def ask(asked: wire.WritingRequested, max_chars: int) -> tuple[Ask | None, bool]:
    """The request, and whether its text was cut; None: a task that is newer than we are."""
    if asked.task is wire.WritingTask.OTHER:
        return None, False
    text = asked.text[:max_chars]
    made = Ask(
        Task(asked.task.value),
        text,
        asked.occurred_at,
        language=asked.language,
        labels=asked.labels,
        facts=tuple(
            Fact(each.name, str(each.value))
            for each in asked.facts
            if isinstance(each.value, str | int | float) and len(str(each.value)) <= _LONGEST_FACT
        ),
        expected_at=asked.expected_at,
    )
    return made, len(text) < len(asked.text)


def ended(
    asked: wire.WritingRequested, status: wire.WritingStatus, now: datetime
) -> wire.WritingCompleted:
    """Nothing was written."""
    return wire.WritingCompleted(
        writing_id=asked.writing_id,
        tenant=asked.tenant,
        case_id=asked.case_id,
        subject=asked.subject,
        task=asked.task,
        status=status,
        completed_at=now,
    )


def completed(
    asked: wire.WritingRequested,
    written: Written | None,
    judged: Judged,
    now: datetime,
    *,
    truncated: bool,
) -> wire.WritingCompleted:
    """What was judged; where a guard found a fault, it says so beside what a person may look at."""
    status = wire.WritingStatus.GUARDED if judged.faults else wire.WritingStatus.WRITTEN
    return ended(asked, status, now).model_copy(
        update={
            "faults": tuple(
                wire.GuardFault(
                    guard=wire.Guard(each.guard.value),
                    field=each.field,
                    start=each.start,
                    end=each.end,
                )
                for each in judged.faults
            ),
            "extraction": None if judged.extraction is None else _extraction(judged.extraction),
            "text": judged.text,
            "text_truncated": truncated,
            "model": None if written is None else _model(written),
            "usage": Usage()
            if written is None
            else Usage(tokens=written.tokens, compute_us=written.compute_us),
        }
    )


def _model(written: Written) -> ModelRef:
    bits = written.model
    return ModelRef(
        name=bits["name"],
        version=bits["version"],
        digest=bits["digest"],
        quantization=bits.get("quantization"),
        runtime=bits.get("runtime"),
    )


def _extraction(found: Extraction) -> wire.Extraction:
    return wire.Extraction(
        type=found.type,
        references=found.references,
        new_date=found.new_date,
        delay_days=found.delay_days,
        quantity=found.quantity,
        cause=found.cause,
        support=tuple(
            wire.Support(field=each.field, start=each.start, end=each.end, rule=each.rule)
            for each in found.support
        ),
    )
