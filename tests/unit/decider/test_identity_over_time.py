"""Who was answered stays answered: repeats, revisions and bursts over the real journal, and kills.

The rules are compiled from a policy as operators write it; only the broker is in memory.
"""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from schemas.automation.assessment import Assessment, CaseAssessed, ModelRef, Reading, Task
from schemas.automation.decision import Decision, Reason, Withheld
from schemas.base import Event
from schemas.support import AuthorKind, Direction
from services.chassis.outcome import Done, Outcome
from services.decider.rules import PolicyRules
from tests.decider_desk import DeciderDesk
from tests.fakes_decider import (
    make_assessed,
)
from tests.fakes_policy import REPLY, ROUTE, FakeControl, make_policy
from topics.automation import CASE_DECIDED

REPLY_TYPE = "support.reply.macro"
ENCODER = ModelRef(name="e5", version="1", digest="d1")


class Desk(DeciderDesk):
    """One that routes and answers every ticket."""

    def __init__(self, home: Path) -> None:
        policy = make_policy(home, ROUTE, REPLY)
        super().__init__(home / "state", PolicyRules({"support": policy}, FakeControl()))

    async def handle(self, *events: Event) -> Sequence[Outcome]:
        """In one chunk; every one of them is done."""
        outcomes = await super().handle(*events)
        assert outcomes == [Done()] * len(events)
        return outcomes

    def decided(self) -> dict[UUID, Decision]:
        """The last word on each case; said again, it is the same word."""
        found: dict[UUID, Decision] = {}
        for decision in self.decisions:
            assert found.setdefault(decision.case_id, decision) == decision
        return found

    def replies(self) -> set[UUID]:
        """Distinct replies that went out: a receiver honours their ids."""
        actions = [each.action for each in self.actions]
        return {each.action_id for each in actions if each.type == REPLY_TYPE}


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """A decider that holds lane 0."""
    made = Desk(tmp_path)
    await made.restart()
    return made


def said(message: str | None, revision: int = 1, *, ticket: str = "1", echo: bool = False):
    """A revision of a ticket, with what the customer newly said in it."""
    assessed = make_assessed(uuid4(), ticket=ticket, revision=revision, message=message)
    about = {
        "order_id": "SO-1",
        "message_direction": Direction.INBOUND,
        "message_author_kind": AuthorKind.CUSTOMER,
    }
    assert assessed.case.ticket is not None
    fields = assessed.case.ticket.model_copy(update=about)
    language = Reading(task=Task.LANGUAGE, label="en", confidence=0.99, models=(ENCODER,))
    return CaseAssessed(
        case=assessed.case.model_copy(update={"ticket": fields, "echo": echo}),
        assessment=Assessment(readings=(language,), assessed_at=assessed.assessment.assessed_at),
    )


def reply_of(decision: Decision) -> list[Withheld | None]:
    """Why its reply did not go; None: it did."""
    return [each.withheld for each in decision.actions if each.action.type == REPLY_TYPE]


BURSTS: Sequence[tuple[str, tuple[tuple[int, ...], ...], bool]] = (
    ("in one chunk", ((0, 1, 2),), False),
    ("one by one", ((0,), (1,), (2,)), False),
    ("over a kill", ((0, 1), (2,)), True),
)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["snapshot", "journal alone"])
@pytest.mark.parametrize(("chunks", "killed"), [b[1:] for b in BURSTS], ids=[b[0] for b in BURSTS])
async def test_a_burst_is_answered_once_and_decided_message_by_message(
    desk: Desk, chunks, killed, elsewhere
) -> None:
    """Three messages do not make three replies, nor may one of them go undecided."""
    burst = [said(f"m{n}", n + 1) for n in range(3)]
    for chunk in chunks:
        await desk.handle(*(burst[n] for n in chunk))
        if killed:
            await desk.restart(elsewhere=elsewhere)
    decisions = desk.decided()
    assert [event.case.case_id for event in burst] == list(decisions)
    assert [reply_of(each) for each in decisions.values()] == [
        [None],
        [Withheld.EFFECT_CLAIMED],
        [Withheld.EFFECT_CLAIMED],
    ]
    assert len(desk.replies()) == 1
    (key,) = {each.actions[-1].action.effect_key for each in decisions.values()}
    assert key == "acme|support.reply.macro|ticket:1"


async def test_the_window_ends_also_over_a_kill(desk: Desk) -> None:
    """A minute before its end nothing goes; after it the next message is answered again."""
    await desk.handle(said("m1", 1))
    await desk.restart(elsewhere=True)
    desk.clock.forward(minutes=9)
    await desk.handle(said("m2", 2))
    assert len(desk.replies()) == 1
    desk.clock.forward(minutes=2)
    await desk.handle(said("m3", 3))
    assert len(desk.replies()) == 2


async def test_another_ticket_has_a_window_of_its_own(desk: Desk) -> None:
    """The subject is in the key, and nothing else of the message."""
    await desk.handle(said("m1", ticket="1"), said("m1", ticket="2"))
    assert len(desk.replies()) == 2


@pytest.mark.parametrize("elsewhere", [False, True], ids=["snapshot", "journal alone"])
async def test_a_repeat_says_nothing_new_whenever_it_comes(desk: Desk, elsewhere) -> None:
    """In its own chunk, later, after a kill, after the window: the case is known."""
    event = said("m1")
    await desk.handle(event, event)
    once = len(desk.broker.out(CASE_DECIDED.name))
    assert once == 1
    await desk.handle(event)
    assert len(desk.broker.out(CASE_DECIDED.name)) == once
    await desk.restart(elsewhere=elsewhere)
    desk.clock.forward(hours=24)
    await desk.handle(event)
    assert list(desk.decided()) == [event.case.case_id]
    assert len(desk.replies()) == 1


async def test_an_older_revision_is_superseded_over_a_kill(desk: Desk) -> None:
    """The highest revision is in the journal, not in the process."""
    await desk.handle(said("m5", 5))
    await desk.restart(elsewhere=True)
    late, repeated = said(None, 4), said("m5", 3)
    await desk.handle(late, repeated)
    decisions = desk.decided()
    assert decisions[late.case.case_id].reason is Reason.SUPERSEDED
    assert decisions[repeated.case.case_id].reason is Reason.SUPERSEDED


async def test_a_message_not_yet_decided_is_decided_however_late(desk: Desk) -> None:
    """It comes with an old revision, after a kill: the policy still sees it, and once."""
    await desk.handle(said("m5", 5))
    await desk.restart(elsewhere=True)
    desk.clock.forward(minutes=11)
    late = said("m4", 4)
    await desk.handle(late)
    decision = desk.decided()[late.case.case_id]
    assert decision.facts["subject.superseded"] is True
    assert reply_of(decision) == [None]
    again = said("m4", 3)
    await desk.handle(again)
    assert desk.decided()[again.case.case_id].reason is Reason.SUPERSEDED


async def test_an_echo_is_decided_and_counts_as_nobodys_message(desk: Desk) -> None:
    """No policy sees it, nothing follows from it, and the customer's next message is answered."""
    echo = said("ours", 2, echo=True)
    await desk.handle(echo, said("m3", 3))
    decision = desk.decided()[echo.case.case_id]
    assert decision.reason is Reason.ECHO
    assert (decision.policy, decision.actions) == (None, ())
    assert len(desk.replies()) == 1
