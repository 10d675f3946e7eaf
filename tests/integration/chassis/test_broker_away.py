"""The broker goes and comes back: workers wait for it, and end in time when asked meanwhile."""

import time

import pytest

from tests.broker import native_broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def broker(tmp_path):
    """One of our own, to be killed: the session's serves other tests."""
    with native_broker(tmp_path / "kafka") as own:
        yield own


def _worked(workshop) -> int:
    return sum(workshop.ends(workshop.out))


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_worker_survives_the_broker_s_absence(workshop, wait, broker, how) -> None:
    """Gone for 15 s in mid-work, cleanly or not: the same process goes on and nothing is lost.

    Meanwhile it is alive and not ready.
    """
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 20_000)
    worker = workshop.start(topic, TEST_DELAY="0.2")
    wait(lambda: _worked(workshop) > 500, 30, "it works")
    getattr(broker, how)()
    wait(lambda: worker.check("group membership") is False, 15, "health sees that it is alone")
    time.sleep(8)
    assert worker.page("/health/live") == "alive\n", "a restart would not help it"
    broker.start()
    broker.wait_ready()
    workshop.wait_done(topic, within=90)
    assert worker.health()["ready"]
    assert worker.process.poll() is None
    assert worker.end() == 0
    found = workshop.echoes()
    assert len(found.times) == 20_000
    assert found.disorder == 0
    assert sum(found.times.values()) == 20_000, "an absent broker gives nothing to anybody else"


def test_a_worker_ends_in_time_while_the_broker_is_away(workshop, wait, broker) -> None:
    """SIGTERM with nobody to leave the group at: the process is gone before it would be killed."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 20_000)
    worker = workshop.start(topic, TEST_DELAY="0.2")
    wait(lambda: _worked(workshop) > 500, 30, "it works")
    broker.kill()
    time.sleep(3)
    worker.end(within=29)
