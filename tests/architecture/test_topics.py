"""Rules about topics, as tests: names, sizes, owners."""

import re

import pytest

from topics.catalog import ALL
from topics.dead_letters import HEADROOM

DOMAIN_EVENT = re.compile(r"^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*){2}\.v[1-9]\d*$")
SERVICE_OWNED = re.compile(r"^[a-z]+(-[a-z]+)*\.(dead-letter|retry)\.v[1-9]\d*$")
SERVICES = {"intake", "assessor", "decider", "writer"}


@pytest.mark.parametrize("topic", ALL, ids=lambda t: t.name)
def test_a_name_says_what_travels_there(topic):
    """Names are a public contract: domain.entity.past-participle.vN, or the service's own."""
    assert (DOMAIN_EVENT if topic.event else SERVICE_OWNED).match(topic.name)


def test_names_are_unique_also_where_kafka_confuses_dots_and_underscores():
    """Kafka's metrics write both as underscores."""
    names = [topic.name.replace(".", "_") for topic in ALL]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_dead_letter_fits_where_its_original_fitted(service):
    """A dead letter is its original plus our headers; a refused one would stop the service."""
    by_name = {topic.name: topic for topic in ALL}
    parents = [
        t for t in ALL if service in t.readers and t.partitions == "chain" and t.cleanup == "delete"
    ]
    inputs = [t for t in parents if not t.name.startswith("automation.journal")]
    largest = max(t.max_message_bytes for t in inputs)
    assert by_name[f"{service}.dead-letter.v1"].max_message_bytes >= largest
    if not any(t.name.endswith(".retry.v1") for t in inputs):
        assert by_name[f"{service}.dead-letter.v1"].max_message_bytes >= largest + HEADROOM


@pytest.mark.parametrize("topic", ALL, ids=lambda t: t.name)
def test_owners_are_known(topic):
    """Every topic says who writes and who reads it."""
    known = SERVICES | {"courier", "outside", "operator"}
    assert topic.writers
    assert topic.readers
    assert set(topic.writers) | set(topic.readers) <= known


def test_only_the_decider_writes_actions():
    """Promise 2: authority has one source."""
    (actions,) = [t for t in ALL if t.name == "automation.action.requested.v1"]
    assert actions.writers == ("decider",)


def test_only_the_courier_reads_what_placeholders_stand_for():
    """Promise 4: who has no business with clear values is not let near them; erasing needs keys."""
    vault = [t for t in ALL if t.name.startswith("intake.vault")]
    assert len(vault) == 2
    for topic in vault:
        assert topic.readers == ("courier", "operator")
        assert topic.writers == ("intake", "operator")


def test_what_is_erased_leaves_the_log():
    """Destroying a key is a promise only where compaction has a deadline."""
    for topic in (t for t in ALL if t.name.startswith("intake.vault")):
        assert topic.config["cleanup.policy"] == "compact,delete"
        assert int(topic.config["max.compaction.lag.ms"]) <= 24 * 3600 * 1000
        assert int(topic.config["retention.ms"]) <= 30 * 24 * 3600 * 1000
