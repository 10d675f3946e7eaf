"""One judged run: an oracle without faults, the same events under a storm, a verdict."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.resilience import faults, judge, load
from infra.resilience.flow import Flow

WORKERS = {"intake": 1, "assessor": 1, "decider": 2}


@dataclass(frozen=True, slots=True)
class Report:
    """What was done to the flow, and what the judge says."""

    events: int
    storm: faults.Storm
    seconds: float
    decisions: int
    dead_letters: int
    actions: int
    broken: list[str]


def run(
    triton_url: str,
    *,
    kills: int,
    seed: int,
    events: int,
    tickets: float = 0.05,
    home: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Run the oracle, then the storm, and judge. Takes minutes; `say` hears of every step."""
    with tempfile.TemporaryDirectory(prefix="sluice-resilience-") as folder:
        place = home or Path(folder)
        given = list(load.stream(seed, events, tickets=tickets))
        say("oracle: the same events without faults")
        oracle = _calm(place / "oracle", triton_url, given, say)
        say(f"storm: {kills} kills while {events} events are worked off")
        return _stormy(place / "storm", triton_url, given, oracle, kills, seed, say)


def _calm(
    home: Path, triton_url: str, given: list[load.Given], say: Callable[[str], None]
) -> judge.Found:
    flow = Flow(home, triton_url, workers=WORKERS)
    try:
        flow.start()
        published = load.publish(flow.broker.bootstrap_servers, given)
        found = flow.settle(published, within_s=300, say=say)
    finally:
        flow.stop()
    if broken := judge.faults(published, found):
        raise RuntimeError(f"the oracle itself breaks promises: {broken[:5]}")
    return found


def _stormy(
    home: Path,
    triton_url: str,
    given: list[load.Given],
    oracle: judge.Found,
    kills: int,
    seed: int,
    say: Callable[[str], None],
) -> Report:
    started = time.monotonic()
    flow = Flow(home, triton_url, workers=WORKERS)
    try:
        flow.start()
        # A first half as backlog; the second arrives while workers die.
        half = len(given) // 2
        published = load.publish(flow.broker.bootstrap_servers, given[:half])
        storm = faults.kill_at_random(flow, kills=kills // 2, seed=seed, say=say)
        published += load.publish(flow.broker.bootstrap_servers, given[half:])
        rest = faults.kill_at_random(flow, kills=kills - kills // 2, seed=seed + 1, say=say)
        storm.counts.update(rest.counts)
        found = flow.settle(published, within_s=300, say=say)
    finally:
        flow.stop()
    return Report(
        events=len(published),
        storm=storm,
        seconds=time.monotonic() - started,
        decisions=sum(len(cases) for cases in found.decided.values()),
        dead_letters=len(found.dead),
        actions=len(found.actions),
        broken=judge.faults(published, found, oracle),
    )
