"""Every request is answered once, whatever comes of it."""

import json
from datetime import timedelta

import pytest

from schemas.automation.assessment import JoinedFact
from schemas.automation.writing import Guard, WritingCompleted, WritingStatus, WritingTask
from services.chassis.errors import InferenceFailed, Outage
from services.chassis.names import METRICS, Attr
from services.chassis.outcome import DeadLetter, Done
from services.writer import dates
from services.writer.handler import WriteTexts
from services.writer.ports import LateError
from services.writer.settings import WriterSettings
from tests.fakes_triton import FakeMetrics, FakeTrace
from tests.fakes_writer import NOTICE, NOW, FakeModel, StillClock, delivery, request

SAID = json.dumps(
    {
        "type": "delay",
        "references": ["PO-4698"],
        "new_date": "",
        "delay": "four days late",
        "quantity": "1,200",
        "cause": "heavy weather",
    }
)


async def answer(asked, model=None, trace=None, metrics=None):
    """The one message that comes of a request, and its event."""
    handler = WriteTexts(
        model or FakeModel(SAID),
        dates.read,
        WriterSettings(),
        StillClock(),
        metrics or FakeMetrics(),
    )
    (outcome,) = await handler.handle(None, [delivery(asked.to_json(), trace or FakeTrace())])
    assert isinstance(outcome, Done), outcome
    (message,) = outcome.messages
    return message, WritingCompleted.from_json(message.value)


async def test_an_extraction_is_told_with_its_proof():
    """Values, spans, bits and cost: all that a warrant needs."""
    trace = FakeTrace("a" * 32)
    message, event = await answer(request(), trace=trace)
    assert (message.topic, message.key) == ("automation.writing.completed.v1", b"acme")
    assert dict(message.headers)["ce_id"] == str(event.writing_id).encode()
    assert event.status is WritingStatus.WRITTEN
    assert event.extraction is not None
    assert event.extraction.delay_days == 4
    assert event.extraction.references == ("PO-4698",)
    assert event.model is not None
    assert event.model.quantization == "Q4_K_M"
    assert (event.usage.tokens, event.usage.compute_us) == (100, 2_000_000)
    assert event.completed_at == NOW


async def test_the_same_request_twice_says_the_same():
    """A redelivery must not tell another story."""
    first, _ = await answer(request())
    again, _ = await answer(request())
    assert first.value == again.value


async def test_what_a_guard_finds_goes_to_a_person_with_its_reason():
    """The draft is there to be looked at, and not to be used."""
    model = FakeModel('{"reply": "We will refund you on 1 January."}')
    _, event = await answer(request("My cup is broken.", WritingTask.DRAFT), model)
    assert event.status is WritingStatus.GUARDED
    assert {each.guard for each in event.faults} >= {Guard.PROMISE, Guard.UNSUPPORTED_DATE}


@pytest.mark.parametrize(
    ("model", "status"),
    [
        (FakeModel(error=LateError("slow")), WritingStatus.EXPIRED),
        (FakeModel(error=InferenceFailed("bad text")), WritingStatus.FAILED),
    ],
)
async def test_a_text_that_is_not_written_is_told_so(model, status):
    """Whoever waits for it goes on without."""
    _, event = await answer(request(), model)
    assert event.status is status
    assert event.extraction is None


async def test_without_a_writer_the_answer_comes_at_once():
    """Nobody waits a minute for a model that is not there."""
    model = FakeModel()
    model.there = False
    _, event = await answer(request(), model)
    assert event.status is WritingStatus.UNAVAILABLE
    assert model.asked == []


async def test_past_its_deadline_nothing_is_written():
    """A backlog is worked off in no time."""
    model = FakeModel()
    _, event = await answer(request(deadline=NOW), model)
    assert event.status is WritingStatus.EXPIRED
    assert model.asked == []


@pytest.mark.parametrize(("left_s", "within_s"), [(10, 10), (300, WriterSettings().patience_s)])
async def test_a_text_gets_the_time_that_is_left_and_never_a_partition_s_standstill(
    left_s, within_s
):
    """The watchdog ends a process whose partition stands still for a minute."""
    model = FakeModel(SAID)
    await answer(request(deadline=NOW + timedelta(seconds=left_s)), model)
    assert model.asked[0][1] == within_s


async def test_an_outage_holds_and_loses_nothing():
    """It is nobody's text's fault."""
    handler = WriteTexts(
        FakeModel(error=Outage("away")), dates.read, WriterSettings(), StillClock(), FakeMetrics()
    )
    with pytest.raises(Outage):
        await handler.handle(None, [delivery(request().to_json(), FakeTrace())])


async def test_a_long_text_is_cut_and_says_so():
    """What the model was not shown, it cannot have read."""
    model = FakeModel('{"summary": "Late."}')
    _, event = await answer(request("late " * 5000, WritingTask.SUMMARISE), model)
    assert event.text_truncated
    assert len(model.asked[0][0].turns[1].content) < 5000


async def test_only_facts_that_can_be_said_are_told_to_the_model():
    """A list or a page of text is none."""
    facts = [
        JoinedFact(name=name, value=value, as_of=NOW, source="erp")
        for name, value in (("order.id", "SO-1"), ("order.lines", ["a"]), ("note", "x" * 5000))
    ]
    model = FakeModel('{"reply": "SO-1 is looked into."}')
    _, event = await answer(request("hello", WritingTask.DRAFT, facts=facts), model)
    assert event.status is WritingStatus.WRITTEN
    told = model.asked[0][0].turns[1].content
    assert "SO-1" in told
    assert "order.lines" not in told
    assert "note" not in told


async def test_an_unknown_task_of_a_newer_asker_is_answered():
    """A rolling upgrade dead-letters nothing."""
    value = request().to_json().replace(b'"extract"', b'"translate"')
    handler = WriteTexts(FakeModel(), dates.read, WriterSettings(), StillClock(), FakeMetrics())
    (outcome,) = await handler.handle(None, [delivery(value, FakeTrace())])
    assert isinstance(outcome, Done)
    assert WritingCompleted.from_json(outcome.messages[0].value).status is WritingStatus.FAILED


async def test_what_cannot_be_read_is_a_dead_letter_that_quotes_nothing():
    """By field; the text may be anybody's."""
    handler = WriteTexts(FakeModel(), dates.read, WriterSettings(), StillClock(), FakeMetrics())
    value = request().to_json().replace(b'"tenant":"acme"', b'"tenant":""')
    (outcome,) = await handler.handle(None, [delivery(value, FakeTrace())])
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason == "undecodable"
    assert "tenant" in outcome.detail
    assert NOTICE not in outcome.detail


async def test_spans_and_metrics_have_registered_names():
    """What came of it can be searched for and counted."""
    trace, metrics = FakeTrace(), FakeMetrics()
    await answer(request(), trace=trace, metrics=metrics)
    assert trace.noted[Attr.TASK] == "extract"
    assert trace.noted[Attr.ABSTAINED] is False
    assert all(name in METRICS for name, _, _ in metrics.counted)
