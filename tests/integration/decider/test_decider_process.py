"""The whole decider as a process on the real broker: killed at every named point, and it is one."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from infra.local.kafka import KafkaBroker
from schemas.automation.action import ActionRequested, Autonomy
from schemas.automation.control import AutonomyGrant, ControlChanged, Stop
from schemas.automation.decision import CaseDecided
from schemas.base import Event
from services.chassis.kafka.settings import KafkaSettings
from tests.fakes_decider import make_assessed
from topics import Topic
from topics.automation import (
    ACTION_REQUESTED,
    CASE_ASSESSED,
    CASE_DECIDED,
    CONTROL_CHANGED,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[3]
TENANTS = ("acme", "globex", "initech")


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    """Wait for a condition; fails the test with the reason."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s: {why}"
        time.sleep(0.2)


@dataclass
class House:
    """The topics, the operator, the upstream, and deciders in processes of their own."""

    kafka: KafkaSettings
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.producer = Producer(
            {
                "bootstrap.servers": self.kafka.bootstrap_servers,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
            }
        )

    def start(self, instance: str = "1", **environment: str) -> subprocess.Popen[bytes]:
        """A decider; its log is kept beside the test."""
        with (self.folder / f"decider-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.decider"],
                cwd=ROOT,
                stderr=log,
                stdout=log,
                env={
                    **os.environ,
                    "SLUICE_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
                    "SLUICE_KAFKA_CHAIN_PARTITIONS": str(self.kafka.chain_partitions),
                    "SLUICE_KAFKA_SESSION_TIMEOUT_S": "6",
                    "SLUICE_KAFKA_HEARTBEAT_INTERVAL_S": "1",
                    "SLUICE_INSTANCE": instance,
                    "SLUICE_STATE_DIR": str(self.folder / "state"),
                    **environment,
                },
            )
        self.processes.append(process)
        return process

    def log(self, number: int = -1) -> str:
        """What a process had to say."""
        number %= len(self.processes)
        return (self.folder / f"decider-{number}.log").read_text()

    def say(self, topic: Topic[Event], key: str, event: Event) -> None:
        """Publish, confirmed."""
        self.producer.produce(topic.name, event.to_json(), key=key.encode())
        assert self.producer.flush(20) == 0

    def feed(self, cases: list[UUID], *, tenant: str | None = None) -> None:
        """Cases of all tenants, each of a ticket of its own; the same case is always the same."""
        for case in cases:
            whose = tenant or TENANTS[case.int % len(TENANTS)]
            assessed = make_assessed(case, tenant=whose, ticket=case.hex)
            self.producer.produce(CASE_ASSESSED.name, assessed.to_json(), key=whose.encode())
        assert self.producer.flush(20) == 0

    def control(self, change: AutonomyGrant | Stop) -> None:
        """The operator's word."""
        event = ControlChanged(
            control_id=uuid4().hex, by="operator", at=datetime.now(UTC), change=change
        )
        self.say(CONTROL_CHANGED, "control", event)

    def read(self, topic: Topic[Event]) -> list[tuple[str, bytes]]:
        """Everything on a topic: ce_id (or nothing) and value."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.kafka.bootstrap_servers,
                "group.id": "reading",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
            }
        )
        count = self.kafka.chain_partitions
        consumer.assign([TopicPartition(topic.name, number, 0) for number in range(count)])
        found, ended = [], 0
        while ended < count:
            message = consumer.poll(10)
            assert message is not None, f"{topic.name} cannot be read"
            if message.error():
                ended += 1
                continue
            headers = dict(message.headers() or [])
            found.append((headers.get("ce_id", b"").decode(), message.value()))
        consumer.close()
        return found

    def decided(self) -> set[str]:
        """The cases that have a decision on the wire."""
        return {case for case, _ in self.read(CASE_DECIDED)}

    def close(self) -> None:
        """No process survives its test."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait(10)


@pytest.fixture
def house(kafka: KafkaSettings, tmp_path: Path) -> Iterator[House]:
    """Everything is released for every tenant."""
    made = House(kafka, tmp_path)
    for tenant in TENANTS:
        for action in ("support.route", "support.set_priority", "support.tag", "support.escalate"):
            made.control(AutonomyGrant(tenant=tenant, action_type=action, level=Autonomy.ACT))
    try:
        yield made
    finally:
        made.close()


def judge(house: House, cases: list[UUID]) -> None:
    """Each case decided exactly once; whatever is said twice is said in the same words."""
    said: dict[str, set[bytes]] = {}
    for case, value in house.read(CASE_DECIDED):
        said.setdefault(case, set()).add(value)
    assert set(said) == {str(case) for case in cases}
    assert {case: len(words) for case, words in said.items() if len(words) > 1} == {}
    asked: dict[str, set[bytes]] = {}
    for action, value in house.read(ACTION_REQUESTED):
        asked.setdefault(action, set()).add(value)
    assert all(len(words) == 1 for words in asked.values())
    promised = {
        str(planned.action.action_id)
        for (value,) in said.values()
        for planned in CaseDecided.from_json(value).decision.actions
        if planned.withheld is None
    }
    assert set(asked) == promised
    effects = Counter(
        ActionRequested.from_json(value).action.effect_key for (value,) in asked.values()
    )
    assert max(effects.values(), default=0) <= 1


@pytest.mark.parametrize("elsewhere", [False, True], ids=["snapshot", "no-snapshot"])
@pytest.mark.parametrize(
    "point",
    [
        "decider.before-append",
        "decider.after-append",
        "decider.after-emission",
        "decider.before-marker",
        "decider.before-ack",
        "boundary.before-ack",
    ],
)
def test_killed_at_a_named_point_every_case_is_decided_once(
    house: House, point: str, *, elsewhere: bool
) -> None:
    """Whenever it dies, the next one ends what it began, with or without its snapshot."""
    mark = house.folder / "mark"
    crash = {
        "SLUICE_CRASH_POINT": point,
        "SLUICE_CRASH_MARK": str(mark),
        "SLUICE_DECIDER_CHUNK": "16",
    }
    cases = [uuid4() for _ in range(120)]
    house.feed(cases)
    first = house.start("1", **crash)
    assert first.wait(40) == -signal.SIGKILL, house.log()
    assert mark.exists()
    second = house.start("2" if elsewhere else "1", **crash)
    until(lambda: len(house.decided()) == len(cases), 40, house.log())
    second.terminate()
    assert second.wait(25) == 0, house.log()
    judge(house, cases)


def test_a_stop_pressed_while_it_was_dead_cancels_for_ever(house: House) -> None:
    """Killed between append and emission, the stop comes, the policy's word is overruled."""
    cases = [uuid4() for _ in range(30)]
    house.feed(cases, tenant="acme")
    crash = {"SLUICE_CRASH_POINT": "decider.after-append"}
    assert house.start(**crash).wait(40) == -signal.SIGKILL
    house.control(Stop(tenant="acme", active=True))
    second = house.start()
    until(lambda: len(house.decided()) == len(cases), 40, house.log())
    second.kill()
    second.wait(10)
    house.control(Stop(tenant="acme", active=False))
    later = [uuid4()]
    house.feed(later, tenant="acme")
    third = house.start("elsewhere")
    until(lambda: len(house.decided()) == len(cases) + 1, 40, house.log())
    third.terminate()
    assert third.wait(25) == 0
    decided_with = {case: CaseDecided.from_json(value) for case, value in house.read(CASE_DECIDED)}
    promised = {
        str(each.action.action_id): case
        for case, event in decided_with.items()
        for each in event.decision.actions
        if each.withheld is None
    }
    went = {promised[action] for action, _ in house.read(ACTION_REQUESTED)}
    assert went == {str(later[0])}
    assert set(promised.values()) > went, "the first chunk had been promised before the stop"


def test_paused_beyond_its_session_and_resumed_it_adds_nothing_twice(house: House) -> None:
    """The other one takes over meanwhile; who wakes up finds that it is no longer its turn."""
    first = house.start("1", SLUICE_DECIDER_CHUNK="8")
    before = [uuid4() for _ in range(60)]
    house.feed(before)
    until(lambda: len(house.decided()) > 5, 40, house.log())
    first.send_signal(signal.SIGSTOP)
    after = [uuid4() for _ in range(60)]
    house.feed(after)
    house.start("2", SLUICE_DECIDER_CHUNK="8")
    until(lambda: len(house.decided()) == len(before + after), 60, house.log())
    first.send_signal(signal.SIGCONT)
    last = [uuid4() for _ in range(60)]
    house.feed(last)
    until(lambda: len(house.decided()) == len(before + after + last), 60, house.log())
    judge(house, before + after + last)


def test_a_case_that_comes_back_is_not_decided_again(house: House) -> None:
    """Duplicates in one chunk and across processes, with the snapshot deleted between them."""
    cases = [uuid4() for _ in range(20)]
    house.feed(cases + cases)
    first = house.start()
    until(lambda: len(house.decided()) == len(cases), 40, house.log())
    first.terminate()
    assert first.wait(25) == 0
    for file in (house.folder / "state").glob("*.sqlite*"):
        file.unlink()
    house.feed(cases)
    fresh = [uuid4()]
    house.feed(fresh)
    house.start()
    until(lambda: len(house.decided()) == len(cases) + 1, 40, house.log())
    judge(house, cases + fresh)


def test_a_second_decider_in_the_same_place_is_refused(house: House) -> None:
    """One clear line with the remedy, and the exit code of a configuration error."""
    house.start("1")
    until(lambda: "listening" in house.log(0), 20, "the first one runs")
    second = house.start("1")
    assert second.wait(20) == 78
    assert "SLUICE_INSTANCE" in house.log()


def test_a_broker_killed_under_it_costs_time_only(house: House, broker: KafkaBroker) -> None:
    """Appends in flight are retried by the producer, or end the process; never decided twice."""
    crash = {"SLUICE_DECIDER_CHUNK": "8"}
    first = house.start(**crash)
    cases = [uuid4() for _ in range(3000)]
    house.feed(cases)
    until(lambda: len(house.decided()) > 100, 40, house.log())
    broker.kill()
    time.sleep(3)
    broker.start()
    broker.wait_ready()
    deadline = time.monotonic() + 90
    while len(house.decided()) < len(cases):
        assert time.monotonic() < deadline, house.log()
        if first.poll() is not None:
            # It could not know what became of an append: the supervisor starts it again.
            first = house.start(**crash)
        time.sleep(0.5)
    judge(house, cases)
