"""The warrant: no action without its cause, evidence, models, policy, grant, budget and undo."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from schemas.automation.action import ActionRequested, Autonomy, BudgetUse, Grant, Undo
from schemas.automation.assessment import (
    Assessment,
    CaseAssessed,
    Evidence,
    EvidenceKind,
    ModelRef,
    Reading,
    Task,
)
from schemas.automation.decision import CaseDecided, Reason, Verdict
from schemas.automation.decision import Withheld as Said
from schemas.automation.journal import Expected, Watched
from services.chassis.identity import stable_id
from services.decider.domain import remembering
from services.decider.domain.autonomy import Level
from services.decider.domain.case import CaseView
from services.decider.domain.policy import Policy
from services.decider.domain.ruling import (
    BudgetCharge,
    Planned,
    Ruling,
    Target,
    Withheld,
)
from services.decider.domain.ruling import Reason as Why
from services.decider.domain.ruling import Undo as Back
from services.decider.domain.ruling import Verdict as Judged
from services.decider.warranting import SEND_ACTION, warrant
from tests.fakes_decider import NOW, FakeTrace, make_assessed

CASE = UUID("00000000-0000-0000-0000-00000000c0de")
DAY = NOW + timedelta(days=1)
ENCODER = ModelRef(name="e5", version="1", digest="d1")
HEAD = ModelRef(name="intent", version="2", digest="d2")
POLICY = Policy(
    id="support",
    version="7",
    sha256="a" * 64,
    domain="support",
    rules=(),
    default=(),
    derived=(),
    budgets={},
    control_group={},
    macros={},
    tests=(),
)


def _assessed() -> CaseAssessed:
    case = make_assessed(CASE, message="m1").case
    reading = Reading(task=Task.INTENT, label="wismo", confidence=0.9, models=(ENCODER, HEAD))
    language = Reading(task=Task.LANGUAGE, label="en", confidence=0.99, models=(ENCODER,))
    evidence = Evidence(kind=EvidenceKind.TEXT_SPAN, locator="case.text", start=0, end=5)
    return CaseAssessed(
        case=case,
        assessment=Assessment(readings=(reading, language), evidence=(evidence,), assessed_at=NOW),
    )


def _view() -> CaseView:
    return CaseView(
        case_id=str(CASE),
        tenant="acme",
        domain="support",
        subject="acme|ticket:1",
        subject_kind="ticket",
        subject_id="1",
        revision=1,
        message_id="m1",
        echo=False,
        occurred_at=NOW,
        received_at=NOW,
        language="en",
        facts={},
    )


def _planned(withheld: Withheld | None = None, ordinal: int = 0) -> Planned:
    return Planned(
        ordinal=ordinal,
        type="support.route",
        target=Target(system="helpdesk", kind="ticket", id="1"),
        parameters={"queue": "returns"},
        level=Level.ACT,
        granted_by="control-9",
        withheld=withheld,
        effect_key="acme|support.route|1",
        effect_until=DAY,
        expires_at=NOW + timedelta(hours=4),
        undo=Back(type="support.route", parameters={"queue": "inbox"}),
        budgets=(
            BudgetCharge(
                name="routes",
                key="acme|routes",
                amount=1,
                limit=10,
                used=4,
                window_s=3600,
                until=DAY,
            ),
        ),
        explanation="because",
    )


def _ruling(*planned: Planned, rule: str | None = "wismo") -> Ruling:
    return Ruling(
        verdict=Judged.ACT if planned else Judged.NO_ACTION,
        reason=Why.RULE if rule else Why.ECHO,
        rule=rule,
        actions=planned,
        trail=(("first", "intent.label=wismo not eq refund"),),
        facts={"intent.label": "wismo", "intent.confidence": 0.9},
    )


def test_an_action_on_the_wire_proves_itself() -> None:
    """Everything DESIGN's second promise names is in the record."""
    trace = FakeTrace()
    assessed = _assessed()
    _, body = warrant(assessed, _view(), _ruling(_planned()), POLICY, NOW, trace)
    action = ActionRequested.from_json(body.outbox[1].value).action
    proof = action.warrant
    assert action.action_id == stable_id("action", str(CASE), 0)
    assert (proof.case_id, proof.event_id, proof.source) == (CASE, "1:1", "desk")
    assert proof.origin == assessed.case.origin
    assert proof.evidence == assessed.assessment.evidence
    assert proof.models == (ENCODER, HEAD)
    assert (proof.confidence, proof.calibrated) == (0.9, True)
    assert (proof.policy.id, proof.policy.version, proof.policy.rule) == ("support", "7", "wismo")
    assert proof.policy.sha256 == "a" * 64
    assert proof.grant == Grant(level=Autonomy.ACT, granted_by="control-9")
    assert proof.budgets == (BudgetUse(name="routes", limit=10, used=4, window_s=3600),)
    assert proof.expires_at == NOW + timedelta(hours=4)
    assert proof.undo == Undo(type="support.route", parameters={"queue": "inbox"})
    assert proof.explanation == "because"
    assert action.decided_at == NOW


def test_the_entry_remembers_what_went_out() -> None:
    """Claim and charge of the action, revision and message of the case."""
    _, body = warrant(_assessed(), _view(), _ruling(_planned()), POLICY, NOW, FakeTrace())
    assert [(c.effect_key, c.until) for c in body.claims] == [("acme|support.route|1", DAY)]
    assert [(c.budget, c.amount, c.limit) for c in body.charges] == [("acme|routes", 1, 10)]
    assert (body.revision, body.message_id) == (1, "m1")
    assert not body.proposals


def test_the_decision_names_policy_trail_and_facts() -> None:
    """Also for people who ask why another rule did not match."""
    _, body = warrant(_assessed(), _view(), _ruling(_planned()), POLICY, NOW, FakeTrace())
    said = CaseDecided.from_json(body.outbox[0].value).decision
    assert (said.verdict, said.reason) == (Verdict.ACT, Reason.RULE)
    assert said.policy is not None
    assert said.trail[0].rule == "first"
    assert said.facts == {"intent.label": "wismo", "intent.confidence": 0.9}


def test_the_receiver_of_an_action_is_a_child_of_the_span_that_sent_it() -> None:
    """The decision hangs on the decider's span, the action on a span of its own below it."""
    trace = FakeTrace()
    _, body = warrant(_assessed(), _view(), _ruling(_planned()), POLICY, NOW, trace)
    [(name, sending)] = trace.children
    assert name == SEND_ACTION
    assert body.outbox[0].headers["traceparent"] == trace.traceparent
    assert body.outbox[1].headers["traceparent"] == sending.traceparent
    assert sending.notes["sluice.action.type"] == "support.route"
    assert trace.notes["sluice.rule"] == "wismo"


def test_a_proposal_waits_with_all_it_needs_and_claims_nothing() -> None:
    """What a person approves is what was decided."""
    planned = _planned(Withheld.AWAITS_APPROVAL)
    decision, body = warrant(_assessed(), _view(), _ruling(planned), POLICY, NOW, FakeTrace())
    assert (body.claims, body.charges, len(body.outbox)) == ((), (), 1)
    [held] = body.proposals
    assert held.action == decision.actions[0].action
    assert held.claim is not None
    assert (held.claim.effect_key, held.charges[0].limit) == ("acme|support.route|1", 10)


@pytest.mark.parametrize("why", [each for each in Withheld if each is not Withheld.AWAITS_APPROVAL])
def test_what_is_withheld_is_said_and_not_sent(why: Withheld) -> None:
    """The decision tells what was not done, and why."""
    decision, body = warrant(_assessed(), _view(), _ruling(_planned(why)), POLICY, NOW, FakeTrace())
    assert decision.actions[0].withheld is Said(why.value)
    assert (len(body.outbox), body.claims, body.charges, body.proposals) == (1, (), (), ())


def test_no_action_is_a_decision_too() -> None:
    """Echoes and superseded cases name no policy, since none was asked."""
    decision, body = warrant(_assessed(), _view(), _ruling(rule=None), POLICY, NOW, FakeTrace())
    assert (decision.verdict, decision.reason, decision.policy) == (
        Verdict.NO_ACTION,
        Reason.ECHO,
        None,
    )
    assert len(body.outbox) == 1


def test_ids_of_actions_depend_on_the_case_and_the_ordinal_alone() -> None:
    """Not on model, policy, type or time: a receiver that honours them acts at most once."""
    first, _ = warrant(_assessed(), _view(), _ruling(_planned()), POLICY, NOW, FakeTrace())
    later, _ = warrant(
        _assessed(), _view(), _ruling(_planned(), rule="other"), POLICY, DAY, FakeTrace()
    )
    ids = [d.actions[0].action.action_id for d in (first, later)]
    assert ids[0] == ids[1] != stable_id("action", str(uuid4()), 0)


def test_the_entry_keeps_what_later_events_are_held_against() -> None:
    """When something is expected, and what a device told last."""
    said = remembering.Expected(what="c|arrived@INNSA", event_id="e1", time=DAY, first=NOW)
    warm = remembering.Watched(device="-", at=NOW, celsius=9.5, seconds_out=60.0)
    ruling = replace(_ruling(), learned=remembering.Remembered(said, {"-": warm}))
    _, body = warrant(_assessed(), _view(), ruling, POLICY, NOW, FakeTrace())
    assert body.expected == Expected(what=said.what, event_id="e1", time=DAY, first=NOW)
    assert body.watched == (Watched(device="-", at=NOW, celsius=9.5, seconds_out=60.0),)
