"""Ready means: a member of its group that gets on; alive means only that it answers."""

import urllib.error
from pathlib import Path

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def test_readiness_follows_membership_and_outages(workshop, wait, tmp_path: Path) -> None:
    """Ready once assigned, not while a dependency is down (it says which), then ready again."""
    workshop.create(topic := f"in.{workshop.id}")
    down = tmp_path / "down"
    worker = workshop.start(topic, TEST_DOWN=str(down))
    wait(lambda: worker.health().get("ready"), 30, "it is ready with nothing to do")
    said = worker.health()["checks"]["group membership"]["detail"]
    assert said.startswith("4 partitions, generation ")
    down.touch()
    workshop.feed(topic, 40)
    wait(lambda: not worker.health()["ready"], 20, "it is held")
    held = worker.health()["checks"]["delivery"]
    assert held["detail"] == "the test's dependency is down"
    assert worker.page("/health/live") == "alive\n"
    with pytest.raises(urllib.error.HTTPError, match="503"):
        worker.page("/health/ready")
    assert sum(workshop.committed(topic)) == 0
    assert workshop.put_aside() == [], "an outage is nobody's fault"
    page = worker.page("/metrics")
    assert "sluice_assigned_partitions 4.0" in page
    assert "sluice_held_lanes 4.0" in page
    down.unlink()
    workshop.wait_done(topic)
    wait(lambda: worker.health()["ready"], 10, "it is ready again")
    assert "sluice_held_lanes 0.0" in worker.page("/metrics")
    assert worker.end() == 0


def test_a_held_worker_lets_go_at_once_when_it_is_asked_to_end(workshop, wait, tmp_path) -> None:
    """Nothing it waits for would be done within the grace: exit code 0, all of it un-acked."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 200)
    (down := tmp_path / "down").touch()
    worker = workshop.start(topic, TEST_DOWN=str(down))
    wait(lambda: worker.check("delivery") is False, 30, "it is held")
    assert worker.end(within=10) == 0
    assert sum(workshop.committed(topic)) == 0
    down.unlink()
    workshop.start(topic)
    workshop.wait_done(topic)
    assert len(workshop.echoes().times) == 200
