"""The fold: every reader of one log has the same state, whoever wrote it and however."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from schemas.automation.decision import Withheld
from schemas.automation.feedback import OutcomeStatus
from schemas.automation.journal import (
    Cancelled,
    Charge,
    Claim,
    Expected,
    Held,
    OutcomeNoted,
    Reviewed,
    Watched,
)
from services.chassis.errors import ConfigurationError
from services.chassis.ports import Publisher
from services.chassis.record import Message, Position
from services.decider.domain import remembering
from services.decider.journal import snapshot
from services.decider.journal.chunk import Chunk
from services.decider.journal.fold import Body, fold
from services.decider.journal.journal import Journal
from services.decider.journal.state import ActionState, State
from tests.fakes_decider import (
    JOURNAL,
    NOW,
    FakeLane,
    MemoryBroker,
    decided,
    entry,
    make_action,
    make_journal,
    make_state,
    out_action,
)

SPACE = UUID(int=7)


def apply(state: State, body: Body, entry_id: str, tenant: str = "acme") -> bool:
    """Fold one body where the state ends."""
    offset = state.position.next_offset
    with state.transaction():
        chunk = Chunk(state, 0, "w")
        added = chunk.add(entry_id, tenant, NOW, body)
    assert state.position.next_offset == offset + added
    return added


@pytest.fixture
def state(tmp_path: Path) -> State:
    """An empty state."""
    return make_state(tmp_path)


def test_what_a_decision_claims_is_held_until_its_window_ends(state: State) -> None:
    """An effect happens once per window, and may happen again after it."""
    action = make_action(effect_key="acme|refund|1")
    apply(state, decided(action.warrant.case_id, action, budget="b"), "1")
    assert state.effect_holder("acme|refund|1", NOW) == action.action_id
    assert state.effect_holder("acme|refund|1", NOW + timedelta(days=1)) is None
    assert state.budget_used("b", NOW) == 1
    assert state.budget_used("b", NOW + timedelta(days=1)) == 0


def test_the_highest_revision_and_the_messages_of_a_subject_are_remembered(state: State) -> None:
    """An older revision never lowers what is known, and still tells its message."""
    for number, (revision, message) in enumerate([(3, "m3"), (2, "m2")]):
        body = decided(UUID(int=number), revision=revision, message_id=message)
        apply(state, body, str(number))
    assert state.highest_revision("acme|ticket:1") == 3
    assert state.message_decided("acme|ticket:1", "m2")
    assert not state.message_decided("acme|ticket:2", "m2")


@pytest.mark.parametrize(
    ("status", "freed"),
    [
        (OutcomeStatus.FAILED, True),
        (OutcomeStatus.REJECTED, True),
        (OutcomeStatus.UNDONE, True),
        (OutcomeStatus.EXPIRED, True),
        (OutcomeStatus.EXECUTED, False),
        (OutcomeStatus.ACCEPTED, False),
        (OutcomeStatus.NO_EFFECT, False),
    ],
)
def test_an_outcome_frees_what_did_not_happen(
    state: State,
    status: OutcomeStatus,
    freed: bool,  # noqa: FBT001
) -> None:
    """Only what did not happen, or was undone, may happen again by another action."""
    action = make_action(effect_key="k")
    apply(state, decided(action.warrant.case_id, action, budget="b"), "1")
    apply(state, OutcomeNoted(outcome_id="o", action_id=action.action_id, status=status), "2")
    assert (state.effect_holder("k", NOW) is None) == freed
    assert (state.budget_used("b", NOW) == 0) == freed


def test_another_tenants_outcome_changes_nothing(state: State) -> None:
    """Tenants share a lane, never an action."""
    action = make_action(effect_key="k")
    apply(state, decided(action.warrant.case_id, action), "1")
    body = OutcomeNoted(outcome_id="o", action_id=action.action_id, status="failed")
    apply(state, body, "2", tenant="evil")
    assert state.effect_holder("k", NOW) == action.action_id


@pytest.mark.parametrize("uncertain", [True, False])
def test_a_cancelled_action_keeps_its_claim_only_if_it_may_have_gone(
    state: State,
    uncertain: bool,  # noqa: FBT001
) -> None:
    """What may have gone out before it was stopped may have had its effect."""
    action = make_action(effect_key="k")
    apply(state, decided(action.warrant.case_id, action), "1")
    body = Cancelled(action_ids=(action.action_id,), because=Withheld.STOPPED, uncertain=uncertain)
    apply(state, body, "2")
    assert state.action(action.action_id) == ("acme", ActionState.CANCELLED)
    assert (state.effect_holder("k", NOW) == action.action_id) == uncertain
    apply(state, OutcomeNoted(outcome_id="o", action_id=action.action_id, status="failed"), "3")
    assert state.effect_holder("k", NOW) is None
    assert state.action(action.action_id) == ("acme", ActionState.CANCELLED)


def test_a_proposal_claims_when_it_is_approved_and_only_once(state: State) -> None:
    """A waiting action holds nothing; the first review decides, a second changes nothing."""
    action = make_action(effect_key="k")
    held = Held(action=action, traceparent="00-1", expires_at=NOW + timedelta(hours=1))
    apply(state, decided(action.warrant.case_id, proposals=(held,)), "1")
    assert state.effect_holder("k", NOW) is None
    assert state.proposal(action.action_id) == held
    claim = Claim(effect_key="k", action_id=action.action_id, until=NOW + timedelta(days=1))
    charge = Charge(budget="b", action_id=action.action_id, amount=2, until=claim.until)
    approve = Reviewed(
        review_id="r1",
        action_id=action.action_id,
        approved=True,
        claims=(claim,),
        charges=(charge,),
        outbox=(out_action(action),),
    )
    apply(state, approve, "2")
    assert state.effect_holder("k", NOW) == action.action_id
    assert state.proposal(action.action_id) is None
    apply(state, approve.model_copy(update={"review_id": "r2"}), "3")
    assert state.budget_used("b", NOW) == 2


def test_what_is_expected_and_measured_counts_until_the_next_word(state: State) -> None:
    """Of each subject, milestone and device the last one; nothing told changes nothing."""
    said = Expected(what="c|arrived@INNSA", event_id="e1", time=NOW, first=NOW)
    later = said.model_copy(update={"event_id": "e2", "time": NOW + timedelta(days=4)})
    warm = Watched(device="probe 1", at=NOW, celsius=9.5, seconds_out=600)
    for number, (expected, watched) in enumerate([(said, (warm,)), (later, ()), (None, ())]):
        body = decided(UUID(int=number))
        body = body.model_copy(update={"expected": expected, "watched": watched})
        apply(state, body, str(number))
    found = state.expected("acme|ticket:1", "c|arrived@INNSA")
    assert found == remembering.Expected(**later.model_dump())
    assert state.expected("acme|ticket:2", "c|arrived@INNSA") is None
    assert state.expected("acme|ticket:1", "c|departed@INNSA") is None
    told = state.watched("acme|ticket:1", "probe 1")
    assert told == remembering.Watched(**warm.model_dump())
    assert state.watched("acme|ticket:1", "probe 2") is None


def test_what_is_expected_and_measured_is_forgotten_with_the_rest(state: State) -> None:
    """After the horizon; its subject was silent for as long."""
    said = Expected(what="c|arrived@INNSA", event_id="e1", time=NOW, first=NOW)
    warm = Watched(device="-", at=NOW, celsius=9.5, seconds_out=600)
    body = decided(UUID(int=1)).model_copy(update={"expected": said, "watched": (warm,)})
    apply(state, body, "1")
    late = NOW + timedelta(days=91)
    with state.transaction():
        Chunk(state, 0, "w").add("late", "acme", late, decided(UUID(int=99)))
    state.prune(limit=100)
    assert state.expected("acme|ticket:1", said.what) is None
    assert state.watched("acme|ticket:1", "-") is None


def test_expired_proposals_are_found_oldest_first(state: State) -> None:
    """The timer cancels what nobody answered, a few at a time."""
    actions = [make_action() for _ in range(3)]
    for hours, action in zip((3, 1, 2), actions, strict=True):
        held = Held(action=action, traceparent="00-1", expires_at=NOW + timedelta(hours=hours))
        apply(state, decided(action.warrant.case_id, proposals=(held,)), str(hours))
    found = state.expired_proposals(NOW + timedelta(hours=2), limit=10)
    assert [action for _, action in found] == [actions[1].action_id, actions[2].action_id]


def test_an_entry_elsewhere_than_it_says_is_void(state: State) -> None:
    """It was decided over a state that was not the last one."""
    with state.transaction():
        assert not fold(state, entry(decided(UUID(int=1)), 5), 6)
    assert state.offset_of(str(UUID(int=1))) is None


def test_pruning_forgets_in_record_time_and_in_small_steps(state: State) -> None:
    """The horizon counts from the newest entry, not from the clock on the wall."""
    for number in range(10):
        body = decided(UUID(int=number), message_id=f"m{number}", revision=1)
        with state.transaction():
            Chunk(state, 0, "w").add(str(body.case_id), "acme", NOW + timedelta(days=number), body)
    late = NOW + timedelta(days=95)
    with state.transaction():
        Chunk(state, 0, "w").add("late", "acme", late, decided(UUID(int=99)))
    assert state.prune(limit=3) == 6  # 3 seen, 3 messages; the revision was written again since
    assert state.prune(limit=100) == 4
    assert state.offset_of(str(UUID(int=4))) is None
    assert state.offset_of(str(UUID(int=5))) == 5
    assert state.highest_revision("acme|ticket:1") == 1


# --- the file -----------------------------------------------------------------------------------


def test_a_committed_chunk_survives_without_a_clean_end(tmp_path: Path) -> None:
    """A killed process leaves its snapshot as good as it was."""
    state = make_state(tmp_path)
    apply(state, decided(UUID(int=1)), str(UUID(int=1)))
    again = make_state(tmp_path)
    assert again.offset_of(str(UUID(int=1))) == 0
    assert again.position == state.position


@pytest.mark.parametrize(
    ("name", "value"), [("cluster", "d"), ("partitions", 8), ("partition", 1), ("format", 99)]
)
def test_a_snapshot_of_something_else_is_thrown_away(
    tmp_path: Path, name: str, value: object
) -> None:
    """A state is only ever read for the cluster, topic, partition and format it was made for."""
    apply(make_state(tmp_path), decided(UUID(int=1)), "1")
    assert make_state(tmp_path, "a", **{name: value}).offset_of("1") is None


def test_a_damaged_snapshot_is_thrown_away(tmp_path: Path) -> None:
    """Rebuilding takes time; believing a damaged file would take more."""
    (tmp_path / "a.sqlite").write_bytes(b"not a database" * 100)
    assert make_state(tmp_path).position.next_offset == 0


def test_a_snapshot_from_before_a_power_cut_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is flushed while we run; after a clean end it is, and then it is believed."""
    apply(make_state(tmp_path), decided(UUID(int=1)), "1")
    monkeypatch.setattr(snapshot, "_boot_id", lambda: "next boot")
    state = make_state(tmp_path)
    assert state.offset_of("1") is None
    apply(state, decided(UUID(int=1)), "1")
    state.close()
    monkeypatch.setattr(snapshot, "_boot_id", lambda: "the one after")
    assert make_state(tmp_path).offset_of("1") == 0


def test_two_processes_cannot_share_a_place(tmp_path: Path) -> None:
    """Two writers in one file would be two halves of a state."""
    first = snapshot.lock(tmp_path, "1")
    with pytest.raises(ConfigurationError, match="SLUICE_INSTANCE"):
        snapshot.lock(tmp_path, "1")
    snapshot.lock(tmp_path, "2").close()
    first.close()
    snapshot.lock(tmp_path, "1").close()


# --- two writers --------------------------------------------------------------------------------

EFFECTS = ("e0", "e1", "e2")
LIMIT = 3


@dataclass
class Gate(Publisher):
    """A publisher whose messages reach the log when the test lets them, one by one."""

    broker: MemoryBroker
    queue: list[Message] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    waiting: asyncio.Future[tuple[Position, ...]] | None = None

    @override
    def send(self, messages: Sequence[Message]) -> "asyncio.Future[tuple[Position, ...]]":
        self.queue, self.positions = list(messages), []
        self.waiting = asyncio.get_running_loop().create_future()
        return self.waiting

    def step(self) -> None:
        """Let one record into the log; the last of a send confirms it."""
        if self.queue:
            self.positions.append(self.broker.put(self.queue.pop(0)))
        if not self.queue and self.waiting is not None:
            self.waiting.set_result(tuple(self.positions))
            self.waiting = None


def decide_once(chunk: Chunk, case: int, writer: str) -> None:
    """A tiny policy: the case's effect if it is free and the budget allows it."""
    case_id = uuid5(SPACE, str(case))
    effect = EFFECTS[case % len(EFFECTS)] + str(case // 6)
    free = chunk.state.effect_holder(effect, NOW) is None
    may = free and chunk.state.budget_used("b", NOW) + 1 <= LIMIT
    action = make_action(uuid5(case_id, "0"), effect_key=effect)
    body = decided(case_id, action, budget="b", text=writer) if may else decided(case_id)
    chunk.add(str(case_id), "acme", NOW, body)


def decide_all(cases: list[int], writer: str, chunk: Chunk) -> None:
    """The cases of one chunk, in order."""
    for case in cases:
        decide_once(chunk, case, writer)


async def two_writers(home: Path, work: dict[str, list[list[int]]], order: list[str]) -> None:
    """Run both writers over the same cases; `order` says whose next record reaches the log."""
    broker = MemoryBroker()
    gates = {name: Gate(broker) for name in work}
    journals: dict[str, Journal] = {}
    for name, gate in gates.items():
        journals[name] = make_journal(home, broker, name)
        journals[name]._publisher = gate

    async def write(name: str) -> None:
        for cases in work[name]:
            await journals[name].append(FakeLane(), partial(decide_all, cases, name))

    tasks = {name: asyncio.create_task(write(name)) for name in work}
    turns = iter(order)
    for _ in range(2000):
        for _ in range(4):
            await asyncio.sleep(0)
        waiting = [name for name in sorted(gates) if gates[name].waiting is not None]
        if not waiting and all(task.done() for task in tasks.values()):
            break
        wanted = next(turns, None)
        if waiting:
            gates[wanted if wanted in waiting else waiting[0]].step()
    await asyncio.gather(*tasks.values())
    await check(home, broker, list(journals.values()), work)


async def check(
    home: Path, broker: MemoryBroker, journals: list[Journal], work: dict[str, list[list[int]]]
) -> None:
    """Whoever reads the log now has one and the same state, and no promise is broken in it."""
    fresh = make_journal(home, broker, "fresh")
    for journal in [*journals, fresh]:
        journal._stale = True
        await journal.ready()
    dumps = [dump(journal.state) for journal in [*journals, fresh]]
    assert dumps[0] == dumps[1] == dumps[2]
    promised = [u.message.action_id for u in fresh.unsent if u.message.action_id is not None]
    assert len(promised) == len(set(promised))
    assert len(promised) <= LIMIT
    cases = {case for chunks in work.values() for cases in chunks for case in cases}
    assert all(fresh.state.offset_of(str(uuid5(SPACE, str(case)))) is not None for case in cases)
    assert sum(u.message.action_id is None for u in fresh.unsent) == len(cases)
    effects = [row[0] for row in fresh.state._db.execute("SELECT effect FROM claims")]
    assert len(effects) == len(set(effects)) == len(promised)


def dump(state: State) -> list[list[tuple[object, ...]]]:
    """Everything a state remembers."""
    tables = ("seen", "revisions", "messages", "actions", "claims", "charges", "proposals")
    rows = [sorted(state._db.execute(f"SELECT * FROM {table}")) for table in tables]  # noqa: S608
    return [*rows, [(state.position.next_offset, state.position.marker)]]


CHUNKS = st.lists(
    st.lists(st.integers(0, 11), min_size=1, max_size=4, unique=True), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(left=CHUNKS, right=CHUNKS, order=st.lists(st.sampled_from(["left", "right"]), max_size=40))
def test_two_writers_in_any_interleaving_leave_one_state(
    left: list[list[int]], right: list[list[int]], order: list[str]
) -> None:
    """Each case decided once, each effect claimed once, no budget exceeded, for every reader."""
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(two_writers(Path(home), {"left": left, "right": right}, order))


def test_damage_while_running_is_an_error_of_the_database(tmp_path: Path) -> None:
    """The handler tells a damaged file from a record's fault by this class."""
    state = make_state(tmp_path)
    state._db.close()
    with pytest.raises(sqlite3.Error):
        state.offset_of("1")


def test_the_journal_topic_is_the_one_that_is_declared() -> None:
    """Fakes and service talk about the same topic."""
    assert JOURNAL == "automation.journal.appended.v1"
