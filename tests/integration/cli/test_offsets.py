"""`sluice offsets`: what a service has lost is told exactly, written down, then skipped."""

import json

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from services.chassis.kafka.groups import Groups
from services.chassis.record import Message
from topics.automation import CASE_ACCEPTED
from topics.dead_letters import ASSESSOR_DEAD_LETTERS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

_LOSS = ("--service", "assessor", "--topic", CASE_ACCEPTED.name, "--partition", "2")


@pytest.fixture
def behind(desk, wait):
    """The assessor stands at 3 of 10 in partition 2, and the log begins at 7."""
    desk.write(*(Message(CASE_ACCEPTED.name, b"acme|t:1", b"%d" % n, (), 2) for n in range(10)))
    consumer = Consumer({"bootstrap.servers": desk.kafka.bootstrap_servers, "group.id": "assessor"})
    place = TopicPartition(CASE_ACCEPTED.name, 2, 3)
    wait(lambda: _committed(consumer, place), 20, "the group's coordinator answers")
    consumer.close()
    admin = AdminClient({"bootstrap.servers": desk.kafka.bootstrap_servers})
    cut = TopicPartition(CASE_ACCEPTED.name, 2, 7)
    admin.delete_records([cut])[cut].result(10)
    return desk


def _committed(consumer: Consumer, place: TopicPartition) -> bool:
    try:
        consumer.commit(offsets=[place], asynchronous=False)
    except Exception:  # noqa: BLE001 - tried again until it is there
        return False
    return True


def _standing(desk) -> int:
    return next(e.committed for e in Groups(desk.kafka).standings("assessor") if e.partition == 2)


def test_a_loss_is_told_first_and_nothing_moves(behind) -> None:
    """The dry run names the range; the audit is not written, the offset stays."""
    said = behind.run("offsets", "accept-loss", *_LOSS)
    assert f"assessor on {CASE_ACCEPTED.name}[2]: lost 3 up to 7" in said.output
    assert "nothing done; repeat with --execute" in said.output
    assert _standing(behind) == 3
    assert behind.records(ASSESSOR_DEAD_LETTERS.name) == []


def test_an_accepted_loss_is_written_down_and_skipped(behind) -> None:
    """Among the dead letters, with the range; then there is nothing more to accept."""
    assert behind.run("offsets", "accept-loss", *_LOSS, "--execute").exit_code == 0
    assert _standing(behind) == 7
    (audit,) = behind.records(ASSESSOR_DEAD_LETTERS.name)
    assert audit.header("sluice-dead-letter-reason") == "loss-accepted"
    told = json.loads(audit.value)
    assert (told["topic"], told["partition"], told["first"], told["until"]) == (
        CASE_ACCEPTED.name, 2, 3, 7,
    )  # fmt: skip
    again = behind.run("offsets", "accept-loss", *_LOSS)
    assert "nothing is missing at offset 7" in again.output
    shown = json.loads(behind.run("offsets", "show", "--service", "assessor", "--json").output)
    assert shown == [
        {
            "service": "assessor",
            "topic": CASE_ACCEPTED.name,
            "partition": 2,
            "committed": 7,
            "begin": 7,
            "end": 10,
            "lag": 3,
        }
    ]


def test_a_partition_without_a_committed_offset_is_an_error(desk) -> None:
    """A typo must not look like health."""
    said = desk.run("offsets", "accept-loss", *_LOSS[:-1], "1")
    assert said.exit_code == 1
    assert f"assessor has committed nothing on {CASE_ACCEPTED.name}[1]" in said.output
