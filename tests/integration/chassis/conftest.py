"""A workshop around the real broker: topics, records, workers in processes of their own."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from services.chassis.kafka.reading import LogReader
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.record import Record

PARTITIONS = 4
ROOT = Path(__file__).parents[3]


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    """Wait for a condition; fails the test with the reason."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s: {why}"
        time.sleep(0.1)


@dataclass
class Worker:
    """An echo worker; its logs are kept beside the test."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def signal(self, number: int) -> None:
        """SIGSTOP, SIGCONT and the like."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait(10)

    def end(self, within: float = 29) -> int:
        """SIGTERM; its exit code."""
        self.process.terminate()
        return self.process.wait(within)

    def says(self, text: str) -> bool:
        """Whether it has written that."""
        return text in self.out.read_text() or text in self.err.read_text()

    @property
    def lanes(self) -> set[int]:
        """Of its newest assignment."""
        assigned = self._logged("assigned")
        return set(assigned[-1]["lanes"]) if assigned else set()

    def health(self) -> dict[str, Any]:
        """What its health page says; empty until there is one."""
        try:
            answer: dict[str, Any] = json.loads(self.page("/health/ready"))
        except urllib.error.HTTPError as not_ready:
            return dict(json.load(not_ready))
        except (OSError, IndexError):
            return {}
        return answer

    def check(self, name: str) -> bool | None:
        """One of its checks; None where it does not speak of it."""
        found = self.health().get("checks", {}).get(name)
        return None if found is None else bool(found["ok"])

    def page(self, path: str) -> str:
        """Of the same server."""
        host, port = ast.literal_eval(self._logged("listening")[-1]["addresses"][0])
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5) as said:
            return str(said.read().decode())

    def _logged(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.err.read_text().splitlines() if line[:1] == "{"]
        return [line for line in lines if line["event"] == event]


@dataclass
class Echoes:
    """What the workers wrote, by the record it came from."""

    times: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    disorder: int = 0


class Workshop:
    """One test's topics, group and workers."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        self.folder = folder
        self.id = uuid.uuid4().hex[:8]
        self.group = f"echo-{self.id}"
        self.out = f"out.{self.id}"
        self.dead_letters = f"dead.{self.id}"
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        self.workers: list[Worker] = []
        self.settings = KafkaSettings(
            bootstrap_servers=bootstrap, chain_partitions=PARTITIONS, delivery_timeout_s=5
        )

    def create(self, *names: str, partitions: int = PARTITIONS, **config: str) -> None:
        """Topics, visible when this returns."""
        made = self.admin.create_topics(
            [NewTopic(name, partitions, 1, config=config) for name in names]
        )
        for future in made.values():
            future.result(20)
        until(
            lambda: all(name in self.admin.list_topics(timeout=10).topics for name in names),
            10,
            "topics are visible",
        )

    def feed(self, topic: str, count: int, *, value: bytes = b"", tenants: str = "") -> None:
        """Spread over the partitions by key, confirmed."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 20}
        )
        for number in range(count):
            whose = tenants.split()[number % 2] + "|" if tenants else ""
            key = f"{whose}{number % 101}".encode()
            producer.produce(topic, value or b"%d" % number, key=key)
        assert producer.flush(30) == 0

    def start(self, *inputs: str, **environment: str) -> Worker:
        """An echo worker over these topics."""
        number = len(self.workers)
        out, err = self.folder / f"worker-{number}.out", self.folder / f"worker-{number}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("echo_worker.py"))],
                cwd=ROOT,
                stdout=stdout,
                stderr=stderr,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
                    "SLUICE_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
                    "SLUICE_KAFKA_CHAIN_PARTITIONS": str(PARTITIONS),
                    "SLUICE_KAFKA_SESSION_TIMEOUT_S": "6",
                    "SLUICE_KAFKA_HEARTBEAT_INTERVAL_S": "1",
                    "SLUICE_STATE_DIR": str(self.folder / "state"),
                    "TEST_GROUP": self.group,
                    "TEST_IN": ",".join(inputs),
                    "TEST_OUT": self.out,
                    "TEST_DEAD_LETTERS": self.dead_letters,
                    **environment,
                },
            )
        worker = Worker(process, out, err)
        self.workers.append(worker)
        return worker

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": self.group,
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )

    def ends(self, topic: str) -> list[int]:
        """Per partition the end of the log."""
        consumer = self._consumer()
        try:
            return [
                consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1]
                for number in range(len(self.admin.list_topics(topic, 10).topics[topic].partitions))
            ]
        finally:
            consumer.close()

    def committed(self, topic: str) -> list[int]:
        """Per partition the group's committed offset."""
        consumer = self._consumer()
        asked = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        found: list[int] = []

        def answered() -> bool:
            try:
                found.extend(max(0, e.offset) for e in consumer.committed(asked, timeout=10))
            except KafkaException:
                return False  # a new broker's first group finds no coordinator at once
            return True

        try:
            until(answered, 20, "the group's coordinator answers")
        finally:
            consumer.close()
        return found

    def echoes(self) -> Echoes:
        """Count per origin, and how often order was broken within one worker's generation."""
        found, consumer, ended = Echoes(), self._consumer(), 0
        last: dict[tuple[str, ...], int] = defaultdict(lambda: -1)
        parts = len(self.ends(self.out))
        consumer.assign([TopicPartition(self.out, number, 0) for number in range(parts)])
        while ended < parts:
            message = consumer.poll(10)
            assert message is not None
            if message.error():
                ended += 1
                continue
            topic, partition, offset, *life = dict(message.headers())["origin"].decode().split()
            found.times[(topic, int(partition), int(offset))] += 1
            lane = (topic, partition, *life, str(message.partition()))
            found.disorder += int(offset) <= last[lane]
            last[lane] = int(offset)
        consumer.close()
        return found

    def put_aside(self) -> list[Record]:
        """The dead letters, oldest first."""
        reader = LogReader(self.settings)
        letters = [
            record
            for number in range(PARTITIONS)
            for batch in reader.read_all(self.dead_letters, number)
            for record in batch
        ]
        return sorted(letters, key=lambda each: each.timestamp_ms)

    def configure(self, topic: str, **config: str) -> None:
        """Change a topic's configuration."""
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        for future in self.admin.incremental_alter_configs([resource]).values():
            future.result(20)

    def wait_done(self, *topics: str, within: float = 40) -> None:
        """Until everything is committed."""
        until(
            lambda: all(self.committed(topic) == self.ends(topic) for topic in topics),
            within,
            f"all committed; behind: {[(t, self.committed(t), self.ends(t)) for t in topics]}",
        )

    def close(self) -> None:
        """No worker is left behind."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.signal(signal.SIGCONT)
                worker.kill()


@pytest.fixture
def workshop(broker, tmp_path: Path) -> Iterator[Workshop]:
    """Topics out and dead letters exist; every worker is gone afterwards."""
    made = Workshop(broker.bootstrap_servers, tmp_path)
    made.create(made.out, made.dead_letters)
    yield made
    made.close()


@pytest.fixture
def wait() -> Callable[[Callable[[], object], float, str], None]:
    """`until`, for tests."""
    return until
