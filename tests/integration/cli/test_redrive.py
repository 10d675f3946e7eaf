"""Dead letters listed, shown and redriven on the real broker: exactly what came, exactly there."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from services.chassis.dead_letters import RecordOrigin, accepted_loss, compose, origin_headers
from services.chassis.outcome import DeadLetter
from services.chassis.record import Message, Record
from topics.automation import CASE_ACCEPTED, CASE_ASSESSED, FEEDBACK_ACCEPTED, REVIEW_GIVEN
from topics.dead_letters import INTAKE_DEAD_LETTERS, INTAKE_RETRY
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

_AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
_STAMP = 1_790_000_000_123
_AWKWARD = (("ce_id", b"1"), ("x", b"\xff\x00"), ("x", b""), ("none", None), ("traceparent", b"00"))


def _record(topic: str, offset: int, value: bytes | None, key=b"acme", partition=1) -> Record:
    return Record(topic, partition, offset, _STAMP, key, value, _AWKWARD)


def _letter(service: str, record: Record, reason="rejected", detail="intent: wrong") -> Message:
    return compose(
        record,
        DeadLetter(reason, detail),
        service=service,
        topic=f"{service}.dead-letter.v1",
        at=_AT,
        trusted=(),
    )


# What each service may have to put aside: text, no UTF-8, nothing, an empty value, no key.
_LETTERS = {
    ("intake", TICKET_RECEIVED.name, INTAKE_RETRY.name): (b"caf\xe9 {", b"someone@example.org"),
    ("intake", SUPPLY_EVENT_RECEIVED.name, INTAKE_RETRY.name): (None, None),
    ("intake", REVIEW_GIVEN.name, INTAKE_RETRY.name): (b"", b"\xff"),
    ("assessor", CASE_ACCEPTED.name, CASE_ACCEPTED.name): (b"{}", b"acme|ticket:1"),
    ("decider", CASE_ASSESSED.name, CASE_ASSESSED.name): (b"\x00" * 1_000, b"acme"),
    ("decider", FEEDBACK_ACCEPTED.name, FEEDBACK_ACCEPTED.name): (b"[]", b"acme"),
}


def test_each_service_s_letters_return_to_their_topic_as_they_came(desk) -> None:
    """Key, headers, null or not, byte for byte, with the origin beside; on ours to its partition.

    A dry run before it says so and publishes nothing.
    """
    originals = {way: _record(way[1], 7, value, key) for way, (value, key) in _LETTERS.items()}
    desk.write(*(_letter(way[0], record) for way, record in originals.items()))
    before = desk.ends()
    for service in ("intake", "assessor", "decider"):
        dry = desk.run("dead-letters", "redrive", "--service", service, "--reason", "rejected")
        assert dry.exit_code == 0
        assert "nothing done; repeat with --execute" in dry.output
    assert desk.ends() == before
    for service in ("intake", "assessor", "decider"):
        words = ("redrive", "--service", service, "--reason", "rejected", "--execute")
        assert desk.run("dead-letters", *words).exit_code == 0
    for way, record in originals.items():
        origin = RecordOrigin(record.topic, 1, 7, record.timestamp)
        (again,) = (
            each
            for each in desk.records(way[2])
            if each.header("sluice-origin-topic") == record.topic
        )
        assert (again.key, again.value) == (record.key, record.value)
        assert again.headers == (*_AWKWARD, *origin_headers(origin))
        assert way[2] == INTAKE_RETRY.name or again.partition == 1


def test_redriving_twice_gives_the_same_record_twice(desk) -> None:
    """Same bytes, same origin: whoever reads it knows that it is one event."""
    desk.write(_letter("assessor", _record(CASE_ACCEPTED.name, 3, b"{}")))
    words = ("redrive", "--service", "assessor", "--since", "1h", "--execute")
    for _ in range(2):
        assert "1 redriven, 0 refused" in desk.run("dead-letters", *words).output
    one, other = desk.records(CASE_ACCEPTED.name)
    assert (one.key, one.value, one.headers) == (other.key, other.value, other.headers)


def test_a_position_means_one_letter(desk) -> None:
    """Only that one goes; one that is not there is an error, not nothing."""
    desk.write(*(_letter("intake", _record(TICKET_RECEIVED.name, n, b"%d" % n)) for n in range(5)))
    letter = desk.records(INTAKE_DEAD_LETTERS.name)[3]
    place = (str(letter.partition), str(letter.offset))
    words = ("redrive", "--service", "intake", "--position", *place, "--execute")
    assert desk.run("dead-letters", *words).exit_code == 0
    assert [record.value for record in desk.records(INTAKE_RETRY.name)] == [letter.value]


def test_many_letters_go_in_the_order_they_were_written(desk) -> None:
    """More than one batch, per partition in order."""
    desk.write(
        *(_letter("intake", _record(TICKET_RECEIVED.name, n, b"%d" % n)) for n in range(700))
    )
    words = ("redrive", "--service", "intake", "--reason", "rejected", "--execute")
    assert "700 redriven" in desk.run("dead-letters", *words).output
    again = sorted(desk.records(INTAKE_RETRY.name), key=lambda each: each.offset)
    assert [int(each.value) for each in again] == list(range(700))


def test_an_accepted_loss_is_listed_and_never_redriven(desk) -> None:
    """It is an audit: sent through again it would be garbage on the topic."""
    lost = RecordOrigin(CASE_ACCEPTED.name, 0, 4, _AT)
    audit = accepted_loss(lost, 9, service="assessor", topic="assessor.dead-letter.v1", at=_AT)
    desk.write(audit)
    listed = desk.run("dead-letters", "list", "--reason", "loss-accepted")
    assert "offsets 4 up to 9 are lost" in listed.output
    before = desk.ends()
    words = ("redrive", "--service", "assessor", "--since", "1h", "--execute")
    said = desk.run("dead-letters", *words)
    assert "left out, 1: records an accepted loss" in said.output
    assert desk.ends() == before


def test_a_record_too_large_with_its_origin_is_refused_alone(desk) -> None:
    """It just fitted as it came: it is named, the others go, the exit code is 1."""
    full = os.urandom(CASE_ACCEPTED.max_message_bytes - 180)
    came = _record(CASE_ACCEPTED.name, 1, full)
    desk.write(Message(came.topic, came.key, came.value, came.headers))
    desk.write(
        _letter("assessor", came),
        _letter("assessor", _record(CASE_ACCEPTED.name, 2, b"small")),
    )
    words = ("redrive", "--service", "assessor", "--since", "1h", "--execute")
    said = desk.run("dead-letters", *words)
    assert said.exit_code == 1
    assert "1 redriven, 1 refused" in said.output
    assert "MSG_SIZE_TOO_LARGE" in said.output
    assert [record.value for record in desk.records(CASE_ACCEPTED.name)] == [full, b"small"]


def test_the_list_counts_all_and_shows_the_newest_without_keys_or_values(desk) -> None:
    """What came may hold personal data; counts say where to look."""
    key = b"someone@example.org"
    desk.write(
        *(
            _letter("intake", _record(TICKET_RECEIVED.name, n, b"call 98765", key))
            for n in range(30)
        ),
        _letter("assessor", _record(CASE_ACCEPTED.name, 1, b"{}", b"acme|t:1"), "crashed"),
    )
    said = desk.run("dead-letters", "list", "--limit", "5").output
    assert "someone" not in said
    assert "98765" not in said
    assert said.count(f"{TICKET_RECEIVED.name}[1]@") in {4, 5}
    found = json.loads(desk.run("dead-letters", "list", "--limit", "40", "--json").output)
    assert found["counts"] == [
        {"service": "assessor", "reason": "crashed", "count": 1},
        {"service": "intake", "reason": "rejected", "count": 30},
    ]
    written = [letter["written_at"] for letter in found["letters"]]
    assert written == sorted(written, reverse=True)
    assert "someone" not in json.dumps(found)
    acme = json.loads(desk.run("dead-letters", "list", "--tenant", "acme", "--json").output)
    assert [letter["service"] for letter in acme["letters"]] == ["assessor"]
    none = desk.run("dead-letters", "list", "--since", "2999-01-01")
    assert "no dead letters like that" in none.output


def test_one_letter_is_shown_whole_and_its_bytes_exactly(desk, tmp_path) -> None:
    """Headers, origin and reason; the value only when asked for, to a file for one's own eyes."""
    value = bytes(range(256)) * 40
    desk.write(_letter("intake", _record(TICKET_RECEIVED.name, 7, value), detail="priority: wrong"))
    letter = desk.records(INTAKE_DEAD_LETTERS.name)[0]
    place = ("show", "intake", str(letter.partition), str(letter.offset))
    shown = desk.run("dead-letters", *place).output
    for told in ("rejected", "priority: wrong", f"{TICKET_RECEIVED.name}[1]@7", "10240 bytes",
                 "header ce_id", "header none", "null", "2026-09-21T14:13:20.123"):  # fmt: skip
        assert told in shown
    assert json.loads(desk.run("dead-letters", *place, "--json").output)["headers"][:4] == [
        {"name": "ce_id", "value": "1"},
        {"name": "x", "value": {"base64": "/wA="}},
        {"name": "x", "value": ""},
        {"name": "none", "value": None},
    ]
    assert desk.run("dead-letters", *place, "--value").stdout_bytes == value
    out = tmp_path / "value"
    assert desk.run("dead-letters", *place, "--out", str(out)).exit_code == 0
    assert out.read_bytes() == value
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = desk.run("dead-letters", *place, "--out", str(out))
    assert again.exit_code == 1
    assert "exists; name a new file" in again.output


def test_a_null_value_has_no_bytes_to_show(desk) -> None:
    """Said, not printed as an empty value."""
    desk.write(_letter("intake", _record(TICKET_RECEIVED.name, 7, None)))
    letter = desk.records(INTAKE_DEAD_LETTERS.name)[0]
    place = ("show", "intake", str(letter.partition), str(letter.offset))
    assert "value" in desk.run("dead-letters", *place).output
    said = desk.run("dead-letters", *place, "--value")
    assert said.exit_code == 1
    assert "its value is null" in said.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "intake", "9", "0"), "has partitions 0 to 3, not 9"),
        (("show", "intake", "0", "5"), "[0] has no records, not 5"),
        (
            ("redrive", "--service", "intake", "--position", "0", "5", "--execute"),
            "[0] has no records, not 5",
        ),
    ],
)
def test_a_place_that_is_not_there_is_one_clear_line(desk, words, told) -> None:
    """Exit code 1, what there is instead, and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "dead-letters", *words],
        env={**os.environ, "SLUICE_KAFKA_BOOTSTRAP_SERVERS": desk.kafka.bootstrap_servers},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("sluice: intake.dead-letter.v1")
    assert told in line
