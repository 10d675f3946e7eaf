"""Emission: verbatim, in order, never after expiry or stop, and cancelled is for ever."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.automation.action import Action
from schemas.automation.decision import Withheld
from schemas.automation.journal import Cancelled, JournalAppended
from services.chassis.errors import Outage
from services.decider.journal.chunk import Chunk
from services.decider.journal.emission import Emission
from services.decider.journal.journal import Journal
from services.decider.journal.state import ActionState
from tests.fakes_decider import (
    JOURNAL,
    NOW,
    FakeClock,
    FakeFreshness,
    FakeLane,
    FakeStops,
    MemoryBroker,
    decided,
    make_action,
    make_journal,
)
from topics.automation import ACTION_REQUESTED, CASE_DECIDED


class Desk:
    """One process's journal and emission, which a test drops and makes anew."""

    def __init__(self, home: Path, name: str = "a", broker: MemoryBroker | None = None) -> None:
        self.broker = broker or MemoryBroker()
        self.clock, self.stops, self.lane = FakeClock(), FakeStops(), FakeLane()
        self.fresh = FakeFreshness()
        self.home = home
        self.begin(name)

    def begin(self, name: str = "a") -> None:
        """A new process takes over; another name has another snapshot."""
        self.journal: Journal = make_journal(self.home, self.broker, name, self.clock)
        self.emission = Emission(self.broker, self.stops, self.fresh, self.clock)

    async def decide(self, *actions: Action) -> None:
        """Append one case with these actions."""
        await self.journal.append(self.lane, self._draft(actions))

    @staticmethod
    def _draft(actions: tuple[Action, ...]) -> Callable[[Chunk], None]:
        case = uuid4()
        return lambda chunk: (chunk.add(str(case), "acme", NOW, decided(case, *actions)), None)[1]

    async def emit(self) -> None:
        """Emit what is promised."""
        await self.journal.ready()
        await self.emission.run(self.journal, self.lane)

    def actions(self) -> list[str]:
        """The ids of the actions on the wire."""
        return [r.header("ce_id") or "" for r in self.broker.out(ACTION_REQUESTED.name)]

    def cancelled(self) -> list[Cancelled]:
        """The cancellations in the journal."""
        entries = [JournalAppended.from_json(r.value or b"") for r in self.broker.out(JOURNAL)]
        return [e.body for e in entries if isinstance(e.body, Cancelled)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A lane of its own."""
    return Desk(tmp_path)


async def test_what_is_promised_goes_out_once_and_in_order(desk: Desk) -> None:
    """Decision first, then its actions, in the order they were decided."""
    first, second = make_action(), make_action()
    await desk.decide(first)
    await desk.decide(second)
    await desk.emit()
    await desk.emit()
    assert desk.actions() == [str(first.action_id), str(second.action_id)]
    assert len(desk.broker.out(CASE_DECIDED.name)) == 2


async def test_a_takeover_emits_again_byte_for_byte(desk: Desk) -> None:
    """A receiver that honours the id sees the very same record."""
    await desk.decide(make_action())
    await desk.emit()
    desk.begin("b")  # killed before the marker
    await desk.emit()
    first, again = desk.broker.out(ACTION_REQUESTED.name)
    assert (first.key, first.value, first.headers) == (again.key, again.value, again.headers)


async def test_a_marker_ends_the_repetition(desk: Desk) -> None:
    """What is marked as emitted is nobody's business any more."""
    await desk.decide(make_action())
    await desk.emit()
    await desk.journal.append(desk.lane, lambda _: None, mark=True)
    desk.begin("b")
    await desk.emit()
    assert len(desk.actions()) == 1


async def test_a_stop_between_append_and_emission_cancels_for_ever(desk: Desk) -> None:
    """Lifted stop, new owner, lost snapshot: a cancelled action never goes."""
    action = make_action(effect_key="k")
    await desk.decide(action)
    desk.stops.active.add(("acme", action.type))
    await desk.emit()
    assert desk.actions() == []
    assert desk.cancelled() == [
        Cancelled(action_ids=(action.action_id,), because=Withheld.STOPPED, uncertain=False)
    ]
    assert desk.journal.state.effect_holder("k", NOW) is None
    desk.stops.active.clear()
    desk.begin("b")
    await desk.emit()
    assert desk.actions() == []
    assert desk.journal.state.action(action.action_id) == ("acme", ActionState.CANCELLED)


async def test_the_decision_itself_is_never_cancelled(desk: Desk) -> None:
    """Every case ends in exactly one decision, whatever became of its actions."""
    action = make_action()
    await desk.decide(action)
    desk.stops.active.add(("acme", action.type))
    await desk.emit()
    assert len(desk.broker.out(CASE_DECIDED.name)) == 1


async def test_a_stop_after_a_kill_keeps_the_claim(desk: Desk) -> None:
    """The action may have gone out before the kill: its effect must not happen by another."""
    action = make_action(effect_key="k")
    await desk.decide(action)
    await desk.emit()
    desk.begin("b")
    desk.stops.active.add(("acme", action.type))
    await desk.emit()
    assert desk.cancelled()[0].uncertain
    assert desk.journal.state.effect_holder("k", NOW) == action.action_id


async def test_an_action_whose_time_is_over_is_cancelled(desk: Desk) -> None:
    """An outage longer than an action's life ends the action, not the decision."""
    await desk.decide(make_action(effect_key="k"))
    desk.clock.forward(minutes=31)
    await desk.emit()
    assert desk.actions() == []
    assert [c.because for c in desk.cancelled()] == [Withheld.EXPIRED]


async def test_an_outage_keeps_the_promise(desk: Desk) -> None:
    """What was not confirmed is emitted when the broker is back."""
    action = make_action()
    await desk.decide(action)
    desk.broker.fail_outputs = True
    with pytest.raises(Outage):
        await desk.emit()
    assert not desk.journal.marker_owed
    desk.broker.fail_outputs = False
    await desk.emit()
    assert desk.actions() == [str(action.action_id)]


async def test_a_stop_after_an_unconfirmed_send_keeps_the_claim(desk: Desk) -> None:
    """An unconfirmed send may have arrived."""
    action = make_action(effect_key="k")
    await desk.decide(action)
    desk.broker.fail_outputs = True
    with pytest.raises(Outage):
        await desk.emit()
    desk.broker.fail_outputs = False
    desk.stops.active.add(("acme", action.type))
    await desk.emit()
    assert desk.cancelled()[0].uncertain


async def test_nothing_is_emitted_while_a_stop_could_not_be_heard(desk: Desk) -> None:
    """The append may have taken half a minute: control is asked again before what it promises."""
    await desk.decide(make_action())
    desk.fresh.is_stale = True
    with pytest.raises(Outage, match="control"):
        await desk.emit()
    assert desk.actions() == []
    desk.fresh.is_stale = False
    await desk.emit()
    assert len(desk.actions()) == 1


async def test_nothing_is_emitted_for_a_lane_that_is_gone(desk: Desk) -> None:
    """The next owner emits it, or cancels it."""
    await desk.decide(make_action())
    desk.lane.is_held = False
    with pytest.raises(Outage):
        await desk.emit()
    assert desk.actions() == []


async def test_a_takeover_larger_than_a_slice_is_emitted_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices end between entries, and every slice is confirmed before the next."""
    monkeypatch.setattr("services.decider.journal.emission._SLICE", 3)
    actions = [make_action() for _ in range(7)]
    for action in actions:
        await desk.decide(action)
    await desk.emit()
    assert desk.actions() == [str(a.action_id) for a in actions]
    assert not desk.journal.unsent
