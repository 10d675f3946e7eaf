"""Random kills while a backlog is worked off, seeded and counted; pauses, joins and leaves."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.resilience.flow import Flow
from infra.resilience.load import Given
from infra.resilience.workers import Worker

# A storm does not wait longer for the flow to move: a kill may hit a start or a takeover, too.
_PATIENCE_S = 6.0


def kill_at_random(
    flow: Flow,
    events: Sequence[Given],
    *,
    kills: int,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
) -> Counter[str]:
    """Kill -9 a random worker `kills` times, and start it again; counts who was hit.

    Half of the events lie there before the first kill, a slice of the rest comes before each. A
    kill falls after a random amount of progress within the slice, or of time without any.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible faults, not a secret
    counts: Counter[str] = Counter()
    half = len(events) // 2
    flow.publish(events[:half])
    rest = events[half:]
    for number in range(1, kills + 1):
        part = rest[len(rest) * (number - 1) // kills : len(rest) * number // kills]
        flow.publish(part)
        _await_progress(flow, rng.randrange(len(part) + 1), rng.uniform(0.5, _PATIENCE_S))
        flow.tend()
        victim = rng.choice(flow.workers)
        kill(victim)
        counts[f"kill -9 {victim.service}"] += 1
        say(f"kill {number} of {kills}: {victim.name}")
    if not kills:
        flow.publish(rest)
    return counts


def _await_progress(flow: Flow, records: int, patience_s: float) -> None:
    before, deadline = flow.look().records, time.monotonic() + patience_s
    while flow.look().records - before < records and time.monotonic() < deadline:
        time.sleep(0.05)


def kill(worker: Worker) -> None:
    """SIGKILL and start again at once, as a supervisor would."""
    worker.kill()
    worker.start()


def stop_at(worker: Worker, point: str) -> Path:
    """Start the worker anew, to kill itself at the named point once; returns the mark it leaves."""
    mark = worker.state.with_name(f"{worker.name}.{point}.reached")
    worker.once = {"SLUICE_CRASH_POINT": point, "SLUICE_CRASH_MARK": str(mark)}
    worker.stop()
    worker.start()
    return mark


def pause(worker: Worker, seconds: float) -> None:
    """SIGSTOP for longer than the group waits, then SIGCONT: it still thinks it owns everything."""
    worker.pause()
    time.sleep(seconds)
    worker.resume()


def forget_snapshots(worker: Worker) -> int:
    """Delete what a decider keeps on disk, as a lost volume would; returns how many files."""
    files = list(worker.state.glob("*.sqlite*"))
    for file in files:
        file.unlink()
    return len(files)
