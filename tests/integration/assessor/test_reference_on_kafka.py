"""The copy of the reference topic on the real broker: whole, gone on with, or thrown away."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from structlog.testing import capture_logs

from infra.local.kafka import KafkaBroker
from services.assessor.domain.joining import Type
from services.assessor.reference.copy import ReferenceCopy
from services.assessor.reference.store import SqliteStore
from services.assessor.reference.tables import Tables
from services.chassis.errors import Crash
from services.chassis.kafka.broadcast import Broadcast
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.record import Record
from tests.fakes_reference import SettableClock, event, record
from tests.fakes_triton import FakeMetrics
from topics import Topic

pytestmark = pytest.mark.kafka

PARTITIONS = 4


@dataclass
class Life:
    """A process's life: its copy, what it read at its start, what it logged."""

    copy: ReferenceCopy
    broadcast: Broadcast
    store: SqliteStore
    read: int
    logs: list[Any]

    @property
    def thrown_away(self) -> list[str]:
        """Why an older copy was."""
        return [each["why"] for each in self.logs if each["event"] == "reference copy thrown away"]

    def status(self, id_: str) -> object:
        """Of an order."""
        found = self.copy.find("acme", Type.ORDER, id_)
        return None if found is None else found.attributes["status"]

    async def end(self) -> None:
        """As the process does."""
        await self.broadcast.close()
        self.store.close()


@dataclass
class Shelf:
    """A topic of the test's own, and the place of the copy."""

    bootstrap_servers: str
    file: Path
    clock: SettableClock = field(default_factory=SettableClock)
    name: str = field(default_factory=lambda: f"reference-{uuid4().hex[:8]}")
    lives: list[Life] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        self.make()

    def make(self, partitions: int = PARTITIONS, **config: str) -> None:
        """The topic, new."""
        new = NewTopic(self.name, partitions, 1, config={"cleanup.policy": "compact", **config})
        self.admin.create_topics([new])[self.name].result(20)
        self._until(lambda there: self.name in there and not there[self.name].error)

    def remove(self) -> None:
        """The topic, by a careless hand."""
        self.admin.delete_topics([self.name])[self.name].result(20)
        self._until(lambda there: self.name not in there)

    def _until(self, what: Any) -> None:
        deadline = time.monotonic() + 20
        while not what(self.admin.list_topics(timeout=10).topics):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def tell(self, *records: Record) -> None:
        """As owners do, confirmed."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "partitioner": "murmur2_random"}
        )
        for each in records:
            producer.produce(self.name, each.value, key=each.key)
        assert producer.flush(20) == 0

    async def live(self, tables: Tables | None = None) -> Life:
        """A process starts; returns when the end is reached."""
        topic: Topic = Topic(
            name=self.name,
            event=None,
            key="tenant|type:id",
            writers=("outside",),
            readers=("assessor",),
            description="test",
            cleanup="compact",
            retention=None,
        )
        store = SqliteStore(self.file)
        copy = ReferenceCopy(store, tables or Tables(), self.clock, FakeMetrics())
        broadcast = Broadcast(topic, copy.apply, on_unreadable=copy.unreadable, copy=copy)
        self.lives.append(Life(copy, broadcast, store, 0, []))
        with capture_logs() as logs:
            await broadcast.start(KafkaSettings(bootstrap_servers=self.bootstrap_servers))
        (told,) = [each for each in logs if each["event"] == "read to its end"]
        life = Life(copy, broadcast, store, told["records"], logs)
        self.lives[-1] = life
        return life


@pytest.fixture
async def shelf(broker: KafkaBroker, tmp_path: Path) -> AsyncIterator[Shelf]:
    """No reading thread survives its test."""
    made = Shelf(broker.bootstrap_servers, tmp_path / "copy.sqlite")
    yield made
    for life in made.lives:
        await life.end()


def order(number: int, status: str = "placed") -> Record:
    """One of many."""
    return record(
        event(id_=f"SO-{number}", attributes={"status": status}), f"acme|order:SO-{number}"
    )


def gone(number: int) -> Record:
    """Its tombstone."""
    return record(None, f"acme|order:SO-{number}")


async def test_it_is_read_whole_and_then_only_the_rest(shelf: Shelf) -> None:
    """Two lives hold what one would."""
    shelf.tell(*(order(number) for number in range(1_000)), gone(3), order(4, "lost"))
    first = await shelf.live()
    assert first.read == 1_002
    assert [first.status(f"SO-{n}") for n in (2, 3, 4, 1_000)] == ["placed", None, "lost", None]
    await first.end()
    shelf.tell(order(3, "back"), gone(4), order(1_000))
    second = await shelf.live()
    assert (second.read, second.thrown_away) == (3, [])
    assert [second.status(f"SO-{n}") for n in (2, 3, 4, 1_000)] == [
        "placed",
        "back",
        None,
        "placed",
    ]


async def test_with_nothing_new_nothing_is_read(shelf: Shelf) -> None:
    """Also of an empty topic."""
    await (await shelf.live()).end()
    shelf.tell(order(1))
    await (await shelf.live()).end()
    assert (await shelf.live()).read == 0


async def test_what_is_told_meanwhile_is_known_when_the_end_is_confirmed(shelf: Shelf) -> None:
    """As at every takeover."""
    life = await shelf.live()
    for number in range(5):
        shelf.tell(order(number))
        await life.broadcast.confirm_end()
        assert life.status(f"SO-{number}") == "placed"


async def test_an_unreadable_record_blocks_nothing(shelf: Shelf) -> None:
    """Neither the start nor what comes after it."""
    shelf.tell(order(1), record(b"\xff", "acme|order:SO-1"), record(b"1", "no key"), order(2))
    life = await shelf.live()
    assert (life.read, life.status("SO-1"), life.status("SO-2")) == (4, None, "placed")


async def test_a_topic_made_anew_is_read_anew(shelf: Shelf) -> None:
    """Under the same name, and with more records than before: offsets alone would not tell."""
    shelf.tell(*(order(number) for number in range(20)))
    await (await shelf.live()).end()
    shelf.remove()
    shelf.make()
    shelf.tell(*(order(number, "new") for number in range(100, 200)))
    life = await shelf.live()
    assert life.read == 100
    assert life.thrown_away == [
        "it is of another cluster, topic, partition count, format or reference file"
    ]
    assert (life.status("SO-1"), life.status("SO-100")) == (None, "new")


async def test_a_log_that_begins_later_is_read_anew(shelf: Shelf) -> None:
    """What was in between was never seen. Only a topic that also forgets can be cut at all."""
    shelf.remove()
    shelf.make(**{"cleanup.policy": "compact,delete"})
    shelf.tell(order(1), order(2))
    await (await shelf.live()).end()
    shelf.tell(*(order(number, "new") for number in range(50)))
    ends = [TopicPartition(shelf.name, number, -1) for number in range(PARTITIONS)]
    for future in shelf.admin.delete_records(ends).values():
        future.result(20)
    shelf.tell(order(7, "last"))
    life = await shelf.live()
    assert (life.read, life.thrown_away) == (1, ["the log begins after where it ends"])
    assert (life.status("SO-1"), life.status("SO-7")) == (None, "last")


async def test_a_copy_older_than_tombstones_is_read_anew(shelf: Shelf) -> None:
    """By the broker's own setting: here an hour."""
    shelf.remove()
    shelf.make(**{"delete.retention.ms": "3600000"})
    shelf.tell(order(1))
    await (await shelf.live()).end()
    shelf.clock.forward(minutes=50)
    young = await shelf.live()
    assert (young.read, young.thrown_away) == (0, [])
    await young.end()
    shelf.clock.forward(minutes=65)
    old = await shelf.live()
    assert old.read == 1
    assert "delete.retention.ms" in old.thrown_away[0]


async def test_other_rules_are_applied_to_all_of_it(shelf: Shelf) -> None:
    """A feed that is declared later vouches for what came before."""
    shelf.tell(order(1))
    await (await shelf.live()).end()
    life = await shelf.live(Tables(feeds=frozenset({("acme", Type.ORDER)})))
    assert life.read == 1


async def test_a_copy_that_cannot_be_kept_ends_the_reading(shelf: Shelf) -> None:
    """On a full disk nobody goes on with less than he was told; the next process reads the rest."""
    life = await shelf.live()
    life.store._db.execute("PRAGMA max_page_count=1")
    shelf.tell(*(order(number) for number in range(2_000)))
    with pytest.raises(Crash, match="disk is full"):
        await life.broadcast.confirm_end()
    assert life.broadcast.stale(1e9)
    await life.end()
    assert (await shelf.live()).status("SO-1999") == "placed"
