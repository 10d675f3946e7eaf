"""The examples of what the flow itself says tell one story: ids, causes and words agree."""

from pathlib import Path
from typing import TypeVar
from uuid import UUID

from schemas import snapshots
from schemas.automation.action import Action, ActionRequested
from schemas.automation.assessment import CaseAssessed
from schemas.automation.case import CaseAccepted
from schemas.automation.decision import CaseDecided
from schemas.automation.feedback import FeedbackAccepted, OutcomeReported, ReviewGiven
from schemas.automation.journal import Decided, JournalAppended
from schemas.base import Event
from services.chassis.identity import stable_id

EXAMPLES = Path(snapshots.__file__).parent / "examples"
E = TypeVar("E", bound=Event)


def told(event: type[E]) -> list[E]:
    """All examples of a type."""
    folder = EXAMPLES / event.event_type
    return [event.from_json(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


CASES = {each.case.case_id: each.case for each in told(CaseAccepted)}
DECISIONS = {each.decision.case_id: each.decision for each in told(CaseDecided)}
PLANNED: dict[UUID, Action] = {
    planned.action.action_id: planned.action
    for decision in DECISIONS.values()
    for planned in decision.actions
}


def test_a_case_has_the_id_of_its_event() -> None:
    """Nobody who recomputes it from the example may get another one."""
    for case in CASES.values():
        made = stable_id(case.tenant, case.source, case.event_id, case.origin.index)
        assert case.case_id == made


def test_every_case_is_read_and_decided_as_it_was_accepted() -> None:
    """Accepted, assessed, decided: the same case three times."""
    assert {each.case.case_id: each.case for each in told(CaseAssessed)} == CASES
    assert DECISIONS.keys() == CASES.keys()
    for case_id, decision in DECISIONS.items():
        case = CASES[case_id]
        assert (decision.subject, decision.origin) == (case.subject, case.origin)


def test_an_action_has_the_id_of_its_case_and_ordinal() -> None:
    """No type, model, policy or time in it."""
    for decision in DECISIONS.values():
        for ordinal, planned in enumerate(decision.actions):
            made = stable_id("action", str(decision.case_id), ordinal)
            assert planned.action.action_id == made


def test_what_is_requested_was_decided_and_where_it_waited_approved() -> None:
    """The action on the wire is the one of the decision, with who approved it."""
    waited = {
        planned.action.action_id: planned.withheld is not None
        for decision in DECISIONS.values()
        for planned in decision.actions
    }
    for action in (each.action for each in told(ActionRequested)):
        grant = action.warrant.grant
        assert (grant.approved_by is not None) == waited[action.action_id]
        decided = PLANNED[action.action_id]
        assert action.parameters == decided.parameters
        assert action.warrant.expires_at == decided.warrant.expires_at


def test_what_comes_back_is_about_something_that_went_out() -> None:
    """Outcomes and reviews name actions and cases of the story, in time."""
    for outcome in (each.outcome for each in told(OutcomeReported)):
        assert outcome.action_id in PLANNED
    for review in (each.review for each in told(ReviewGiven)):
        assert review.action_id in {*PLANNED, None}
        assert review.case_id in {*CASES, None}
        if review.action_id is not None:
            assert review.at < PLANNED[review.action_id].warrant.expires_at
    outside = [each.outcome for each in told(OutcomeReported)]
    outside += [each.review for each in told(ReviewGiven)]
    for accepted in told(FeedbackAccepted):
        assert (accepted.outcome or accepted.review) in outside


def test_the_journal_holds_what_went_out_word_for_word() -> None:
    """The outbox is what is emitted again after a takeover."""
    entries = [each.body for each in told(JournalAppended)]
    held = {each.case_id: each for each in entries if isinstance(each, Decided)}
    assert held.keys() == DECISIONS.keys()
    for case_id, entry in held.items():
        said, *actions = entry.outbox
        assert CaseDecided.from_json(said.value).decision == DECISIONS[case_id]
        assert {each.action_id for each in actions} <= PLANNED.keys()
