"""The operator mends what was wrong and redrives: the same event goes through, once for all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import services.intake
from schemas.automation.case import CaseAccepted
from services.chassis.kafka.groups import Groups
from services.chassis.record import Message, Record
from topics.automation import CASE_ACCEPTED
from topics.dead_letters import INTAKE_DEAD_LETTERS, INTAKE_RETRY
from topics.support import TICKET_RECEIVED

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[3]
_SHIPPED = Path(services.intake.__file__).with_name("sources.yaml")
_EXAMPLE = ROOT / "schemas/examples/support.ticket.received.v1/where-is-my-order.json"
_STRANGER = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"evt-1"),
    ("ce_source", b"/helpdesk/other"),
    ("ce_type", TICKET_RECEIVED.name.encode()),
)


class Intakes:
    """Real intake processes, one at a time."""

    def __init__(self, desk, folder: Path) -> None:
        self._desk = desk
        self._folder = folder
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, sources: Path = _SHIPPED) -> None:
        """In place of the one before it, which ends well."""
        self.end()
        with (self._folder / "intake.log").open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "services.intake"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "SLUICE_KAFKA_BOOTSTRAP_SERVERS": self._desk.kafka.bootstrap_servers,
                    "SLUICE_KAFKA_CHAIN_PARTITIONS": str(self._desk.kafka.chain_partitions),
                    "SLUICE_KAFKA_SESSION_TIMEOUT_S": "6",
                    "SLUICE_KAFKA_HEARTBEAT_INTERVAL_S": "1",
                    "SLUICE_INTAKE_MASKING_KEY": "k" * 32,
                    "SLUICE_INTAKE_SOURCES": str(sources),
                    "SLUICE_STATE_DIR": str(self._folder / "state"),
                    "OTEL_TRACES_EXPORTER": "none",
                },
            )

    def end(self) -> None:
        """SIGTERM."""
        if self._running is not None:
            self._running.terminate()
            assert self._running.wait(29) == 0, (self._folder / "intake.log").read_text()
            self._running = None


@pytest.fixture
def intakes(desk, tmp_path) -> Iterator[Intakes]:
    """None is left behind."""
    made = Intakes(desk, tmp_path)
    yield made
    made.end()


def _redrive(desk, *words: str) -> str:
    given = ("redrive", "--service", "intake", *words, "--execute")
    done = desk.run("dead-letters", *given)
    assert done.exit_code == 0
    return done.output


def _arrived(desk, wait, topic: str, count: int) -> list[Record]:
    wait(lambda: len(desk.records(topic)) >= count, 40, f"{count} on {topic}")
    return desk.records(topic)


def test_after_the_sources_are_mended_a_letter_becomes_its_case(
    desk, intakes, wait, tmp_path
) -> None:
    """Rejected, mended, redriven: a case with the first record's origin; redriven again, the same.

    Same case id, same bytes: who dedupes by it (the decider) sees one event.
    """
    desk.write(Message(TICKET_RECEIVED.name, b"any", _EXAMPLE.read_bytes(), _STRANGER, 2))
    intakes.start()
    (letter,) = _arrived(desk, wait, INTAKE_DEAD_LETTERS.name, 1)
    assert letter.header("sluice-dead-letter-reason") == "rejected"
    mended = yaml.safe_load(_SHIPPED.read_text())
    mended["sources"].append(
        {
            "name": "other",
            "tenant": "acme",
            "topic": TICKET_RECEIVED.name,
            "ce_source": "/helpdesk/other",
            "format": "sluice-ticket",
        }
    )
    (sources := tmp_path / "sources.yaml").write_text(yaml.safe_dump(mended))
    intakes.start(sources)
    for _ in range(2):
        assert "1 redriven" in _redrive(desk, "--reason", "rejected")
    one, other = (
        CaseAccepted.from_json(each.value).case
        for each in _arrived(desk, wait, CASE_ACCEPTED.name, 2)
    )
    assert one == other
    assert (one.origin.topic, one.origin.partition, one.origin.offset) == (
        TICKET_RECEIVED.name, 2, 0,
    )  # fmt: skip
    assert len(desk.records(INTAKE_DEAD_LETTERS.name)) == 1


def test_what_fails_again_keeps_its_first_origin_and_goes_once(desk, intakes, wait) -> None:
    """Redriven unmended, twice: each letter names the first record and holds its bytes."""
    garbage = b"\xff not json \x00"
    desk.write(Message(TICKET_RECEIVED.name, b"\xfe", garbage, (("mine", b"\xfd"),), 3))
    intakes.start()
    _arrived(desk, wait, INTAKE_DEAD_LETTERS.name, 1)
    for round_ in (2, 3):
        _redrive(desk, "--reason", "undecodable")
        _arrived(desk, wait, INTAKE_DEAD_LETTERS.name, round_)
    letters = desk.records(INTAKE_DEAD_LETTERS.name)
    assert {(each.key, each.value) for each in letters} == {(b"\xfe", garbage)}
    names = [[name for name, _ in each.headers] for each in letters]
    assert names[0] == names[1] == names[2]
    origins = {
        tuple(each.header(f"sluice-origin-{part}") for part in ("topic", "partition", "offset"))
        for each in letters
    }
    assert origins == {(TICKET_RECEIVED.name, "3", "0")}
    assert len(desk.records(INTAKE_RETRY.name)) == 2, "each redrive sent one record, once"
    listed = json.loads(desk.run("dead-letters", "list", "--json").output)
    assert listed["counts"] == [{"service": "intake", "reason": "undecodable", "count": 3}]
    wait(
        lambda: not any(each.lag for each in Groups(desk.kafka).standings("intake")),
        20,
        "and intake has nothing left to read",
    )
