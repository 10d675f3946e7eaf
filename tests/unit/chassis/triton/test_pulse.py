"""Readiness follows real answers."""

from services.chassis.errors import Outage
from services.chassis.health import Health
from services.chassis.triton.pulse import Pulse


class Model:
    """Answers, or not."""

    name = "echo"

    def __init__(self) -> None:
        self.answered_at = 0.0
        self.down = False
        self.asked = 0

    async def canary(self):
        """Count."""
        self.asked += 1
        if self.down:
            raise Outage("gone")


async def test_a_busy_model_is_not_asked():
    """What it answers to others says enough."""
    model, health = Model(), Health()
    model.answered_at = 99.0
    await Pulse([model], health, every_s=3, clock=lambda: 100.0).beat()
    assert model.asked == 0
    assert health.ready


async def test_an_idle_model_is_asked_and_readiness_follows():
    """Triton's own readiness stays true when a model's process is dead."""
    model, health = Model(), Health()
    pulse = Pulse([model], health, every_s=3, clock=lambda: 100.0)
    model.down = True
    await pulse.beat()
    assert not health.ready
    assert "gone" in str(health.report())
    model.down = False
    await pulse.beat()
    assert health.ready
    assert model.asked == 2
