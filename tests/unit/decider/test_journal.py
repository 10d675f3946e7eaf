"""The journal: decided once, ownership proven by offsets, and no answer where there is none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from schemas.automation.journal import Decided, Emitted, JournalAppended
from services.chassis.errors import Crash, Outage, Refused, Rejected
from services.chassis.record import Message
from services.decider.journal.chunk import Chunk
from services.decider.journal.journal import Journal
from tests.fakes_decider import (
    JOURNAL,
    NOW,
    FakeLane,
    MemoryBroker,
    decided,
    entry,
    journal_message,
    make_action,
    make_journal,
)
from topics.automation import JOURNAL_APPENDED


def add(*bodies: Decided) -> Callable[[Chunk], None]:
    """A draft that adds these."""

    def draft(chunk: Chunk) -> None:
        for body in bodies:
            chunk.add(str(body.case_id), "acme", NOW, body)

    return draft


def foreign(broker: MemoryBroker, body: Decided) -> Callable[[], None]:
    """Another writer's valid entry at the journal's end."""

    def put() -> None:
        end = len(broker.records.get((JOURNAL, 0), ()))
        broker.put(journal_message(entry(body, end, writer="other")))

    return put


def in_journal(broker: MemoryBroker) -> list[JournalAppended]:
    """What the journal holds."""
    return [JournalAppended.from_json(r.value or b"") for r in broker.out(JOURNAL)]


async def test_an_entry_is_appended_where_it_says_it_is(tmp_path: Path) -> None:
    """The offset in an entry is the offset of its record: that is what makes it count."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.append(FakeLane(), add(decided(uuid4()), decided(uuid4())))
    await journal.append(FakeLane(), add(decided(uuid4())))
    assert [e.offset for e in in_journal(broker)] == [0, 1, 2]
    assert [u.offset for u in journal.unsent] == [0, 1, 2]
    assert not any(u.maybe_sent for u in journal.unsent)


async def test_a_known_case_is_not_appended_again(tmp_path: Path) -> None:
    """A case is decided once, also twice in one chunk."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    case = uuid4()
    await journal.append(FakeLane(), add(decided(case, text="1"), decided(case, text="2")))
    await journal.append(FakeLane(), add(decided(case, text="3")))
    assert [u.message.value for u in journal.unsent] == ["1"]
    assert len(broker.out(JOURNAL)) == 1


async def test_another_writers_entry_makes_ours_void_and_decided_again(tmp_path: Path) -> None:
    """The second writer sees the effect that the first one claimed, before it emits anything."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    theirs, ours = make_action(effect_key="refund:1"), make_action(effect_key="refund:1")
    case = uuid4()
    seen: list[UUID | None] = []

    def draft(chunk: Chunk) -> None:
        holder = chunk.state.effect_holder("refund:1", NOW)
        seen.append(holder)
        body = decided(case) if holder else decided(case, ours)
        chunk.add(str(case), "acme", NOW, body)

    broker.foreign = foreign(broker, decided(uuid4(), theirs))
    await journal.append(FakeLane(), draft)

    assert seen == [None, theirs.action_id]
    assert journal.state.effect_holder("refund:1", NOW) == theirs.action_id
    emitted = [u.message.action_id for u in journal.unsent]
    assert theirs.action_id in emitted
    assert ours.action_id not in emitted
    assert [e.offset for e in in_journal(broker)] == [0, 0, 2]


async def test_a_case_that_another_writer_decided_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    """Of one id the first entry that counts wins: nothing is appended a second time."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    case = uuid4()
    broker.foreign = foreign(broker, decided(case, text="theirs"))
    await journal.append(FakeLane(), add(decided(case, text="ours")))
    assert [u.message.value for u in journal.unsent] == ["theirs"]
    assert len(broker.out(JOURNAL)) == 2


async def test_a_writer_in_the_middle_of_a_chunk_voids_the_rest_of_it(tmp_path: Path) -> None:
    """What landed where it was meant to counts; what came behind the other is decided again."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    first, second = decided(uuid4(), text="1"), decided(uuid4(), text="2")
    # The other writer believes in the same end as we: its entry is void, and so is our second.
    broker.between = lambda: (broker.put(journal_message(entry(decided(uuid4()), 0))), None)[1]
    await journal.append(FakeLane(), add(first, second))
    assert [u.message.value for u in journal.unsent] == ["1", "2"]
    assert [e.offset for e in in_journal(broker)] == [0, 0, 1, 3]


async def test_an_unknown_offset_means_rereading_and_no_second_decision(tmp_path: Path) -> None:
    """A confirmed append without an offset is looked up in the log, not repeated."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    broker.unknown_offsets = True
    await journal.append(FakeLane(), add(decided(uuid4())))
    assert len(broker.out(JOURNAL)) == 1
    assert len(journal.unsent) == 1


async def test_confirmed_but_missing_ends_the_process(tmp_path: Path) -> None:
    """A broker that confirms what it does not have is not decided over a second time."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    broker.unknown_offsets = True
    real_put = broker.put
    broker.put = lambda message: replace(real_put(replace(message, topic="lost")), topic=JOURNAL)  # type: ignore[method-assign]
    with pytest.raises(Crash, match="confirmed entries are gone"):
        await journal.append(FakeLane(), add(decided(uuid4())))


@pytest.mark.parametrize("landed", [True, False])
async def test_an_append_of_unknown_fate_ends_the_process(tmp_path: Path, landed: bool) -> None:  # noqa: FBT001
    """Nobody may decide again what may be in the log already."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    broker.fail_journal, broker.lost_in_flight = Outage, landed
    case = uuid4()
    with pytest.raises(Crash, match="unknown fate"):
        await journal.append(FakeLane(), add(decided(case)))
    assert journal.state.offset_of(str(case)) is None
    assert not journal.unsent
    successor = make_journal(tmp_path, broker, "b")
    await successor.append(FakeLane(), add(decided(case)))
    assert len(broker.out(JOURNAL)) == 1


async def test_an_entry_the_broker_refuses_is_the_records_own_fault(tmp_path: Path) -> None:
    """What can never be appended is rejected before anything of it counts; the rest goes on."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    broker.fail_journal = Refused
    with pytest.raises(Rejected):
        await journal.append(FakeLane(), add(decided(uuid4())))
    await journal.append(FakeLane(), add(decided(uuid4())))
    assert len(broker.out(JOURNAL)) == 1


async def test_nothing_is_appended_for_a_lane_that_is_gone(tmp_path: Path) -> None:
    """Ownership is asked right before the append."""
    broker, lane = MemoryBroker(), FakeLane()
    journal = make_journal(tmp_path, broker)
    lane.is_held = False
    case = uuid4()
    with pytest.raises(Outage, match="no longer ours"):
        await journal.append(lane, add(decided(case)))
    assert not broker.out(JOURNAL)
    assert journal.state.offset_of(str(case)) is None


async def test_a_fault_while_deciding_leaves_no_trace(tmp_path: Path) -> None:
    """A chunk is all or nothing: a handler's bug undoes what the chunk had folded."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    case = uuid4()

    def draft(chunk: Chunk) -> None:
        chunk.add(str(case), "acme", NOW, decided(case))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await journal.append(FakeLane(), draft)
    assert journal.state.offset_of(str(case)) is None
    assert journal.state.position.next_offset == 0
    await journal.append(FakeLane(), add(decided(case)))
    assert [e.offset for e in in_journal(broker)] == [0]


async def test_an_entry_too_large_is_refused_before_the_append(tmp_path: Path) -> None:
    """After the append there is no dead letter, so size is checked before."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)
    big = decided(uuid4(), text="x" * JOURNAL_APPENDED.max_message_bytes)
    with pytest.raises(Rejected, match="bytes"):
        await journal.append(FakeLane(), add(big))
    assert not broker.out(JOURNAL)


async def test_a_takeover_finds_what_follows_the_last_marker(tmp_path: Path) -> None:
    """Whatever was not marked as emitted is promised still, verbatim, to the next owner."""
    broker, lane = MemoryBroker(), FakeLane()
    journal = make_journal(tmp_path, broker)
    await journal.append(lane, add(decided(uuid4(), text="1")))
    journal.emitted(0)
    await journal.append(lane, add(decided(uuid4(), text="2"), decided(uuid4(), text="3")))
    assert isinstance(in_journal(broker)[-1].body, Emitted)

    for name in ("a", "b"):  # with the snapshot, and without
        if name == "a":
            journal.state.close()
        successor = make_journal(tmp_path, broker, name)
        await successor.ready()
        assert [u.message.value for u in successor.unsent] == ["2", "3"]
        assert all(u.maybe_sent for u in successor.unsent)
        assert successor.state.position.next_offset == 4


async def test_a_marker_is_appended_alone_only_when_asked_and_once(tmp_path: Path) -> None:
    """The marker rides with the next chunk; an idle lane appends it once, by the clock."""
    broker, lane = MemoryBroker(), FakeLane()
    journal = make_journal(tmp_path, broker)
    await journal.append(lane, add(decided(uuid4())))
    journal.emitted(0)
    await journal.append(lane, add())
    assert len(broker.out(JOURNAL)) == 1
    await journal.append(lane, add(), mark=True)
    await journal.append(lane, add(), mark=True)
    assert len(broker.out(JOURNAL)) == 2
    assert not journal.marker_owed


async def _three(home: Path, broker: MemoryBroker) -> Journal:
    journal = make_journal(home, broker)
    for _ in range(3):
        await journal.append(FakeLane(), add(decided(uuid4())))
    journal.state.close()
    return journal


async def test_a_hole_in_the_journal_ends_the_process(tmp_path: Path) -> None:
    """A lost entry is a crash and an alarm, never a smaller state."""
    broker = MemoryBroker()
    await _three(tmp_path, broker)
    broker.hole_at = 1
    with pytest.raises(Crash, match="offsets 1 to 1 are missing"):
        await make_journal(tmp_path, broker, "b").ready()


async def test_a_log_that_reads_short_is_an_outage(tmp_path: Path) -> None:
    """A broker that goes away while the journal is read is waited for."""
    broker = MemoryBroker()
    await _three(tmp_path, broker)
    broker.cut_short = True
    journal = make_journal(tmp_path, broker, "b")
    with pytest.raises(Outage, match="2 of 3"):
        await journal.ready()
    broker.cut_short = False
    await journal.ready()
    assert journal.state.position.next_offset == 3


async def test_a_snapshot_of_a_longer_log_is_thrown_away(tmp_path: Path) -> None:
    """A topic that was made anew must not be read through the old one's state."""
    broker = MemoryBroker()
    await _three(tmp_path, broker)
    fresh = MemoryBroker()
    journal = make_journal(tmp_path, fresh)
    await journal.ready()
    assert journal.state.position.next_offset == 0


async def test_a_snapshot_whose_last_record_differs_is_thrown_away(tmp_path: Path) -> None:
    """A topic made anew is recognised also when it has grown beyond the snapshot."""
    broker = MemoryBroker()
    await _three(tmp_path, broker)
    fresh = MemoryBroker()
    cases = [decided(uuid4()) for _ in range(5)]
    for offset, body in enumerate(cases):
        fresh.put(journal_message(entry(body, offset)))
    journal = make_journal(tmp_path, fresh)
    await journal.ready()
    assert [journal.state.offset_of(str(c.case_id)) for c in cases] == [0, 1, 2, 3, 4]


async def test_a_snapshot_below_log_start_is_rebuilt_from_there(tmp_path: Path) -> None:
    """Between its end and the log's start nobody knows what happened."""
    broker = MemoryBroker()
    await _three(tmp_path, broker)
    late = [decided(uuid4()) for _ in range(4)]
    for offset, body in enumerate(late, start=3):
        broker.put(journal_message(entry(body, offset)))
    broker.trim(JOURNAL, 0, 5)
    journal = make_journal(tmp_path, broker)
    await journal.ready()
    assert journal.state.offset_of(str(late[1].case_id)) is None
    assert journal.state.offset_of(str(late[3].case_id)) == 6
    await journal.append(FakeLane(), add(decided(uuid4())))
    assert in_journal(broker)[-1].offset == 7


async def test_foreign_bytes_in_the_journal_count_for_nobody(tmp_path: Path) -> None:
    """A stray producer cannot stop the decider, nor tell it anything."""
    broker = MemoryBroker()
    for value in (b"{", None, b"\xff"):
        broker.put(Message(JOURNAL, b"k", value, partition=0))
    journal = make_journal(tmp_path, broker)
    await journal.append(FakeLane(), add(decided(uuid4())))
    assert journal.state.position.next_offset == 4
    assert len(journal.unsent) == 1


async def test_an_entry_of_a_newer_decider_ends_the_process(tmp_path: Path) -> None:
    """A kind we cannot fold must not be folded as nothing."""
    broker = MemoryBroker()
    value = journal_message(entry(decided(uuid4()), 0)).value or b""
    value = value.replace(b'"kind":"decided"', b'"kind":"dreaming"')
    broker.put(Message(JOURNAL, b"acme", value, partition=0))
    with pytest.raises(Crash, match="later one"):
        await make_journal(tmp_path, broker).ready()


async def test_a_copied_journal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a mirrored log offsets are not the entries' own: folding it would forget everything."""
    monkeypatch.setattr("services.decider.journal.reading._MAX_VOID_RUN", 20)
    broker = MemoryBroker()
    for offset in range(30):
        broker.put(journal_message(entry(decided(uuid4()), offset + 1000)))
    with pytest.raises(Crash, match="copy"):
        await make_journal(tmp_path, broker).ready()


async def test_a_writer_that_never_stops_is_an_outage(tmp_path: Path) -> None:
    """Two writers for good are an operator's matter: the lane is held, nothing is decided."""
    broker = MemoryBroker()
    journal = make_journal(tmp_path, broker)

    def again() -> None:
        foreign(broker, decided(uuid4()))()
        broker.foreign = again

    broker.foreign = again
    with pytest.raises(Outage, match="another writer"):
        await journal.append(FakeLane(), add(decided(uuid4())))
