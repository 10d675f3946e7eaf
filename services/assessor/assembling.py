"""Between the wire and the domain: a case as the rules see it, what was found as an assessment."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from schemas.automation import assessment as wire
from schemas.automation.case import Case, Domain
from schemas.support import AuthorKind, Direction
from services.assessor.domain.asking import MAIN_TASK, Question, Subject, Task
from services.assessor.domain.joining import Known
from services.assessor.domain.reading import UNREAD, USUAL, Abstention, Answer, Bits, Readings
from services.chassis.names import Attr
from services.chassis.ports import Attribute


def subject(case: Case) -> Subject:
    """The case, as far as it decides whom to ask."""
    ticket = case.ticket
    return Subject(
        support=case.domain is Domain.SUPPORT,
        echo=case.echo,
        new_message=ticket is not None and ticket.message_id is not None,
        from_customer=ticket is not None
        and ticket.message_direction is Direction.INBOUND
        and ticket.message_author_kind is AuthorKind.CUSTOMER,
        automatic=ticket is not None and ticket.message_automatic,
        has_text=bool(case.text.strip()),
    )


def text_id(case: Case) -> str:
    """The same at every redelivery and redrive: the origin, and the text that was there."""
    origin = case.origin
    return f"{origin.topic}:{origin.partition}:{origin.offset}:{origin.index}:{_sha256(case)}"


def assessment(
    case: Case,
    asked: Question | None,
    found: Readings | None,
    judged: Mapping[Task, Abstention | None],
    wanted: Sequence[str],
    known: Sequence[Known],
    now: datetime,
) -> wire.Assessment:
    """Everything that was found out, in the contract's words."""
    names = {fact.name for fact in known}
    return wire.Assessment(
        readings=_readings(asked, found, judged),
        evidence=_evidence(case, found),
        facts=tuple(
            wire.JoinedFact(name=fact.name, value=fact.value, as_of=fact.as_of, source=fact.source)
            for fact in known
        ),
        missing_facts=tuple(name for name in wanted if name not in names),
        usage=wire.Usage(tokens=found.tokens, compute_us=found.compute_us)
        if found
        else wire.Usage(),
        assessed_at=now,
    )


def attributes(found: Readings, main: Task, result: str) -> dict[str, Attribute]:
    """What a case's span tells of its reading."""
    noted: dict[str, Attribute] = {
        Attr.TASK: main.value,
        Attr.ABSTAINED: result != "ok",
        Attr.MODEL_TOKENS: found.tokens,
        Attr.MODEL_COMPUTE_US: found.compute_us,
    }
    for answer in found.answers:
        if answer.task is main:
            encoder = answer.models[0]
            noted |= {
                Attr.LABEL: answer.candidates[0].label,
                Attr.CONFIDENCE: answer.candidates[0].confidence,
                Attr.MODEL_NAME: encoder.name,
                Attr.MODEL_VERSION: encoder.version,
                Attr.MODEL_DIGEST: encoder.digest,
            }
    return noted


def _readings(
    asked: Question | None, found: Readings | None, judged: Mapping[Task, Abstention | None]
) -> tuple[wire.Reading, ...]:
    if asked is None:
        return ()
    if found is None:
        # Wanted, and nothing to read: policies are told so, as of any other abstention.
        nothing = wire.Abstention(Abstention.NO_TEXT)
        task = wire.Task(MAIN_TASK[asked])
        return (wire.Reading(task=task, label=UNREAD, confidence=0, abstained=nothing, models=()),)
    return tuple(_reading(answer, judged[answer.task], found.batch) for answer in found.answers)


def _reading(answer: Answer, abstained: Abstention | None, batch: str) -> wire.Reading:
    best, *others = answer.candidates
    return wire.Reading(
        task=wire.Task(answer.task),
        label=best.label,
        confidence=best.confidence,
        calibrated=answer.calibrated,
        margin=answer.margin,
        scope=answer.scope,
        abstained=None if abstained is None else wire.Abstention(abstained),
        alternatives=tuple(
            wire.Alternative(label=each.label, confidence=each.confidence) for each in others
        ),
        pack=answer.pack,
        models=tuple(_ref(bits) for bits in answer.models),
        batch_id=batch,
    )


@lru_cache(maxsize=256)
def _ref(bits: Bits) -> wire.ModelRef:
    return wire.ModelRef(
        name=bits.name,
        version=bits.version,
        digest=bits.digest,
        quantization=bits.quantization,
        runtime=bits.runtime,
    )


def _evidence(case: Case, found: Readings | None) -> tuple[wire.Evidence, ...]:
    evidence = [
        wire.Evidence(kind=wire.EvidenceKind.FIELD, locator=locator) for locator in _fields(case)
    ]
    if found is not None:
        span = wire.Evidence(
            kind=wire.EvidenceKind.TEXT_SPAN,
            locator="case.text",
            start=0,
            end=len(case.text),
            sha256=_sha256(case),
        )
        evidence[:0] = [span, *_sentences(case, found)]
    return tuple(evidence)


def _sentences(case: Case, found: Readings) -> Iterator[wire.Evidence]:
    """What single answers rest upon; of suspicion only where there is one."""
    telling = [each for each in found.answers if each.candidates[0].label != USUAL]
    for answer in telling:
        for start, end in answer.spans:
            said = case.text[start:end].encode()
            yield wire.Evidence(
                kind=wire.EvidenceKind.TEXT_SPAN,
                locator="case.text",
                start=start,
                end=start + len(case.text[start:end]),
                sha256=hashlib.sha256(said).hexdigest(),
                task=wire.Task(answer.task),
            )


def _fields(case: Case) -> list[str]:
    """The fields that say what happened, where the source set them."""
    if case.supply is not None:
        set_ = {
            "milestone": True,
            "source_code": case.supply.source_code is not None,
            "reason_code": case.supply.reason_code is not None,
            "disposition": case.supply.disposition is not None,
            "delay_days": case.supply.delay_days is not None,
            "measurements": bool(case.supply.measurements),
        }
        return [f"case.supply.{name}" for name, there in set_.items() if there]
    return ["case.ticket.status"] if case.ticket is not None else []


def _sha256(case: Case) -> str:
    return case.text_sha256 or hashlib.sha256(case.text.encode()).hexdigest()
