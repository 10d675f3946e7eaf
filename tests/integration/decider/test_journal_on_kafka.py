"""The journal on the real broker: takeover, two writers, a lost snapshot, a topic made anew."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from infra.local.kafka import KafkaBroker
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.reading import LogReader
from services.chassis.kafka.settings import KafkaSettings
from services.decider.journal.chunk import Chunk
from services.decider.journal.emission import Emission
from services.decider.journal.journal import Journal
from tests.fakes_decider import (
    JOURNAL,
    NOW,
    FakeClock,
    FakeFreshness,
    FakeLane,
    FakeStops,
    decided,
    make_action,
    make_state,
)
from topics.automation import ACTION_REQUESTED

pytestmark = pytest.mark.kafka


@pytest.fixture
def make(
    kafka: KafkaSettings, publisher: KafkaPublisher, tmp_path: Path
) -> Callable[[str], Journal]:
    """A process's journal of lane 0; another name is another process."""

    def _make(name: str) -> Journal:
        return Journal(
            0,
            state=make_state(tmp_path, name),
            log=LogReader(kafka),
            publisher=publisher,
            clock=FakeClock(),
            writer=f"{name}-{uuid4()}",
        )

    return _make


def _decide(cases: list[UUID], chunk: Chunk) -> None:
    for case in cases:
        chunk.add(str(case), "acme", NOW, decided(case, make_action(effect_key="k")))


async def test_a_takeover_emits_what_the_dead_one_had_promised(
    make: Callable[[str], Journal], kafka: KafkaSettings, publisher: KafkaPublisher
) -> None:
    """Killed between append and emission: the next owner emits it, without the snapshot."""
    dead = make("dead")
    await dead.append(FakeLane(), partial(_decide, [uuid4()]))
    heir = make("heir")
    await heir.ready()
    assert len(heir.unsent) == 2
    await Emission(publisher, FakeStops(), FakeFreshness(), FakeClock()).run(heir, FakeLane())
    log = LogReader(kafka)
    ends = [await log.end_offset(ACTION_REQUESTED.name, number) for number in range(4)]
    assert sum(ends) == 1
    await heir.append(FakeLane(), lambda _: None, mark=True)
    third = make("third")
    await third.ready()
    assert not third.unsent


async def test_two_processes_at_once_decide_every_case_once(
    make: Callable[[str], Journal], kafka: KafkaSettings
) -> None:
    """A paused process that resumes beside its successor adds nothing that counts twice."""
    cases = [uuid4() for _ in range(200)]
    left, right = make("left"), make("right")
    other = KafkaPublisher(kafka, client_id="other")
    right._publisher = other

    async def work(journal: Journal, order: list[UUID]) -> None:
        for start in range(0, len(order), 10):
            await journal.append(FakeLane(), partial(_decide, order[start : start + 10]))

    await asyncio.gather(work(left, cases), work(right, cases[::-1]))
    await other.close()
    judge = make("judge")
    await judge.ready()
    assert sorted(str(u.message.action_id) for u in judge.unsent if u.message.action_id)
    decisions = [u for u in judge.unsent if u.message.action_id is None]
    assert len(decisions) == len(cases)
    assert all(judge.state.offset_of(str(case)) is not None for case in cases)


async def test_a_lost_snapshot_costs_time_only(
    make: Callable[[str], Journal], tmp_path: Path
) -> None:
    """The file is a copy of what the log says."""
    journal = make("a")
    cases = [uuid4() for _ in range(50)]
    await journal.append(FakeLane(), partial(_decide, cases))
    before = [journal.state.offset_of(str(case)) for case in cases]
    journal.state.close()
    (tmp_path / "a.sqlite").unlink()
    again = make("a")
    await again.ready()
    assert [again.state.offset_of(str(case)) for case in cases] == before
    assert again.state.effect_holder("k", NOW) == journal_claim(again)


def journal_claim(journal: Journal) -> UUID:
    """Whoever claimed last in the log."""
    return [u.message.action_id for u in journal.unsent if u.message.action_id][-1]


async def test_a_log_trimmed_by_retention_is_read_from_where_it_begins(
    make: Callable[[str], Journal], broker: KafkaBroker, kafka: KafkaSettings
) -> None:
    """The journal's begin is not an offset of ours: entries say where they are."""
    journal = make("a")
    first, second = uuid4(), uuid4()
    await journal.append(FakeLane(), partial(_decide, [first]))
    await journal.append(FakeLane(), partial(_decide, [second]))
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    for future in admin.delete_records([TopicPartition(JOURNAL, 0, 1)]).values():
        future.result(10)
    fresh = make("b")
    await fresh.append(FakeLane(), partial(_decide, [uuid4()]))
    assert fresh.state.offset_of(str(first)) is None
    assert fresh.state.offset_of(str(second)) == 1
