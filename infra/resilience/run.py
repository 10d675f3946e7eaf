"""One judged run: the events under faults, then the same events without any, a verdict."""

import contextlib
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.part import Part
from infra.local.triton import TritonPart
from infra.resilience import faults, judge, load, points
from infra.resilience.flow import Flow
from infra.resilience.found import Found
from topics.automation import CASE_ASSESSED

WORKERS = {"intake": 1, "assessor": 1, "decider": 2}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done to the flow. `others`: pauses, a join and a leave, Triton, the broker."""

    kills: int
    seed: int
    events: int
    tickets: float = 0.05
    points: Mapping[str, Sequence[str]]
    others: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done to the flow, and what the judge says."""

    records: int
    adds_up: judge.Sum
    actions: int
    faults: Counter[str]
    missed: list[str]
    deaths: Counter[str]
    broken: list[str]
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether everything that was to be done was done, and every promise kept."""
        return not self.broken and not self.missed


@contextlib.contextmanager
def model_server(home: Path, say: Say = lambda _: None) -> Iterator[TritonPart]:
    """A Triton of its own, to be killed and started again."""
    part = TritonPart(home / "triton.log")
    say("making the models where they are missing")
    part.prepare()
    say("starting Triton")
    part.start()
    try:
        part.wait_ready()
        yield part
    finally:
        part.stop()


def run(
    triton: TritonPart, plan: Plan, *, home: Path | None = None, say: Say = lambda _: None
) -> Report:
    """Run the plan, then the oracle, and judge. Takes minutes; `say` hears of every step.

    Raises:
        RuntimeError: the oracle itself breaks promises.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = home or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-resilience-"))
        )
        say("starting the flow that faults will hit")
        flow = Flow(folder / "storm", triton, workers=WORKERS)
        stack.callback(flow.stop)
        flow.start()
        done, missed = _all_faults(flow, triton, plan, say)
        say("waiting for the last events to end")
        found = flow.settle(flow.published, within_s=_patience(flow.published), say=say)
        say("starting the oracle: the same events without faults")
        calm = Flow(folder / "oracle", triton, workers=dict.fromkeys(WORKERS, 1))
        stack.callback(calm.stop)
        oracle = consult(calm, [each.given for each in flow.published], say=say)
        return Report(
            records=len(flow.published),
            adds_up=judge.adds_up(flow.published, found),
            actions=len(found.actions),
            faults=done,
            missed=missed,
            deaths=flow.deaths,
            broken=[
                *judge.faults(flow.published, found, oracle),
                *judge.unasked(flow.published, found),
            ],
            seconds=time.monotonic() - started,
        )


def _patience(published: Sequence[load.Published]) -> float:
    """Ten times what they should take on two cores, and what a few takeovers may."""
    return 90 + len(published) / 30


def consult(calm: Flow, given: Sequence[load.Given], *, say: Say = lambda _: None) -> Found:
    """What becomes of these events without faults, in a flow that is started where it is not.

    It sees each event once; one that it knows already is not published again.

    Raises:
        RuntimeError: the oracle itself breaks promises.
    """
    if not calm.workers:
        calm.start()
    asked = {each.id: each for each in reversed(given)}
    known = {each.given.id for each in calm.published}
    calm.publish(each for name, each in reversed(asked.items()) if name not in known)
    published = [each for each in calm.published if each.given.id in asked]
    found = calm.settle(published, within_s=_patience(published), say=say)
    # Triton's death is no fault here: what is read is the same.
    broken = [f"{name} ended {n} times" for name, n in calm.deaths.items() if name != "triton"]
    broken += judge.faults(published, found)
    if broken:
        raise RuntimeError(f"the oracle itself breaks promises: {broken[:5]}")
    return found


def _all_faults(
    flow: Flow, triton: TritonPart, plan: Plan, say: Say
) -> tuple[Counter[str], list[str]]:
    """Do all of the plan; returns what was done, and the crash points that were not hit."""
    wanted = {f"{service} {point}" for service, names in plan.points.items() for point in names}
    hit = points.walk(flow, plan.points, feeder(flow, plan.seed + 1), within_s=300, say=say)
    counts: Counter[str] = Counter({"crash point": len(hit)})
    events = list(load.stream(plan.seed, plan.events, tickets=plan.tickets))
    part = len(events) // 2 if plan.others else len(events)
    counts += faults.kill_at_random(flow, events[:part], kills=plan.kills, seed=plan.seed, say=say)
    if plan.others:
        counts += _others(flow, triton, events[part:], say)
    return counts, sorted(wanted - hit)


def feeder(flow: Flow, seed: int) -> Callable[[], None]:
    """Gives a little of everything at each call, also what only the decider finds broken."""
    events = load.stream(seed, 1_000_000, tickets=0.2, garbage=0.2)
    numbers = itertools.count()

    def feed() -> None:
        n = next(numbers)
        name = f"u-{load.name(seed)}-{n}"
        undecodable = load.Given(
            name, CASE_ASSESSED.name, b"{not ours", (), "dead-letter", partition=n % 4
        )
        flow.publish([*itertools.islice(events, 12), undecodable])

    return feed


def _others(flow: Flow, triton: TritonPart, events: Sequence[load.Given], say: Say) -> Counter[str]:
    """Each of the other faults once, with a part of the events before it."""
    steps: list[tuple[str, Callable[[], None]]] = [
        ("SIGSTOP past the session", lambda: _pause(flow)),
        ("worker joins and leaves", lambda: _visit(flow)),
        ("kill -9 Triton", lambda: restart(triton.kill, triton)),
        ("broker stopped", lambda: restart(flow.broker.stop, flow.broker, away_s=15)),
        ("kill -9 broker", lambda: restart(flow.broker.kill, flow.broker, away_s=3)),
    ]
    for number, (name, step) in enumerate(steps):
        say(name)
        flow.publish(
            events[len(events) * number // len(steps) : len(events) * (number + 1) // len(steps)]
        )
        step()
        flow.tend()
    return Counter(name for name, _ in steps)


def _pause(flow: Flow) -> None:
    for worker in (flow.of("decider")[0], flow.of("assessor")[0]):
        faults.pause(worker, 8)


def _visit(flow: Flow) -> None:
    guests = [flow.add("decider", 9), flow.add("assessor", 9)]
    flow.await_ready()
    for guest in guests:
        flow.remove(guest)


def restart(end: Callable[[], None], part: Part, *, away_s: float = 1) -> None:
    """End a part that others depend on, and start it again after a while."""
    end()
    time.sleep(away_s)
    part.start()
    part.wait_ready()
