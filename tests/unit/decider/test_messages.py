"""What goes on the wire: it fits or is refused before anything is promised."""

from uuid import uuid4

import pytest

from schemas.automation.action import ActionRequested
from schemas.automation.case import Domain, Origin
from schemas.automation.decision import CaseDecided, Decision, Reason, Skipped, Verdict
from services.chassis.errors import Rejected
from services.decider.messages import action_message, decision_message
from tests.fakes_decider import NOW, make_action

PARENT = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"


def _decision(trail: int = 0, facts: int = 0) -> Decision:
    return Decision(
        case_id=uuid4(),
        tenant="acme",
        domain=Domain.SUPPORT,
        subject="acme|ticket:1",
        origin=Origin(topic="t", partition=0, offset=0, timestamp=NOW),
        verdict=Verdict.NO_ACTION,
        reason=Reason.NO_RULE,
        trail=tuple(Skipped(rule="r", because="x" * 500) for _ in range(trail)),
        facts={f"f{n}": "x" * 1000 for n in range(facts)},
        decided_at=NOW,
    )


def test_a_decision_is_enveloped_as_itself() -> None:
    """Its id is the case's, its key the tenant, its parent the span that decided."""
    decision = _decision()
    message = decision_message(decision, PARENT)
    assert message.key == "acme"
    assert message.headers["ce_id"] == str(decision.case_id)
    assert message.headers["ce_type"] == "automation.case.decided.v1"
    assert message.headers["traceparent"] == PARENT
    assert CaseDecided.from_json(message.value).decision == decision
    assert message.action_id is None


@pytest.mark.parametrize(
    ("trail", "facts", "kept_facts"), [(5000, 10, 10), (10, 2500, 0), (5000, 2500, 0)]
)
def test_a_decision_too_large_loses_what_only_explains(
    trail: int, facts: int, kept_facts: int
) -> None:
    """The trail first, then the facts; never the verdict, the policy or the actions."""
    said = CaseDecided.from_json(decision_message(_decision(trail, facts), PARENT).value).decision
    assert said.trail == ()
    assert len(said.facts) == kept_facts
    assert said.reason is Reason.NO_RULE


def test_an_action_is_keyed_by_what_it_changes() -> None:
    """All that is done to one thing is in one order; the outbox knows what a stop may name."""
    action = make_action()
    message = action_message(action, PARENT)
    assert message.key == "acme|desk|ticket:1"
    assert message.headers["ce_id"] == str(action.action_id)
    assert message.headers["ce_subject"] == action.subject
    assert (message.action_id, message.action_type) == (action.action_id, action.type)
    assert message.expires_at == action.warrant.expires_at
    assert ActionRequested.from_json(message.value).action == action


def test_an_action_too_large_is_refused() -> None:
    """A parameter of a megabyte is nobody's instruction."""
    action = make_action().model_copy(update={"parameters": {"reason": "x" * 1_100_000}})
    with pytest.raises(Rejected, match=r"automation\.action\.requested\.v1"):
        action_message(action, PARENT)


def test_a_target_with_an_endless_name_is_refused() -> None:
    """Keys are short."""
    action = make_action()
    target = action.target.model_copy(update={"id": "x" * 500})
    with pytest.raises(Rejected, match="target"):
        action_message(action.model_copy(update={"target": target}), PARENT)
