"""Deciders in processes of their own, the operator, the upstream, and what is judged of them."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.automation.action import ActionRequested
from schemas.automation.control import AutonomyGrant, ControlChanged, Stop
from schemas.automation.decision import CaseDecided
from schemas.base import Event
from services.chassis.kafka.settings import KafkaSettings
from tests.fakes_decider import make_assessed
from topics import Topic
from topics.automation import ACTION_REQUESTED, CASE_ASSESSED, CASE_DECIDED, CONTROL_CHANGED

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
