"""`sluice replay-file`: real files on a real broker, as their source would send them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.replay.source_files import Document
from services.chassis.spans import parse_traceparent
from services.cli import rehearsal
from services.cli.chosen_source import SHIPPED, configured
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "schemas" / "examples"
RECEIPT = EXAMPLES / "sources" / "epcis" / "inbound-receipt.json"


def test_a_file_arrives_as_its_source_would_send_it(desk) -> None:
    """Byte for byte, a CloudEvent with a trace of its own, from the configured source."""
    done = desk.run("replay-file", str(RECEIPT), "--as", "epcis", "--rate", "0")
    assert done.exit_code == 0, done.output
    assert "1 published and confirmed" in done.stdout
    assert "0 not published" in done.stdout
    (record,) = desk.records(SUPPLY_EVENT_RECEIVED.name)
    assert record.value == RECEIPT.read_bytes()
    assert record.header("content-type") == "application/json"
    assert record.header("ce_source") == "/epcis/acme"
    assert record.header("ce_specversion") == "1.0"
    assert parse_traceparent(record.header("traceparent")) is not None


def test_what_map_shows_is_what_intake_makes_of_the_record(desk) -> None:
    """The shown case ids are those of the record on the topic."""
    chosen = configured("epcis", None, SHIPPED)
    desk.run("replay-file", str(RECEIPT), "--as", "epcis", "--rate", "0")
    (record,) = desk.records(SUPPLY_EVENT_RECEIVED.name)
    shown = desk.run("map", str(RECEIPT), "--as", "epcis", "--json").stdout.splitlines()
    sent = Document("x", record.header("ce_id") or "", record.value or b"")
    (became,) = rehearsal.Rehearsal(chosen).of([sent])
    assert [json.loads(line)["case_id"] for line in shown] == [
        str(each.case.case_id) for each in became.accepted
    ]


def test_many_go_at_the_rate_that_is_asked_for_and_no_more_than_the_limit(desk, tmp_path) -> None:
    """A table of tickets; twice the same file is twice the same ids."""
    table = tmp_path / "tickets.csv"
    table.write_text("no,words\n" + "".join(f"T-{n},Where is order {n}?\n" for n in range(40)))
    words = ("--as", "helpdesk", "--text", "words", "--id", "no", "--limit", "30")
    began = time.monotonic()
    done = desk.run("replay-file", str(table), *words, "--rate", "20")
    assert done.exit_code == 0, done.output
    assert time.monotonic() - began > 29 / 20
    assert "30 published" in done.stdout
    again = desk.run("replay-file", str(table), *words, "--rate", "0")
    assert again.exit_code == 0
    records = desk.records(TICKET_RECEIVED.name)
    assert len(records) == 60
    assert len({each.header("ce_id") for each in records}) == 30
    assert len({each.header("traceparent") for each in records}) == 60


def test_what_the_broker_refuses_is_named_and_the_rest_goes(desk, tmp_path) -> None:
    """Exit code 1: a document larger than its topic takes; so is a row without its time."""
    lines = tmp_path / "x.jsonl"
    letters = os.urandom(6 * 1024 * 1024).hex()  # nothing that could be compressed
    small = {"ticket_id": "T-1", "revision": 1}
    lines.write_text(
        "\n".join(json.dumps(each) for each in (small, {**small, "subject": letters}, small))
    )
    done = desk.run("replay-file", str(lines), "--as", "helpdesk", "--rate", "0")
    assert done.exit_code == 1
    assert "2 published and confirmed" in done.stdout
    assert "1 not published" in done.stdout
    assert "not published: x.jsonl:2: support.ticket.received.v1: MSG_SIZE" in done.stderr
    assert letters[:50] not in done.output


def test_ctrl_c_ends_it_cleanly(desk, tmp_path) -> None:
    """What was sent is confirmed and counted; exit code 130, no traceback."""
    table = tmp_path / "tickets.csv"
    table.write_text("words\n" + "Where is my order?\n" * 5_000)
    command = [sys.executable, "-m", "services.cli.main", "replay-file", str(table),
               "--as", "helpdesk", "--text", "words", "--rate", "50"]  # fmt: skip
    environment = os.environ | {
        "SLUICE_KAFKA_BOOTSTRAP_SERVERS": desk.kafka.bootstrap_servers,
        "OTEL_TRACES_EXPORTER": "none",
    }
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while len(desk.records(TICKET_RECEIVED.name)) < 10:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    said = re.search(r"([\d,]+) published and confirmed", out)
    assert said
    assert int(said[1].replace(",", "")) == len(desk.records(TICKET_RECEIVED.name))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--as", "sluice-ticket"), "helpdesk of acme, bench-helpdesk of bench"),
        (("--as", "helpdesks"), "did you mean helpdesk?"),
        (("--as", "epcis", "--each", "events"), "no array at events"),
    ],
)
def test_a_source_that_intake_does_not_know_is_none(desk, words, told) -> None:
    """Nothing is sent that would only be refused."""
    done = desk.run("replay-file", str(RECEIPT), *words)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())
    assert not any(map(sum, desk.ends().values()))
