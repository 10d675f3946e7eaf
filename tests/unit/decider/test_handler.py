"""The decider's handler: one decision per case whatever dies, and feedback that never crashes."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typing_extensions import override

from schemas.automation.action import Autonomy
from schemas.automation.assessment import CaseAssessed
from schemas.automation.case import Origin
from schemas.automation.decision import (
    CaseDecided,
    Decision,
    PlannedAction,
    Reason,
    Verdict,
    Withheld,
)
from schemas.automation.feedback import (
    FeedbackAccepted,
    OutcomeStatus,
    Review,
    ReviewVerdict,
)
from schemas.automation.feedback import Outcome as Reported
from schemas.automation.journal import (
    Cancelled,
    Charge,
    Claim,
    Decided,
    Held,
    OutcomeNoted,
    Reviewed,
)
from schemas.automation.writing import WritingCompleted
from services.chassis.errors import Crash, Outage, Rejected
from services.chassis.identity import stable_id
from services.chassis.outcome import DeadLetter, Done
from services.chassis.ports import Trace
from services.decider.handler import Rules
from services.decider.journal.state import State
from services.decider.messages import action_message, decision_message
from tests.decider_desk import DeciderDesk
from tests.fakes_decider import (
    JOURNAL,
    NOW,
    FakeLane,
    decided,
    deliver,
    entry,
    journal_message,
    make_action,
    make_assessed,
)
from topics.automation import ACTION_REQUESTED, CASE_DECIDED, FEEDBACK_ACCEPTED


def action_id(case: UUID) -> UUID:
    """Of the case's first action."""
    return stable_id("action", str(case), 0)


class TinyRules(Rules):
    """Routes every ticket once per effect; proposes it where the tenant is "careful"."""

    def __init__(self) -> None:
        self.decided = 0
        self.effect: str | None = "acme|route|1"
        self.fault: Exception | None = None

    @override
    def wait(self, assessed: CaseAssessed, memory: State, now: datetime, trace: Trace) -> None:
        return None

    @override
    def decide(
        self,
        assessed: CaseAssessed,
        memory: State,
        now: datetime,
        trace: Trace,
        text: WritingCompleted | None = None,
    ) -> tuple[Decision, Decided]:
        if self.fault is not None:
            raise self.fault
        self.decided += 1
        case = assessed.case
        action = make_action(action_id(case.case_id), tenant=case.tenant, effect_key=self.effect)
        taken = self.effect is not None and memory.effect_holder(self.effect, now) is not None
        careful = case.tenant == "careful"
        withheld = (
            Withheld.EFFECT_CLAIMED if taken else Withheld.AWAITS_APPROVAL if careful else None
        )
        decision = Decision(
            case_id=case.case_id,
            tenant=case.tenant,
            domain=case.domain,
            subject=case.subject,
            origin=case.origin,
            verdict=Verdict.PROPOSE if careful else Verdict.ACT,
            reason=Reason.RULE,
            actions=(PlannedAction(action=action, autonomy=Autonomy.ACT, withheld=withheld),),
            decided_at=now,
        )
        until = now + timedelta(days=1)
        claim = Claim(effect_key=self.effect or "none", action_id=action.action_id, until=until)
        charge = Charge(budget="b", action_id=action.action_id, amount=1, until=until, limit=2)
        goes = withheld is None
        outbox = [decision_message(decision, trace.traceparent)]
        if goes:
            outbox.append(action_message(action, trace.traceparent))
        held = Held(
            action=action,
            traceparent=trace.traceparent,
            expires_at=action.warrant.expires_at,
            claim=claim if self.effect else None,
            charges=(charge,) if self.effect is None else (),
        )
        return decision, Decided(
            case_id=case.case_id,
            subject=case.subject,
            claims=(claim,) if goes and self.effect else (),
            proposals=(held,) if withheld is Withheld.AWAITS_APPROVAL else (),
            outbox=tuple(outbox),
        )


class Desk(DeciderDesk):
    """One that routes once per effect, and proposes for the careful."""

    rules: TinyRules

    def __init__(self, home: Path) -> None:
        super().__init__(home, TinyRules())

    async def propose(self) -> UUID:
        """A proposal that waits; returns the action's id."""
        case = uuid4()
        await self.handle(make_assessed(case, tenant="careful"))
        return action_id(case)


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """A decider that holds lane 0."""
    made = Desk(tmp_path)
    await made.handler.prepare(made.lane)
    return made


def review(
    action: UUID | None,
    verdict: ReviewVerdict = ReviewVerdict.APPROVE,
    *,
    number: str = "r1",
    tenant: str = "careful",
    case: UUID | None = None,
) -> FeedbackAccepted:
    """A person's word."""
    return FeedbackAccepted(
        tenant=tenant,
        source="desk",
        origin=Origin(topic="f", partition=0, offset=0, timestamp=NOW),
        review=Review(
            review_id=number,
            action_id=action,
            case_id=case,
            verdict=verdict,
            reviewer="p",
            at=NOW,
        ),
    )


def outcome(
    action: UUID, status: OutcomeStatus, *, number: str = "o1", tenant: str = "acme"
) -> FeedbackAccepted:
    """A system's word."""
    return FeedbackAccepted(
        tenant=tenant,
        source="desk",
        origin=Origin(topic="f", partition=0, offset=0, timestamp=NOW),
        outcome=Reported(outcome_id=number, action_id=action, status=status, at=NOW),
    )


# --- deciding -----------------------------------------------------------------------------------


async def test_a_case_ends_in_its_decision_and_its_action(desk: Desk) -> None:
    """Decided, appended, emitted, done; the ids are the case's and the ordinal's."""
    case = uuid4()
    assert await desk.handle(make_assessed(case)) == [Done()]
    assert [d.case_id for d in desk.decisions] == [case]
    assert [a.action.action_id for a in desk.actions] == [action_id(case)]
    assert desk.metrics.counts["sluice_decisions_total"] == 1


async def test_the_envelope_carries_id_and_trace(desk: Desk) -> None:
    """ce_id is the case's or the action's id, whatever the value says."""
    case = uuid4()
    await desk.handle(make_assessed(case))
    [said], [asked] = desk.broker.out(CASE_DECIDED.name), desk.broker.out(ACTION_REQUESTED.name)
    assert said.header("ce_id") == str(case)
    assert asked.header("ce_id") == str(action_id(case))
    assert (said.key, asked.key) == (b"acme", b"acme|desk|ticket:1")
    assert asked.header("traceparent") is not None


async def test_a_case_twice_in_a_chunk_and_again_later_is_decided_once(desk: Desk) -> None:
    """Duplicates end as done, without another word."""
    assessed = make_assessed()
    assert await desk.handle(assessed, assessed) == [Done(), Done()]
    assert await desk.handle(assessed) == [Done()]
    assert len(desk.decisions) == desk.rules.decided == 1


async def test_cases_of_one_chunk_see_each_other(desk: Desk) -> None:
    """Three messages do not make three refunds, not even in one chunk."""
    await desk.handle(*(make_assessed() for _ in range(3)))
    assert len(desk.decisions) == 3
    assert len(desk.actions) == 1


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_kill_before_the_append_decides_afterwards(
    desk: Desk,
    elsewhere: bool,  # noqa: FBT001
) -> None:
    """Nothing was promised, nothing is known: the record comes again."""
    desk.lane.is_held = False
    assessed = make_assessed()
    with pytest.raises(Outage):
        await desk.handle(assessed)
    desk.lane.is_held = True
    await desk.restart(elsewhere=elsewhere)
    await desk.handle(assessed)
    assert len(desk.decisions) == len(desk.actions) == 1


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_kill_between_append_and_emission_emits_the_first_decision(
    desk: Desk,
    elsewhere: bool,  # noqa: FBT001
) -> None:
    """The policy may have changed meanwhile: what was appended is what goes out."""
    desk.broker.fail_outputs = True
    assessed = make_assessed()
    with pytest.raises(Outage):
        await desk.handle(assessed)
    desk.broker.fail_outputs = False
    desk.rules.effect = None
    await desk.restart(elsewhere=elsewhere)
    assert len(desk.decisions) == len(desk.actions) == 1
    assert desk.actions[0].action.effect_key == "acme|route|1"
    await desk.handle(assessed)
    assert len(desk.decisions) == desk.rules.decided == 1


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_kill_before_the_marker_repeats_verbatim_and_decides_no_more(
    desk: Desk,
    elsewhere: bool,  # noqa: FBT001
) -> None:
    """After emission, before ack: the same bytes again, and still one decision."""
    assessed = make_assessed()
    await desk.handle(assessed)
    await desk.restart(elsewhere=elsewhere)
    await desk.handle(assessed)
    first, again = desk.broker.out(CASE_DECIDED.name)
    assert (first.value, first.headers) == (again.value, again.headers)
    assert desk.rules.decided == 1


async def test_an_idle_lane_marks_what_it_emitted(desk: Desk) -> None:
    """After a tick a takeover repeats nothing."""
    await desk.handle(make_assessed())
    await desk.handler.tick(desk.lane)
    await desk.restart(elsewhere=True)
    assert len(desk.decisions) == 1


async def test_a_stop_between_append_and_emission_survives_the_restart(desk: Desk) -> None:
    """Cancelled is for ever, also when the operator releases the switch again."""
    desk.broker.fail_outputs = True
    with pytest.raises(Outage):
        await desk.handle(make_assessed())
    desk.broker.fail_outputs = False
    desk.stops.active.add(("acme", "support.route"))
    await desk.restart()
    desk.stops.active.clear()
    await desk.restart(elsewhere=True)
    assert desk.actions == []
    assert {d.case_id for d in desk.decisions}
    assert len(desk.journal(Cancelled)) == 1


async def test_a_foreign_writers_claim_is_seen_before_ours_is_emitted(desk: Desk) -> None:
    """Overtaken in the append: decided again, and the decision says the truth about it."""
    theirs = make_action(effect_key="acme|route|1")
    body = decided(uuid4(), theirs)
    end = len(desk.broker.out(JOURNAL))
    desk.broker.foreign = lambda: (desk.broker.put(journal_message(entry(body, end))), None)[1]
    case = uuid4()
    await desk.handle(make_assessed(case))
    wire = [r.header("ce_id") for r in desk.broker.out(ACTION_REQUESTED.name)]
    assert wire == [str(theirs.action_id)]
    records = [r for r in desk.broker.out(CASE_DECIDED.name) if r.header("ce_id") == str(case)]
    [ours] = [CaseDecided.from_json(r.value or b"").decision for r in records]
    assert ours.actions[0].withheld is Withheld.EFFECT_CLAIMED


# --- what holds, what dies, what is a dead letter -----------------------------------------------


async def test_control_that_was_not_confirmed_holds(desk: Desk) -> None:
    """A stop that cannot be heard must not be missed."""
    desk.fresh.is_stale = True
    with pytest.raises(Outage, match="control"):
        await desk.handle(make_assessed())
    assert not desk.broker.out(JOURNAL)


async def test_what_cannot_be_read_is_its_own_dead_letter(desk: Desk) -> None:
    """The others of its chunk are decided; the detail names fields and quotes nothing."""
    broken = make_assessed().to_json().replace(b'"open"', b"17").replace(b'"support"', b'"secret"')
    made = await desk.deliver(deliver(make_assessed()), deliver(broken), deliver(None))
    assert made[0] == Done()
    assert isinstance(made[1], DeadLetter)
    assert made[1].reason == "undecodable"
    assert "domain" in made[1].detail
    assert "secret" not in made[1].detail
    assert isinstance(made[2], DeadLetter)
    assert len(desk.decisions) == 1


async def test_what_can_never_be_written_is_rejected_alone(desk: Desk) -> None:
    """Size and schema are checked before the append; the neighbour is decided."""
    desk.rules.fault = Rejected("too large")
    assert await desk.handle(make_assessed()) == [DeadLetter("rejected", "too large")]
    desk.rules.fault = None
    await desk.handle(make_assessed())
    assert len(desk.decisions) == 1


async def test_a_bug_leaves_no_trace_in_the_state(desk: Desk) -> None:
    """The boundary tries each record alone then; nothing of the chunk was kept."""
    desk.rules.fault = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await desk.handle(make_assessed())
    assert not desk.broker.out(JOURNAL)


async def test_a_damaged_snapshot_ends_the_process_and_the_next_one_rebuilds(desk: Desk) -> None:
    """A file that fails is no record's fault: never a dead letter."""
    assessed = make_assessed()
    await desk.handle(assessed)
    desk.lanes[0].state._db.execute("DROP TABLE claims")
    with pytest.raises(Crash, match="snapshot"):
        await desk.handle(make_assessed())
    await desk.restart()
    await desk.handle(assessed)
    assert desk.rules.decided == 2  # the failed one was decided in a chunk that never was


async def test_a_released_lane_keeps_its_file_and_forgets_the_rest(desk: Desk) -> None:
    """A late call for a lane that is gone decides nothing."""
    assessed = make_assessed()
    await desk.handle(assessed)
    await desk.handler.release(0)
    await desk.handler.release(0)
    with pytest.raises(Outage):
        await desk.handle(assessed)
    await desk.handler.prepare(desk.lane)
    await desk.handle(assessed)
    assert desk.rules.decided == 1


async def test_a_lane_that_goes_in_the_middle_of_an_append_is_decided_by_its_next_owner(
    desk: Desk,
) -> None:
    """Released while the broker has not answered: nothing is lost, nothing is decided twice."""
    assessed = make_assessed()
    desk.broker.delay_s = 0.05
    under_way = asyncio.create_task(desk.handle(assessed))
    await asyncio.sleep(0.01)
    under_way.cancel()
    await desk.handler.release(0)
    with pytest.raises(asyncio.CancelledError):
        await under_way
    await desk.handler.prepare(desk.lane)
    await desk.handle(assessed)
    assert len(desk.decisions) == 1
    assert desk.rules.decided == 1


async def test_a_new_generation_of_the_same_lane_reads_what_others_wrote_meanwhile(
    desk: Desk,
) -> None:
    """Between two tenures somebody else may have had the lane."""
    await desk.handle(make_assessed())
    other = make_assessed()
    body = decided(other.case.case_id, text="theirs")
    desk.broker.put(journal_message(entry(body, len(desk.broker.out(JOURNAL)))))
    await desk.handler.prepare(FakeLane(0, generation=2))
    await desk.handle(other)
    assert desk.rules.decided == 1
    assert [r.value for r in desk.broker.out(CASE_DECIDED.name)][1:] == [b"theirs"]


# --- feedback -----------------------------------------------------------------------------------


async def test_an_approved_proposal_goes_out_with_the_approval_in_its_warrant(desk: Desk) -> None:
    """Nothing goes before the word, everything with it: who approved, in the case's trace."""
    action = await desk.propose()
    assert desk.actions == []
    await desk.handle(review(action))
    [asked] = desk.actions
    assert asked.action.action_id == action
    assert asked.action.warrant.grant.approved_by == "r1"
    [record] = desk.broker.out(ACTION_REQUESTED.name)
    [said] = desk.broker.out(CASE_DECIDED.name)
    assert record.header("traceparent") == said.header("traceparent")
    assert desk.lanes[0].state.effect_holder("acme|route|1", NOW) == action


async def test_a_second_review_changes_nothing(desk: Desk) -> None:
    """Neither the same record again, nor another person's word after it."""
    action = await desk.propose()
    await desk.handle(review(action), review(action))
    await desk.handle(review(action, ReviewVerdict.REJECT, number="r2"))
    assert len(desk.actions) == 1
    notes = [each.body.note for each in desk.journal(Reviewed) if isinstance(each.body, Reviewed)]
    assert notes == ["", "no longer waits: requested"]


async def test_a_rejected_proposal_never_goes(desk: Desk) -> None:
    """No is no, also to a later yes."""
    action = await desk.propose()
    await desk.handle(review(action, ReviewVerdict.REJECT))
    await desk.handle(review(action, number="r2"))
    assert desk.actions == []


async def test_another_tenants_review_is_about_nothing(desk: Desk) -> None:
    """An approval counts only from the action's own tenant."""
    action = await desk.propose()
    await desk.handle(review(action, tenant="evil"))
    assert desk.actions == []
    await desk.handle(review(action, number="r2"))
    assert len(desk.actions) == 1


@pytest.mark.parametrize("what", ["expired", "stopped", "effect_claimed", "budget"])
async def test_an_approval_that_comes_too_late_cancels(desk: Desk, what: str) -> None:
    """Approved is not enough: time, stops, effects and budgets are asked again."""
    if what == "budget":
        desk.rules.effect = None
    action = await desk.propose()
    match what:
        case "expired":
            desk.clock.forward(minutes=31)
        case "stopped":
            desk.stops.active.add(("careful", "support.route"))
        case "effect_claimed":
            await desk.handle(make_assessed())
        case _:
            for number in ("a", "b"):
                await desk.handle(review(await desk.propose(), number=number))
    before = len(desk.actions)
    await desk.handle(review(action, number="late"))
    assert len(desk.actions) == before
    [cancelled] = [e.body for e in desk.journal(Cancelled) if isinstance(e.body, Cancelled)]
    assert (cancelled.action_ids, cancelled.because.value) == ((action,), what)


async def test_a_proposal_nobody_answers_is_cancelled_by_the_clock(desk: Desk) -> None:
    """It expires by itself, and a late approval finds it gone."""
    action = await desk.propose()
    await desk.handler.tick(desk.lane)
    assert not desk.journal(Cancelled)
    desk.clock.forward(minutes=31)
    await desk.handler.tick(desk.lane)
    await desk.handler.tick(desk.lane)
    assert len(desk.journal(Cancelled)) == 1
    await desk.handle(review(action))
    assert desk.actions == []


async def test_a_failed_action_frees_its_effect_for_the_next(desk: Desk) -> None:
    """What did not happen may happen; what did may not."""
    case = uuid4()
    await desk.handle(make_assessed(case))
    action = action_id(case)
    await desk.handle(outcome(action, OutcomeStatus.EXECUTED), make_assessed())
    assert len(desk.actions) == 1
    await desk.handle(outcome(action, OutcomeStatus.UNDONE, number="o2"), make_assessed())
    assert len(desk.actions) == 2


async def test_the_first_outcome_of_an_id_wins(desk: Desk) -> None:
    """A report that is repeated with another word changes nothing."""
    case = uuid4()
    await desk.handle(make_assessed(case))
    action = action_id(case)
    await desk.handle(outcome(action, OutcomeStatus.EXECUTED))
    await desk.handle(outcome(action, OutcomeStatus.FAILED))
    assert desk.lanes[0].state.effect_holder("acme|route|1", NOW) == action


async def test_feedback_about_the_unknown_is_noted(desk: Desk) -> None:
    """Neither a crash nor a dead letter: the journal says why nothing came of it."""
    made = await desk.handle(
        outcome(uuid4(), OutcomeStatus.EXECUTED),
        review(uuid4()),
        review(None, ReviewVerdict.CORRECT, number="r2", case=uuid4()),
        review(uuid4(), ReviewVerdict.CORRECT, number="r3"),
    )
    assert made == [Done()] * 4
    notes = [e.body.note for e in desk.journal(OutcomeNoted) if isinstance(e.body, OutcomeNoted)]
    notes += [e.body.note for e in desk.journal(Reviewed) if isinstance(e.body, Reviewed)]
    assert notes == [
        "unknown action",
        "unknown action",
        "about the case: no action waits for it",
        "correct: changes no action",
    ]


async def test_feedback_that_says_nothing_is_rejected(desk: Desk) -> None:
    """Exactly one of outcome and review."""
    empty = review(uuid4()).model_copy(update={"review": None})
    [made] = await desk.deliver(deliver(empty, topic=FEEDBACK_ACCEPTED.name))
    assert isinstance(made, DeadLetter)
    assert "exactly one" in made.detail
