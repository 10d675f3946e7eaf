"""Cases to be read, and readers in memory: good, flaky, poisoned."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from typing_extensions import override

from schemas.automation.case import Case, CaseAccepted, Domain, Origin, SupplyFields, TicketFields
from schemas.supply import Classifier, Family, Milestone, Reference
from schemas.support import AuthorKind, Channel, Direction, TicketStatus
from services.assessor.domain.asking import Question, Task
from services.assessor.domain.joining import Known
from services.assessor.domain.reading import Answer, Bits, Candidate, Readings
from services.assessor.ports import Facts, Reader, Text
from services.chassis.errors import InferenceFailed, Outage
from services.chassis.ports import Delivery
from services.chassis.record import Record
from topics.automation import CASE_ACCEPTED

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENCODER = Bits("encoder", "1", "e" * 64, "int8", "openvino")


def ticket_case(text: str = "Where is my order?", number: int = 1, **fields) -> Case:
    """A ticket with a new message by its customer; `fields` change the ticket's."""
    ticket = TicketFields(
        ticket_id="T-1",
        revision=number,
        status=TicketStatus.OPEN,
        channel=Channel.EMAIL,
        message_id=f"m{number}",
        message_direction=Direction.INBOUND,
        message_author_kind=AuthorKind.CUSTOMER,
    )
    return _case(text, number, Domain.SUPPORT, ticket=ticket.model_copy(update=fields))


def supply_case(text: str = "", number: int = 1) -> Case:
    """A supply event; with text it is a notice."""
    supply = SupplyFields(
        family=Family.NOTICE,
        milestone=Milestone.NOTICE,
        classifier=Classifier.ACTUAL,
        refs=(Reference(type="po", value="P-1"),),
    )
    return _case(text, number, Domain.SUPPLY, supply=supply)


def _case(text: str, number: int, domain: Domain, **parts) -> Case:
    return Case(
        case_id=UUID(int=number),
        tenant="acme",
        source="desk",
        domain=domain,
        subject="acme|ticket:T-1",
        subject_kind="ticket",
        subject_id="T-1",
        event_id=str(number),
        origin=Origin(topic="t", partition=0, offset=number, timestamp=NOW),
        occurred_at=NOW,
        text=text,
        mapping="sluice:1",
        **parts,
    )


def record_of(case: Case, offset: int = 0) -> Record:
    """The case as it comes in."""
    value = CaseAccepted(case=case).to_json()
    key = case.subject.encode()
    return Record(CASE_ACCEPTED.name, 0, offset, int(NOW.timestamp() * 1000), key, value)


def delivery_of(case: Case, trace) -> Delivery:
    """The case as a handler gets it."""
    return Delivery(record_of(case), trace)


def answer(task: Task, *candidates: tuple[str, float]) -> Answer:
    """One head's answer."""
    head = Bits(f"{task.value}-head", "1", "h" * 64)
    models = (head,) if task is Task.LANGUAGE else (ENCODER, head)
    return Answer(task, tuple(Candidate(*each) for each in candidates), models, pack="retail:1")


def suspicion_of(text: str) -> Answer:
    """Whoever speaks of instructions gives one."""
    at = text.find("instructions")
    if at < 0:
        return answer(Task.INJECTION, ("ordinary", 0.95), ("instruction", 0.05))
    found = answer(Task.INJECTION, ("instruction", 0.99), ("ordinary", 0.01))
    return replace(found, spans=((at, len(text)),))


def readings_of(text: str) -> Readings:
    """What the fake always says: refunds are asked for where the word is there."""
    intent = "refund_request" if "refund" in text else "delivery_status"
    return Readings(
        (
            answer(Task.INTENT, (intent, 0.8), ("complaint", 0.15), ("cancel_order", 0.05)),
            answer(Task.SENTIMENT, ("neutral", 0.7), ("negative", 0.2), ("positive", 0.1)),
            answer(Task.URGENCY, ("none", 0.9), ("soon", 0.07), ("now", 0.02)),
            suspicion_of(text),
            answer(Task.LANGUAGE, ("en", 0.97)),
        ),
        tokens=len(text.split()),
        compute_us=1000,
        batch="b" * 32,
    )


class FakeReader(Reader):
    """Answers by rule. Flaky: every other call is an outage. Poison: such texts break it."""

    def __init__(
        self,
        *,
        flaky: bool = False,
        poison: Callable[[str], bool] = lambda _: False,
        delay_s: float = 0,
        seed: int = 1,
    ) -> None:
        self.flaky = flaky
        self.poison = poison
        self.delay_s = delay_s
        self.calls: list[tuple[Question, Text]] = []
        self._random = random.Random(seed)  # noqa: S311 - delays

    @override
    async def read(self, question: Question, text: Text) -> Readings:
        self.calls.append((question, text))
        await asyncio.sleep(self.delay_s * self._random.random())
        if self.flaky and len(self.calls) % 2 == 1:
            raise Outage("flaky")
        if self.poison(text.text):
            raise InferenceFailed("this text alone")
        return readings_of(text.text)


class NoFacts(Facts):
    """Nobody knows anything: every fact asked for is missing."""

    @override
    async def about(self, case: Case, wanted: Sequence[str]) -> Sequence[Known]:
        return ()
