"""The whole assessor as a process, on the real broker and the real models."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.local.triton import TritonPart
from schemas.automation.assessment import Abstention, Task
from services.assessor.domain import asking
from services.assessor.packs import SHIPPED, load_packs
from services.decider.domain.exceptions import EXCEPTIONS
from tests.fakes_reader import supply_case, ticket_case
from tests.integration.assessor.house import ROOT, House, until
from tests.triton import Server
from topics.dead_letters import ASSESSOR_DEAD_LETTERS

pytestmark = [pytest.mark.kafka, pytest.mark.triton, pytest.mark.timeout(180, func_only=True)]

WORDS = yaml.safe_load((ROOT / "tests/integration/triton/readings.yaml").read_text())


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
        told = assessed[number].assessment.readings
        assert [each.task for each in told] == [
            Task.INTENT,
            Task.SENTIMENT,
            Task.URGENCY,
            Task.INJECTION,
            Task.LANGUAGE,
        ]
        intent, *_, language = told
        assert intent.label in intents
        assert intent.pack == "retail:1"
        assert [each.name for each in intent.models] == ["encoder", "intent_retail"]
        assert language.label == WORDS["tickets"][number - 1]["language"]
    exception, *_ = assessed[101].assessment.readings
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

    def test_a_broken_reference_file(self, house: House, tmp_path: Path) -> None:
        """The same: a table that nobody could find would be missing, unseen."""
        file = tmp_path / "reference.yaml"
        file.write_text("change_feeds:\n  - {tenant: acme, type: client}\n")
        process = house.start("127.0.0.1:1", SLUICE_ASSESSOR_REFERENCE=str(file))
        assert process.wait(20) == 78, house.log()
        assert f"{file}:2: change_feeds.0.type: Input should be 'order', " in house.log()

    def test_a_second_process_over_the_same_copy(self, house: House, triton_server: Server) -> None:
        """Two would overwrite each other's place in the topic."""
        first = house.start(triton_server.url)
        until(lambda: "read to its end" in house.log(), 30, house.log)
        second = house.start(triton_server.url)
        assert second.wait(20) == 78, house.log()
        assert "SLUICE_INSTANCE: another assessor uses" in house.log()
        assert first.poll() is None

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
