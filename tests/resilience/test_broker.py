"""The broker goes away and comes back; a dead-letter topic refuses what it is for."""

import time

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from infra.resilience import load
from infra.resilience.run import restart
from tests.flows import judged, until
from topics.dead_letters import INTAKE_DEAD_LETTERS


@pytest.mark.parametrize(("how", "away_s", "seed"), [("stop", 15, 51), ("kill", 3, 53)])
def test_a_broker_that_goes_and_comes_back_loses_nothing(flow, oracle, how, away_s, seed) -> None:
    """Stopped for 15 s or killed in mid-work: what was in flight is confirmed or done again."""
    published = flow.publish(load.stream(seed, 1_500))
    seen = flow.look().records
    until(lambda: flow.look().records > seen + 100, 60, "it works")
    restart(getattr(flow.broker, how), flow.broker, away_s=away_s)
    published += flow.publish(load.stream(seed + 1, 300))
    judged(flow, published, oracle, within_s=180)


@pytest.fixture
def admin(flow) -> AdminClient:
    """Of the flow's broker."""
    return AdminClient({"bootstrap.servers": flow.broker.bootstrap_servers})


def _limit(admin: AdminClient, size: int) -> None:
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(
        ResourceType.TOPIC, INTAKE_DEAD_LETTERS.name, incremental_configs=[entry]
    )
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(20)
    time.sleep(1)


def test_dead_letters_that_their_topic_finds_too_large_are_not_let_go_of(
    flow, oracle, admin
) -> None:
    """Intake ends rather than go on without them; the topic widened, all of them are there."""
    _limit(admin, 70)
    published = flow.publish(load.stream(55, 300, garbage=0.2))
    (intake,) = flow.of("intake")
    until(lambda: not intake.running, 60, "intake ends")
    assert not flow.look().letters.keys() & _broken(published)
    _limit(admin, INTAKE_DEAD_LETTERS.max_message_bytes)
    judged(flow, published, oracle)


def test_dead_letters_without_their_topic_are_held(flow, oracle, admin) -> None:
    """Deleted by mistake: intake holds until it is made again, and then writes all it held."""
    deaths = flow.deaths.copy()
    name = INTAKE_DEAD_LETTERS.name
    admin.delete_topics([name])[name].result(20)
    until(lambda: name not in admin.list_topics(timeout=10).topics, 20, "it is gone")
    published = flow.publish(load.stream(56, 300, garbage=0.2))
    until(lambda: _held(flow), 90, "intake holds, and says so")
    assert not flow.look().letters.keys() & _broken(published)
    topic = NewTopic(name, 4, 1, config=INTAKE_DEAD_LETTERS.config)
    admin.create_topics([topic])[name].result(20)
    judged(flow, published, oracle, within_s=180)
    assert flow.deaths == deaths, "a hold is no crash"


def _broken(published: list[load.Published]) -> set[tuple[str, int, int]]:
    return {each.places[0][:3] for each in published if not each.cases}


def _held(flow) -> bool:
    """Whether intake says that it is not ready because of what it may not write."""
    checks = flow.of("intake")[0].health().get("checks", {})
    delivery = checks.get("delivery", {})
    return delivery.get("ok") is False and INTAKE_DEAD_LETTERS.name in delivery.get("detail", "")
