"""Each case's end is found among everything else on the topics, and timed once."""

import json

import pytest

from infra.bench.following import Ends
from topics.automation import ACTION_REQUESTED, CASE_DECIDED
from topics.dead_letters import INTAKE_DEAD_LETTERS

RUN = "abcdefgh"
AT = "1970-01-01T00:00:10Z"


def decision(case: str, subject: str = f"bench|ticket:helpdesk/{RUN}-t1") -> bytes:
    """As on the wire, as far as it is looked at."""
    said = {"case_id": case, "subject": subject, "origin": {"timestamp": AT}}
    return json.dumps({"decision": said}).encode()


def action(
    case: str, action_id: str, subject: str = f"bench|shipment:SH-{RUN.upper()}-S1"
) -> bytes:
    """The same."""
    warrant = {"case_id": case, "origin": {"timestamp": AT}}
    said = {"action_id": action_id, "subject": subject, "warrant": warrant}
    return json.dumps({"action": said}).encode()


@pytest.fixture
def ends() -> Ends:
    """Of one run."""
    return Ends(RUN)


def test_waits_are_from_the_producers_timestamp(ends: Ends) -> None:
    """Not from when intake or we saw the event."""
    ends.note(CASE_DECIDED.name, decision("c1"), {}, 10.25)
    ends.note(ACTION_REQUESTED.name, action("c1", "a1"), {}, 10.5)
    assert ends.decision_waits() == [0.25]
    assert ends.action_waits() == [0.5]


def test_an_action_may_be_read_before_its_decision(ends: Ends) -> None:
    """They are on different topics: no order between them is promised to a reader."""
    ends.note(ACTION_REQUESTED.name, action("c1", "a1"), {}, 10.1)
    assert ends.action_waits() == [pytest.approx(0.1)]
    assert ends.decision_waits() == []


def test_the_first_counts(ends: Ends) -> None:
    """A repeated decision or a second action makes no case slower, nor two of one."""
    for at in (11.0, 19.0):
        ends.note(CASE_DECIDED.name, decision("c1"), {}, at)
        ends.note(ACTION_REQUESTED.name, action("c1", "a1"), {}, at)
    ends.note(ACTION_REQUESTED.name, action("c1", "a2"), {}, 20.0)
    assert ends.decision_waits() == ends.action_waits() == [1.0]
    assert len(ends.actions) == 2


def test_others_are_left_out(ends: Ends) -> None:
    """Whoever uses the stack meanwhile is not measured."""
    ends.note(CASE_DECIDED.name, decision("c1", "acme|ticket:helpdesk/T-1"), {}, 11.0)
    ends.note(ACTION_REQUESTED.name, action("c1", "a1", "acme|shipment:SH-1"), {}, 11.0)
    ends.note(INTAKE_DEAD_LETTERS.name, b"{garbage", {}, 11.0)
    assert not ends.decided
    assert not ends.acted
    assert not ends.dead


def test_a_dead_letter_of_ours_is_told_with_its_reason(ends: Ends) -> None:
    """A measurement that lost events is void, and why must not be looked for."""
    headers = {"sluice-dead-letter-reason": b"rejected", "sluice-dead-letter-detail": b"ce_source"}
    ends.note(INTAKE_DEAD_LETTERS.name, f'{{"ticket_id":"{RUN}-t1"}}'.encode(), headers, 11.0)
    assert ends.dead == ["rejected: ce_source"]
