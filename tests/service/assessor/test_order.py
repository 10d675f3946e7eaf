"""The assessor behind the delivery boundary: what goes out is in the order of what came in."""

import asyncio
from functools import partial

import pytest

from schemas.automation.assessment import CaseAssessed
from services.assessor.domain.asking import Question
from services.assessor.handler import AssessCases
from services.assessor.reader import TritonReader
from services.chassis.clock import SystemClock
from services.chassis.delivery import Boundary, DeliveryOptions
from services.chassis.ports import Lane, Publisher
from services.chassis.record import Position
from services.chassis.triton import examiner
from services.chassis.triton.batcher import Batcher
from services.chassis.triton.faults import Kind
from tests.fakes_reader import FakeReader, NoFacts, record_of, supply_case, ticket_case
from tests.fakes_triton import FakeMetrics, FakeModel, FakeTracing, parts, row


class AlwaysHeld(Lane):
    """A lane nobody takes away."""

    number = 0
    generation = 1

    def held(self) -> bool:
        """It is."""
        return True


class Recorder(Publisher):
    """Keeps what was sent, in order."""

    def __init__(self) -> None:
        self.sent = []

    def send(self, messages):
        """Confirmed at once."""
        self.sent.extend(messages)
        confirmed = asyncio.get_running_loop().create_future()
        confirmed.set_result(tuple(Position(m.topic, 0, n) for n, m in enumerate(messages)))
        return confirmed


async def through(handler, cases):
    """All messages that come out for the cases, once every record is acked."""
    publisher, acked, over = Recorder(), [], asyncio.Event()

    def ack(offset: int) -> None:
        acked.append(offset)
        if len(acked) == len(cases):
            over.set()

    boundary = Boundary(
        service="assessor",
        handler=handler,
        publisher=publisher,
        tracer=FakeTracing(),
        dead_letter_topic="assessor.dead-letter.v1",
        tenant_of=lambda _: "acme",
        options=DeliveryOptions(chunk=4, in_flight=6, backoff_s=0.001),
        clock=SystemClock(),
        on_crash=lambda error: pytest.fail(str(error)),
    )
    lane = AlwaysHeld()
    for offset, case in enumerate(cases):
        await boundary.submit(lane, record_of(case, offset), partial(ack, offset))
    async with asyncio.timeout(20):
        await over.wait()
    await boundary.drain()
    assert acked == list(range(len(cases)))
    return publisher.sent


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_fifty_revisions_of_a_ticket_keep_their_order(seed):
    """Models answer whenever they do; the decider must see revisions as they were made."""
    handler = AssessCases(
        FakeReader(delay_s=0.03, seed=seed), NoFacts(), {}, SystemClock(), FakeMetrics()
    )
    cases = [ticket_case(f"message {n}", n) for n in range(1, 51)]
    sent = await through(handler, cases)
    revisions = [CaseAssessed.from_json(each.value).case.ticket.revision for each in sent]
    assert revisions == list(range(1, 51))


async def test_unread_cases_do_not_overtake_read_ones():
    """Order is by input, not by who was quick."""
    handler = AssessCases(FakeReader(delay_s=0.03), NoFacts(), {}, SystemClock(), FakeMetrics())
    cases = [ticket_case("text", n) if n % 3 else supply_case("", n) for n in range(1, 31)]
    sent = await through(handler, cases)
    assert [int(CaseAssessed.from_json(each.value).case.event_id) for each in sent] == list(
        range(1, 31)
    )


class Answering(FakeModel):
    """The fake model in the words of the ticket question."""

    async def infer(self, texts, traceparent):
        """Labels that say nothing."""
        rows = await super().infer(texts, traceparent)
        return [{**each, **_LABELS} for each in rows]


_HEAD = row(b"")["MODEL"]
_LABELS = {
    f"{task}_{part}": value
    for task, width in (
        ("INTENT", 3),
        ("SENTIMENT", 3),
        ("URGENCY", 3),
        ("INJECTION", 2),
        ("LANGUAGE", 1),
    )
    for part, value in (
        ("LABEL", (b"one", b"two", b"")[:width]),
        ("SCORE", (0.5, 0.25, 0.0)[:width]),
        ("HEAD", _HEAD),
        *((("SCOPE", (1.0,)),) if task == "INTENT" else ()),
    )
} | {"INJECTION_SPAN": (0, 3), "INTENT_CARRIED": (1.0, *[0.0] * 11), "SPANS": (0, 3, *[0] * 22)}


async def test_a_poisoned_text_is_one_dead_letter_in_its_place_and_an_outage_none(monkeypatch):
    """The whole of it: batches, canary, examination, boundary."""
    monkeypatch.setattr(examiner, "_PAUSE_S", (0, 0))
    model = Answering(
        breaks=lambda texts: Kind.REFUSED if b"poison" in texts else None, delay_s=0.001
    )
    batcher = Batcher(model, parts())
    handler = AssessCases(
        TritonReader({Question.TICKET: batcher}), NoFacts(), {}, SystemClock(), FakeMetrics()
    )
    cases = [ticket_case("poison" if n == 20 else f"text {n}", n) for n in range(1, 41)]
    model.down = True
    asyncio.get_running_loop().call_later(0.1, setattr, model, "down", False)  # noqa: FBT003 - setattr
    sent = await through(handler, cases)
    await batcher.close()
    assert [each.topic for each in sent].count("assessor.dead-letter.v1") == 1
    assert sent[19].topic == "assessor.dead-letter.v1"
    assert dict(sent[19].headers)["sluice-dead-letter-reason"] == b"inference-failed"
