"""`sluice topics`: the broker compared with the catalogue, made so, and never repartitioned."""

import json

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from topics.automation import CASE_ACCEPTED, CASE_DECIDED
from topics.support import TICKET_RECEIVED

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

_COUNT = ("--partitions", "4")
_APPLY = ("topics", "apply", *_COUNT, "--replication", "1")


@pytest.fixture
def admin(desk) -> AdminClient:
    """For what an operator might do behind our back."""
    return AdminClient({"bootstrap.servers": desk.kafka.bootstrap_servers})


def test_what_is_as_declared_is_said_so_and_applying_changes_nothing(desk) -> None:
    """Idempotent: twice is once."""
    for words in (("topics", "check", *_COUNT), _APPLY, _APPLY):
        said = desk.run(*words)
        assert (said.exit_code, said.output) == (0, "as declared\n")


def test_drift_is_named_and_put_right(desk, admin, wait) -> None:
    """A changed setting and a topic that is gone: exit code 1, both named, then both mended."""
    entry = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    changed = ConfigResource(ResourceType.TOPIC, TICKET_RECEIVED.name, incremental_configs=[entry])
    admin.incremental_alter_configs([changed])[changed].result(10)
    admin.delete_topics([CASE_DECIDED.name])[CASE_DECIDED.name].result(10)
    there = lambda: CASE_DECIDED.name in admin.list_topics(timeout=10).topics  # noqa: E731
    wait(lambda: not there(), 20, "it is gone")
    found = desk.run("topics", "check", *_COUNT, "--json")
    assert found.exit_code == 1
    assert {(each["topic"], each["kind"]) for each in json.loads(found.output)} == {
        (TICKET_RECEIVED.name, "config"),
        (CASE_DECIDED.name, "missing"),
    }
    assert "retention.ms=1000 on the broker" in desk.run("topics", "check", *_COUNT).output
    assert desk.run(*_APPLY).exit_code == 0
    assert there()
    assert desk.run("topics", "check", *_COUNT).exit_code == 0


def test_another_partition_count_is_reported_and_left_alone(desk, admin) -> None:
    """Changing it would move keys: never by a command."""
    more = admin.create_partitions([NewPartitions(CASE_ACCEPTED.name, 6)])
    more[CASE_ACCEPTED.name].result(10)
    said = desk.run(*_APPLY)
    assert said.exit_code == 1
    assert f"{CASE_ACCEPTED.name}: partitions=4 declared, partitions=6" in said.output
    assert len(admin.list_topics(timeout=10).topics[CASE_ACCEPTED.name].partitions) == 6
