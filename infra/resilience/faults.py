"""Random kills and pauses while a backlog is worked off, seeded and counted."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.resilience.flow import Flow
from infra.resilience.workers import Worker


@dataclass
class Storm:
    """How many of which fault hit whom."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All faults."""
        return self.counts.total()


def kill_at_random(
    flow: Flow, *, kills: int, seed: int, say: Callable[[str], None] = lambda _: None
) -> Storm:
    """Kill -9 a random worker `kills` times, each at a random moment, and start it again.

    A worker is killed at any stage of its life: while it starts, catches up or works.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible faults, not a secret
    storm = Storm()
    for number in range(1, kills + 1):
        time.sleep(rng.uniform(0.2, 4.0))
        victim = rng.choice(flow.workers)
        kill(victim)
        storm.counts[f"kill {victim.service}"] += 1
        say(f"kill {number} of {kills}: {victim.name}")
    return storm


def kill(worker: Worker) -> None:
    """SIGKILL and start again at once, as a supervisor would."""
    worker.kill()
    worker.start()


def pause(worker: Worker, seconds: float) -> None:
    """SIGSTOP for longer than the group waits, then SIGCONT: it still thinks it owns everything."""
    worker.pause()
    time.sleep(seconds)
    worker.resume()


def crash_at(worker: Worker, point: str) -> None:
    """Start the worker anew so that it kills itself at the named point, once."""
    worker.stop()
    mark = worker.home / f"{worker.name}.{point}.reached"
    mark.unlink(missing_ok=True)
    worker.once = {"SLUICE_CRASH_POINT": point, "SLUICE_CRASH_MARK": str(mark)}
    worker.start()
