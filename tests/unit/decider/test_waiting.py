"""A case that waits for a text is decided once: when it arrives, or when its time is over."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.automation.assessment import JoinedFact, ModelRef, Reading, Task
from schemas.automation.decision import Reason
from schemas.automation.journal import Decided, Waiting
from schemas.automation.writing import (
    Extraction,
    WritingCompleted,
    WritingRequested,
    WritingStatus,
    WritingTask,
)
from schemas.base import Event
from services.chassis.errors import Outage, Rejected
from services.chassis.outcome import Done, Outcome
from services.decider.domain.awaiting import of_text
from services.decider.policies.compiling import compile_file
from services.decider.rules import PolicyRules
from tests.decider_desk import DeciderDesk
from tests.fakes_decider import (
    NOW,
    make_assessed,
)
from tests.fakes_policy import MACROS, ROUTE, FakeControl, document, make_policy, write
from topics.automation import WRITING_REQUESTED

WRITER = ModelRef(name="small", version="1", digest="d9")
ASKS = [{"task": "summarise", "when": {"text.present": True}, "within": "30s"}]


class Desk(DeciderDesk):
    """One whose policy waits."""

    def __init__(self, home: Path, *, writer: bool = True) -> None:
        policy = make_policy(home, ROUTE, writing=ASKS)
        rules = PolicyRules({"support": policy}, FakeControl(), writer=writer)
        super().__init__(home / "state", rules)

    async def handle(self, *events: Event) -> Sequence[Outcome]:
        """In one chunk; every one of them is done."""
        outcomes = await super().handle(*events)
        assert outcomes == [Done()] * len(events)
        return outcomes

    @property
    def requests(self) -> list[WritingRequested]:
        """What the writer was asked, each time."""
        records = self.broker.out(WRITING_REQUESTED.name)
        return [WritingRequested.from_json(each.value or b"") for each in records]


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """A decider that holds lane 0, with a writer to be asked."""
    made = Desk(tmp_path)
    await made.restart()
    return made


def text(
    asked: WritingRequested, status: WritingStatus = WritingStatus.WRITTEN
) -> WritingCompleted:
    """What the writer answers."""
    return WritingCompleted(
        writing_id=asked.writing_id,
        tenant=asked.tenant,
        case_id=asked.case_id,
        subject=asked.subject,
        task=asked.task,
        status=status,
        text="It is late.",
        model=WRITER,
        completed_at=NOW,
    )


async def test_a_case_waits_and_is_decided_when_its_text_arrives(desk: Desk) -> None:
    """Nothing goes out before; then the policy sees what came of it, and the warrant who wrote."""
    case = make_assessed()
    await desk.handle(case)
    (asked,) = desk.requests
    assert (asked.case_id, asked.task) == (case.case.case_id, WritingTask.SUMMARISE)
    assert (asked.text, (asked.deadline - NOW).total_seconds()) == (case.case.text, 30)
    assert desk.decisions == []
    await desk.handle(text(asked))
    (decision,) = desk.decisions
    assert decision.facts["writing.status"] == "written"
    (action,) = desk.actions
    assert WRITER in action.action.warrant.models
    assert not action.action.warrant.calibrated


async def test_a_case_whose_text_does_not_come_is_decided_at_its_deadline(desk: Desk) -> None:
    """Once, without it, in the case's own trace; what comes later changes nothing."""
    await desk.handle(make_assessed())
    (asked,) = desk.requests
    desk.clock.forward(seconds=29)
    await desk.handler.tick(desk.lane)
    assert desk.decisions == []
    desk.clock.forward(seconds=1)
    await desk.handler.tick(desk.lane)
    await desk.handler.tick(desk.lane)
    await desk.handle(text(asked))
    (decision,) = desk.decisions
    assert decision.facts["writing.status"] == "expired"
    assert len(desk.actions) == 1
    assert [name for name, _ in desk.tracing.resumed] == ["decide without a text"]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["snapshot", "journal alone"])
@pytest.mark.parametrize("late", [False, True], ids=["text arrives", "deadline passes"])
async def test_a_kill_at_any_time_neither_loses_nor_repeats_it(desk: Desk, elsewhere, late) -> None:
    """It waits in the journal, not in a process."""
    case = make_assessed()
    await desk.handle(case)
    await desk.restart(elsewhere=elsewhere)
    await desk.handle(case)  # its record comes again
    assert {each.writing_id for each in desk.requests} == {desk.requests[0].writing_id}
    assert len(desk.journal(Waiting)) == 1
    if late:
        desk.clock.forward(seconds=31)
        await desk.handler.tick(desk.lane)
    else:
        await desk.handle(text(desk.requests[0]))
    await desk.restart(elsewhere=elsewhere)
    await desk.handle(case, text(desk.requests[0]), text(desk.requests[0]))
    desk.clock.forward(seconds=31)
    await desk.handler.tick(desk.lane)
    assert len(desk.journal(Decided)) == 1
    assert len({each.model_dump_json() for each in desk.decisions}) == 1
    assert {each.action.action_id for each in desk.actions} == {desk.actions[0].action.action_id}


async def test_a_text_that_arrives_while_the_request_is_not_yet_known_to_be_out(desk: Desk) -> None:
    """Killed between append and emission: asked again, decided once by the first answer."""
    desk.broker.fail_outputs = True
    with pytest.raises(Exception, match="away"):
        await desk.handle(make_assessed())
    desk.broker.fail_outputs = False
    await desk.restart()
    (asked,) = desk.requests
    await desk.handle(text(asked), text(asked, WritingStatus.GUARDED))
    (decision,) = desk.decisions
    assert decision.facts["writing.status"] == "written"


async def test_the_same_case_twice_in_one_chunk_waits_once(desk: Desk) -> None:
    """A redelivery beside the first delivery."""
    case = make_assessed()
    await desk.handle(case, case)
    assert len(desk.requests) == 1


async def test_others_do_not_wait_for_it(desk: Desk) -> None:
    """A newer revision is decided meanwhile, and the older one is then superseded."""
    await desk.handle(make_assessed(revision=1))
    (asked,) = desk.requests
    newer = make_assessed(revision=2)
    await desk.handle(newer.model_copy(update={"case": newer.case.model_copy(update={"text": ""})}))
    (first,) = desk.decisions
    assert "writing.status" not in first.facts
    await desk.handle(text(asked))
    assert [each.reason for each in desk.decisions] == [first.reason, Reason.SUPERSEDED]


async def test_a_text_that_nobody_waits_for_changes_nothing(desk: Desk) -> None:
    """An unknown case, or another writing of a known one."""
    await desk.handle(make_assessed())
    (asked,) = desk.requests
    await desk.handle(
        text(asked.model_copy(update={"writing_id": uuid4()})),
        text(asked.model_copy(update={"case_id": uuid4()})),
    )
    assert desk.decisions == []


async def test_without_a_writer_nobody_waits(tmp_path: Path) -> None:
    """The policy is the same, and sees why there is no text."""
    desk = Desk(tmp_path, writer=False)
    await desk.restart()
    await desk.handle(make_assessed())
    (decision,) = desk.decisions
    assert decision.facts["writing.status"] == "unavailable"
    assert desk.requests == []


async def test_a_decision_that_fits_nowhere_is_still_one(desk: Desk, monkeypatch) -> None:
    """Its record was let go long ago: there is nothing left to be dead-lettered."""
    await desk.handle(make_assessed())

    def refuse(*_: object) -> None:
        raise Rejected("too large")

    monkeypatch.setattr(desk.rules, "decide", refuse)
    desk.clock.forward(seconds=31)
    await desk.handler.tick(desk.lane)
    (decision,) = desk.decisions
    assert (decision.reason, decision.actions) == (Reason.OTHER, ())


async def test_a_case_that_waits_survives_another_writer_of_the_journal(desk: Desk) -> None:
    """Overtaken, it is decided over what the other one wrote: once."""
    await desk.handle(make_assessed())
    (asked,) = desk.requests
    other = Desk(desk.home.parent)
    other.broker, other.instance = desk.broker, 5
    await other.restart()
    desk.broker.foreign = None
    await other.handle(text(asked))
    await desk.handle(text(asked, WritingStatus.GUARDED))
    counted = {each.facts["writing.status"] for each in desk.decisions}
    assert counted == {"written"}


async def test_a_stop_that_cannot_be_heard_lets_nobody_decide_late_cases(tmp_path: Path) -> None:
    """As with every other decision: a kill switch must not be missed."""
    desk = Desk(tmp_path)
    await desk.restart()
    await desk.handle(make_assessed())
    desk.fresh.is_stale = True
    desk.clock.forward(seconds=31)
    with pytest.raises(Outage):
        await desk.handler.tick(desk.lane)
    desk.fresh.is_stale = False
    await desk.handler.tick(desk.lane)
    assert len(desk.decisions) == 1


@pytest.mark.parametrize(
    ("label", "language"), [("hi-Latn", "hi-Latn"), ("something else", None), ("other", None)]
)
async def test_the_writer_is_told_the_language_as_read(desk: Desk, label, language) -> None:
    """A label that is no language must not end the case."""
    case = make_assessed()
    reading = Reading(task=Task.LANGUAGE, label=label, confidence=0.9, models=())
    read = case.assessment.model_copy(update={"readings": (reading,)})
    await desk.handle(case.model_copy(update={"assessment": read}))
    assert [each.language for each in desk.requests] == [language]


async def test_late_counts_from_what_the_order_was_promised_for(desk: Desk) -> None:
    """Where the event itself does not say it, the joined fact does."""
    case = make_assessed()
    promised = JoinedFact(
        name="po.promised_at", value="2026-03-20T00:00:00Z", as_of=NOW, source="erp"
    )
    read = case.assessment.model_copy(update={"facts": (promised,)})
    await desk.handle(case.model_copy(update={"assessment": read}))
    (asked,) = desk.requests
    assert asked.expected_at == datetime(2026, 3, 20, tzinfo=UTC)


def test_only_a_written_text_says_anything() -> None:
    """What a guard held is for a person, and no fact."""
    said = Extraction(type="delay", references=("PO-1",), delay_days=4)
    base = {"status": "written", "extraction": said.model_dump()}
    assert of_text(base) == {
        "writing.status": "written",
        "writing.type": "delay",
        "writing.references": 1,
        "writing.delay_days": 4.0,
    }
    assert of_text({**base, "status": "guarded"}) == {"writing.status": "guarded"}


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        ([{"task": "translate", "when": {"text.present": True}}], "unknown task translate"),
        ([{"when": {"text.present": True}}], "task is missing"),
        ([{"task": "draft", "when": {"text.present": True}, "within": "5m"}], "at most 1m"),
        ([{"task": "draft", "when": {"writing.status": "written"}}], "nothing is written yet"),
        ([{"task": "draft", "when": {"text.here": True}}], "unknown fact text.here"),
    ],
)
def test_a_mistake_in_what_a_policy_waits_for_names_field_and_remedy(tmp_path, asks, said) -> None:
    """By file, line and field, like every other one."""
    _, _, wrong = compile_file(write(tmp_path, document(ROUTE, writing=asks)), MACROS)
    assert any(said in line and "writing[0]" in line for line in wrong), wrong
