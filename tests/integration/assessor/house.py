"""An assessor in a process of its own, with what it reads and what it writes."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from infra.local.places import Ports
from schemas.automation.assessment import CaseAssessed
from schemas.automation.case import Case, CaseAccepted
from schemas.automation.decision import CaseDecided, Decision
from services.chassis.record import Record
from topics import Topic
from topics.automation import CASE_ACCEPTED, CASE_ASSESSED, CASE_DECIDED

ROOT = Path(__file__).parents[3]
PARTITIONS = 4


def until(what: Callable[[], object], seconds: float, why: Callable[[], str]) -> None:
    """Wait for a condition; fails the test with the reason."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s: {why()}"
        time.sleep(0.1)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The settings of an assessor that keeps its state in the test's folder."""
    return {**os.environ, "SLUICE_STATE_DIR": str(folder / "state"), **settings}


@dataclass
class House:
    """The topics, the upstream, and assessors in processes of their own."""

    bootstrap_servers: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, triton: str, **settings: str) -> subprocess.Popen[bytes]:
        """An assessor; its log is kept beside the test."""
        self.health = f"127.0.0.1:{Ports().take('health')}"
        host, port = self.health.split(":")
        with (self.folder / "assessor.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.assessor"],
                cwd=ROOT,
                stderr=log,
                stdout=log,
                env=environment(
                    self.folder,
                    SLUICE_KAFKA_BOOTSTRAP_SERVERS=self.bootstrap_servers,
                    SLUICE_KAFKA_CHAIN_PARTITIONS=str(PARTITIONS),
                    SLUICE_KAFKA_SESSION_TIMEOUT_S="6",
                    SLUICE_KAFKA_HEARTBEAT_INTERVAL_S="1",
                    SLUICE_TRITON_URL=triton,
                    SLUICE_HEALTH_HOST=host,
                    SLUICE_HEALTH_PORT=port,
                    **settings,
                ),
            )
        self.processes.append(process)
        return process

    def log(self) -> str:
        """What the last process had to say."""
        return (self.folder / "assessor.log").read_text()

    def readiness(self) -> dict[str, object] | None:
        """Its own word; None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.health}/health/ready", timeout=2) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return json.load(refused)
        except OSError:
            return None

    def page(self, path: str) -> str:
        """Of its own server."""
        with urllib.request.urlopen(f"http://{self.health}{path}", timeout=5) as answer:
            return answer.read().decode()

    def decide(self, policies: Path) -> None:
        """A decider beside it."""
        with (self.folder / "decider.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.decider"],
                cwd=ROOT,
                stderr=log,
                stdout=log,
                env=environment(
                    self.folder,
                    SLUICE_KAFKA_BOOTSTRAP_SERVERS=self.bootstrap_servers,
                    SLUICE_KAFKA_CHAIN_PARTITIONS=str(PARTITIONS),
                    SLUICE_DECIDER_POLICIES=str(policies),
                ),
            )
        self.processes.append(process)

    def tell(self, *records: Record) -> None:
        """Reference data, as its owners would."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "partitioner": "murmur2_random"}
        )
        for record in records:
            producer.produce(record.topic, record.value, key=record.key)
        assert producer.flush(20) == 0

    def feed(self, *cases: Case) -> None:
        """As intake would."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "partitioner": "murmur2_random"}
        )
        for case in cases:
            value = CaseAccepted(case=case).to_json()
            producer.produce(CASE_ACCEPTED.name, value, key=case.subject.encode())
        assert producer.flush(20) == 0

    def read(self, topic: Topic) -> list[bytes]:
        """Every value on a topic."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": "reading",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
            }
        )
        consumer.assign([TopicPartition(topic.name, number, 0) for number in range(PARTITIONS)])
        found, ended = [], 0
        while ended < PARTITIONS:
            message = consumer.poll(10)
            assert message is not None, f"{topic.name} cannot be read"
            if message.error():
                ended += 1
            else:
                found.append(message.value())
        consumer.close()
        return found

    def assessed(self) -> dict[int, CaseAssessed]:
        """By the number that a case was made with."""
        events = [CaseAssessed.from_json(value) for value in self.read(CASE_ASSESSED)]
        return {event.case.case_id.int: event for event in events}

    def decided(self) -> dict[int, Decision]:
        """By the same number."""
        events = [CaseDecided.from_json(value) for value in self.read(CASE_DECIDED)]
        return {event.decision.case_id.int: event.decision for event in events}
