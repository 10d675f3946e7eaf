"""The declared topics on the session's broker, one real intake over them, and outside producers."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from schemas.automation.case import Case, CaseAccepted
from services.chassis.dead_letters import carried_origin
from services.chassis.errors import Outage
from services.chassis.kafka.groups import Groups
from services.chassis.kafka.provisioning import apply
from services.chassis.kafka.reading import LogReader
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.record import Headers, Record
from topics.automation import CASE_ACCEPTED
from topics.catalog import ALL
from topics.dead_letters import INTAKE_DEAD_LETTERS

PARTITIONS = 4
ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "tests" / "fakes_intake.yaml"

# Topic, partition, offset.
Place = tuple[str, int, int]


def until(what: Callable[[], Any], seconds: float, why: Callable[[], str]) -> Any:
    """Wait for what is true, and return it; fails the test with the reason."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {why()}"
        time.sleep(0.1)
    return found


@dataclass(frozen=True)
class Sent:
    """What a producer put where."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> Place:
        """As an origin names it."""
        return self.topic, self.partition, self.offset


@dataclass
class House:
    """The topics and an intake in a process of its own."""

    kafka: KafkaSettings
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, **settings: str) -> subprocess.Popen[bytes]:
        """Its log is kept beside the test."""
        with (self.folder / f"intake-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.intake"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "SLUICE_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
                    "SLUICE_KAFKA_CHAIN_PARTITIONS": str(PARTITIONS),
                    "SLUICE_KAFKA_SESSION_TIMEOUT_S": "6",
                    "SLUICE_KAFKA_HEARTBEAT_INTERVAL_S": "1",
                    "SLUICE_INTAKE_MASKING_KEY": "k" * 32,
                    "SLUICE_INTAKE_SOURCES": str(SOURCES),
                    "SLUICE_STATE_DIR": str(self.folder / "state"),
                    "OTEL_TRACES_EXPORTER": "none",
                    **settings,
                },
            )
        self.processes.append(process)
        return process

    def log(self, number: int = -1) -> str:
        """What a process had to say."""
        return (self.folder / f"intake-{number % len(self.processes)}.log").read_text()

    def send(
        self,
        topic: str,
        values: Iterable[bytes | None],
        *,
        key: bytes | None = b"any key",
        headers: Headers = (),
        timestamp_ms: int | None = None,
        **producer: str | int,
    ) -> list[Sent]:
        """Publish as anybody may; returns where each value is."""
        client = Producer(
            {
                "bootstrap.servers": self.kafka.bootstrap_servers,
                "message.max.bytes": 10**9,
                "log_level": 2,
                **producer,
            }
        )
        sent: list[Sent] = []
        for value in values:

            def delivered(error, message, value=value) -> None:
                if error is not None:
                    raise KafkaException(error)
                where = (message.topic(), message.partition(), message.offset())
                sent.append(Sent(*where, message.timestamp()[1], key, value, headers))

            more = {} if timestamp_ms is None else {"timestamp": timestamp_ms}
            client.produce(
                topic, value, key=key, headers=list(headers), on_delivery=delivered, **more
            )
            client.flush(30)
        return sent

    def records(self, topic: str) -> list[Record]:
        """All that a topic holds."""
        reader = LogReader(self.kafka)
        return [
            record
            for number in range(reader.partitions(topic))
            for batch in reader.read_all(topic, number)
            for record in batch
        ]

    def cases(self) -> dict[Place, list[Case]]:
        """By the place of the record they came from."""
        found: dict[Place, list[Case]] = {}
        for record in self.records(CASE_ACCEPTED.name):
            case = CaseAccepted.from_json(record.value or b"").case
            origin = case.origin
            found.setdefault((origin.topic, origin.partition, origin.offset), []).append(case)
        return found

    def letters(self) -> dict[Place, list[Record]]:
        """By the place of the record they are of."""
        found: dict[Place, list[Record]] = {}
        for record in self.records(INTAKE_DEAD_LETTERS.name):
            origin = carried_origin(record)
            assert origin is not None
            found.setdefault((origin.topic, origin.partition, origin.offset), []).append(record)
        return found

    def led(self) -> bool:
        """Whether every partition can be read: a topic is there before its leaders are."""
        reader = LogReader(self.kafka)
        try:
            for topic in ALL:
                for number in range(reader.partitions(topic.name)):
                    reader.watermarks(topic.name, number)
        except Outage:
            return False
        return True

    def settled(self, topic: str) -> None:
        """Wait until all that was published there is answered and committed."""
        reader, groups = LogReader(self.kafka), Groups(self.kafka)
        ends = {n: reader.watermarks(topic, n)[1] for n in range(PARTITIONS)}

        def behind() -> set[int]:
            done = {
                s.partition: s.committed for s in groups.standings("intake") if s.topic == topic
            }
            return {n for n, end in ends.items() if done.get(n, 0) < end}

        until(lambda: not behind(), 60, lambda: f"behind on {behind()}\n{self.log()}")

    def close(self) -> None:
        """No process survives its test."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait(10)


@contextmanager
def _house(broker, folder: Path) -> Iterator[House]:
    """Every topic as declared, and empty; nobody runs yet."""
    client = {"bootstrap.servers": broker.bootstrap_servers}
    admin = AdminClient(client)
    names = {topic.name for topic in ALL}

    def old() -> list[str]:
        return sorted(names & set(admin.list_topics(timeout=10).topics))

    if old():
        for future in admin.delete_topics(old()).values():
            future.result(20)
    until(lambda: not old(), 20, lambda: "old topics are gone")
    assert apply(client, partitions=PARTITIONS, replication=1) == []
    settings = KafkaSettings(
        bootstrap_servers=broker.bootstrap_servers, chain_partitions=PARTITIONS
    )
    made = House(settings, folder)
    until(made.led, 20, lambda: "every partition has its leader")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def house(broker, tmp_path) -> Iterator[House]:
    """For a test that starts and kills its own."""
    with _house(broker, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def running(broker, tmp_path_factory) -> Iterator[House]:
    """With one intake for all tests of a module; it ends well afterwards."""
    with _house(broker, tmp_path_factory.mktemp("intake")) as made:
        process = made.start()
        yield made
        process.terminate()
        assert process.wait(29) == 0, made.log()
