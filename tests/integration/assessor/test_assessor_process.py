"""The whole assessor as a process, on the real broker and the real models."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition

from infra.local.kafka import KafkaBroker
from infra.local.places import Ports
from infra.local.triton import TritonPart
from schemas.automation.assessment import Abstention, CaseAssessed, Task
from schemas.automation.case import Case, CaseAccepted
from services.assessor.domain import asking
from services.assessor.packs import SHIPPED, load_packs
from services.chassis.kafka.provisioning import apply
from services.decider.domain.exceptions import EXCEPTIONS
from tests.fakes_reader import supply_case, ticket_case
from tests.triton import Server
from topics import Topic
from topics.automation import CASE_ACCEPTED, CASE_ASSESSED
from topics.dead_letters import ASSESSOR_DEAD_LETTERS

pytestmark = [pytest.mark.kafka, pytest.mark.triton, pytest.mark.timeout(180, func_only=True)]

ROOT = Path(__file__).parents[3]
WORDS = yaml.safe_load((ROOT / "tests/integration/triton/readings.yaml").read_text())
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


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One of its own: the declared topics must be empty, and belong to nobody else."""
    made = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    made.prepare()
    made.start()
    try:
        made.wait_ready()
        client = {"bootstrap.servers": made.bootstrap_servers}
        assert apply(client, partitions=PARTITIONS, replication=1) == []
        yield made
    finally:
        made.stop()


@pytest.fixture
def house(broker: KafkaBroker, tmp_path: Path) -> Iterator[House]:
    """No process survives its test."""
    made = House(broker.bootstrap_servers, tmp_path)
    try:
        yield made
    finally:
        for process in made.processes:
            if process.poll() is None:
                process.kill()
                process.wait(10)


@pytest.fixture
def away(tmp_path: Path) -> Iterator[TritonPart]:
    """A server that is not there yet, with its models made; a test may start and kill it."""
    part = TritonPart(tmp_path / "triton.log")
    part.prepare()
    try:
        yield part
    finally:
        part.stop()


def test_cases_become_assessments_with_the_bits_that_read_them(
    house: House, triton_server: Server
) -> None:
    """Tickets and notices, by the packs' labels; nothing is lost on the way out."""
    tickets = [ticket_case(each["text"], number) for number, each in enumerate(WORDS["tickets"], 1)]
    notices = [
        supply_case(each["text"], number) for number, each in enumerate(WORDS["notices"], 101)
    ]
    process = house.start(triton_server.url)
    house.feed(*tickets, *notices, supply_case("", 201))
    wanted = len(tickets) + len(notices) + 1
    until(lambda: len(house.assessed()) == wanted, 60, house.log)
    process.terminate()
    assert process.wait(20) == 0, house.log()
    assessed = house.assessed()
    intents = set(load_packs()[asking.Task.INTENT].labels)
    for number in range(1, len(tickets) + 1):
        intent, sentiment, language = assessed[number].assessment.readings
        assert (intent.task, sentiment.task, language.task) == (
            Task.INTENT,
            Task.SENTIMENT,
            Task.LANGUAGE,
        )
        assert intent.label in intents
        assert intent.pack == "retail:1"
        assert [each.name for each in intent.models] == ["encoder", "intent_retail"]
        assert language.label == WORDS["tickets"][number - 1]["language"]
    (exception, _) = assessed[101].assessment.readings
    assert exception.label in EXCEPTIONS
    assert exception.pack == "supply:1"
    assert assessed[101].assessment.usage.tokens > 0
    assert assessed[201].assessment.readings == (), "its codes say all there is"
    assert house.read(ASSESSOR_DEAD_LETTERS) == []


def test_without_a_server_it_waits_and_then_reads(house: House, away: TritonPart) -> None:
    """It takes no partition before a model answers; nobody's text is blamed meanwhile."""
    process = house.start(away.url)
    house.feed(ticket_case("Where is my order?", 301))
    until(lambda: "the canary fails" in house.log(), 30, house.log)
    readiness = house.readiness()
    assert readiness is not None
    assert "canary" in json.dumps(readiness)
    assert process.poll() is None
    away.start()
    away.wait_ready()
    until(lambda: 301 in house.assessed(), 40, house.log)
    away.kill()
    house.feed(ticket_case("Where is my order now?", 302))
    time.sleep(3)
    assert 302 not in house.assessed()
    assert process.poll() is None, house.log()
    away.start()
    away.wait_ready()
    until(lambda: 302 in house.assessed(), 40, house.log)
    assert house.read(ASSESSOR_DEAD_LETTERS) == []
    process.terminate()
    assert process.wait(20) == 0, house.log()


def test_a_case_without_text_is_told_as_one(house: House, triton_server: Server) -> None:
    """A reading was wanted, and nothing is there to read."""
    house.start(triton_server.url)
    house.feed(ticket_case("", 401))
    until(lambda: 401 in house.assessed(), 40, house.log)
    (reading,) = house.assessed()[401].assessment.readings
    assert reading.abstained is Abstention.NO_TEXT


class TestRefused:
    """Exit code 78 and a line that says what to do; nothing is half started."""

    def test_models_of_another_pack(
        self, house: House, triton_server: Server, tmp_path: Path
    ) -> None:
        """An edited pack means nothing until its head was made again."""
        packs = tmp_path / "packs"
        packs.mkdir()
        for file in SHIPPED.glob("*.yaml"):
            text = file.read_text().replace("Where is my order?", "Where are my things?")
            (packs / file.name).write_text(text)
        process = house.start(triton_server.url, SLUICE_ASSESSOR_PACKS=str(packs))
        assert process.wait(40) == 78, house.log()
        assert "intent: the served head was made from retail:1" in house.log()
        assert "run `sluice models build`" in house.log()
        assert "exception:" not in house.log()

    def test_a_broken_pack(self, house: House, tmp_path: Path) -> None:
        """By file, line and field, before anything is connected."""
        packs = tmp_path / "packs"
        packs.mkdir()
        for file in SHIPPED.glob("*.yaml"):
            text = file.read_text().replace("    risk: low", "    risky: low", 1)
            (packs / file.name).write_text(text)
        line = (packs / "retail.yaml").read_text().split("risky")[0].count("\n") + 1
        process = house.start("127.0.0.1:1", SLUICE_ASSESSOR_PACKS=str(packs))
        assert process.wait(20) == 78, house.log()
        assert f"{packs / 'retail.yaml'}:{line}: labels.delivery_status.risky:" in house.log()

    @pytest.mark.parametrize(
        ("setting", "value", "says"),
        [
            ("SLUICE_ASSESSOR_PACKS", "/nowhere", "no such folder of label packs"),
            ("SLUICE_ASSESSOR_CHUNK", "0", "SLUICE_ASSESSOR_CHUNK: Input should be greater"),
            ("SLUICE_ASSESSOR_PACK", "x", "SLUICE_ASSESSOR_PACK: unknown setting; did you mean"),
        ],
    )
    def test_a_wrong_setting(self, house: House, setting: str, value: str, says: str) -> None:
        """By its own name."""
        process = house.start("127.0.0.1:1", **{setting: value})
        assert process.wait(20) == 78, house.log()
        assert says in house.log()
