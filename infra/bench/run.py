"""One run of the bench: warm up, burst and ceiling in turn, then half of the capacity."""

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol

from infra.bench import direct, load, machine
from infra.bench.direct import Direct, Model
from infra.bench.following import Assessments, Read
from infra.bench.phases import Phase, flow
from infra.bench.report import (
    Burst,
    Flow,
    ModelUse,
    Report,
    Steady,
    Waits,
    per_case,
    percentile,
    waits,
)
from infra.bench.spending import Meter, meter
from infra.bench.target import BenchError, Target
from infra.demo.producing import grant
from infra.resilience.load import Given
from infra.triton.environment import Environment

ENCODER = "encoder"
# Before anything is measured the broker's and the services' code must be warm.
_WARM_SHARE = 0.2
_IDLE_S = 5.0


class Say(Protocol):
    """Tells what goes on, and how far it is."""

    def __call__(self, step: str, how_far: str = "") -> None:
        """Called often."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How much. `texts` and `events` are per round; `seconds` is each half-load phase."""

    texts: int
    events: int
    rounds: int
    seconds: float
    seed: int


def run(target: Target, plan: Plan, command: str, say: Say) -> Report:
    """Measure the running stack.

    Raises:
        BenchError: it is not as it must be, or changed meanwhile.
    """
    before = machine.machine()
    say("granting autonomy to the bench's own tenant")
    grant(target.bootstrap_servers, load.TENANT)
    watch = meter(target)
    say("waiting until the stack is quiet")
    watch.quiet()
    say("loading the model in process")
    with _ceiling(target, watch) as model:
        bench = _Bench(target, plan, watch, model, say)
        idle = bench.warm_up()
        tickets = bench.tickets()
    return Report(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        machine=before,
        versions=machine.versions(target, model.versions),
        model={
            name: value for name, value in model.manifest.items() if name not in {"files", "build"}
        }
        | {"processes": model.processes},
        settings={**asdict(plan), "window": bench.window, "largest_batch": bench.largest},
        roles=watch.roles,
        idle_cores=idle,
        tickets=tickets,
        supply=bench.supply(),
    )


class _Bench:
    """The steps, and what they share."""

    def __init__(self, target: Target, plan: Plan, watch: Meter, model: Model, say: Say) -> None:
        self._target, self._plan, self._watch, self._model = target, plan, watch, model
        self._say = say
        self._run = load.new_run()
        self._tickets = load.tickets(self._run, plan.seed)
        self._supply = load.supply_events(self._run, plan.seed)
        batching = target.batching()
        self.window = batching.in_flight * batching.max_rows
        self.largest = machine.largest_batch(target, ENCODER)

    def warm_up(self) -> dict[str, float]:
        """Let everything run once; returns the cores that each process uses when idle."""
        texts = max(self.window, int(self._plan.texts * _WARM_SHARE))
        with closing(Assessments(self._target.bootstrap_servers, self._run)) as assessments:
            self._flow("warming up: tickets", list(islice(self._tickets, texts)))
            self._direct("warming up: model in process", assessments.take(texts))
        events = int(self._plan.events * _WARM_SHARE)
        self._flow("warming up: supply events", list(islice(self._supply, events)))
        self._say(f"looking at the idle stack for {_IDLE_S:.0f} s")
        before = self._watch.sample()
        time.sleep(_IDLE_S)
        spent = self._watch.between(before, self._watch.sample())
        return {name: each / spent.wall_s for name, each in spent.by_name.items()}

    def tickets(self) -> Flow:
        """Burst and ceiling in turn, since a machine's speed drifts; then half of that."""
        bursts = [self._ticket_burst(number) for number in range(1, self._plan.rounds + 1)]
        return self._with_steady("tickets", bursts, self._tickets)

    def supply(self) -> Flow:
        """The same without a model."""
        bursts = []
        for number in range(1, self._plan.rounds + 1):
            events = list(islice(self._supply, self._plan.events))
            step = f"supply events, round {number} of {self._plan.rounds}"
            bursts.append(_burst(self._flow(step, events)))
        return self._with_steady("supply events", bursts, self._supply)

    def _ticket_burst(self, number: int) -> Burst:
        step = f"tickets, round {number} of {self._plan.rounds}"
        events = list(islice(self._tickets, self._plan.texts))
        with closing(Assessments(self._target.bootstrap_servers, self._run)) as assessments:
            texts, passes = machine.passes(self._target, ENCODER)
            phase = self._flow(step, events)
            texts_after, passes_after = machine.passes(self._target, ENCODER)
            read = assessments.take(len(events))
        ceiling = self._direct(f"{step}: model in process", read)
        self._check(read, ceiling)
        per_pass = (texts_after - texts) / max(1, passes_after - passes)
        return _burst(phase, _use(read, per_pass), ceiling)

    def _with_steady(self, kind: str, bursts: list[Burst], events: Iterator[Given]) -> Flow:
        per_s = sorted(burst.per_s for burst in bursts)[len(bursts) // 2] / 2
        plan = self._plan
        arriving = load.paced(events, per_s, plan.seconds, plan.seed)
        phase = self._flow(f"{kind} at {per_s:.0f} per second for {plan.seconds:.0f} s", arriving)
        return Flow(bursts, _steady(phase, per_s, kind))

    def _flow(self, step: str, events: Iterable[Given]) -> Phase:
        total = f" of {len(events)}" if isinstance(events, list) else ""
        self._say(step)
        return flow(
            self._target.bootstrap_servers,
            self._run,
            events,
            self._watch,
            lambda decided: self._say(step, f"{decided}{total} decided"),
        )

    def _direct(self, step: str, read: Read) -> Direct:
        self._say(step)
        work = list(direct.batches(read.texts, self.window, self.largest))
        before = self._watch.sample()
        done = self._model.measure(
            work, lambda texts: self._say(step, f"{texts} of {len(read.texts)} texts")
        )
        spent = self._watch.between(before, self._watch.sample())
        others = spent.other + spent.stolen - done.cpu_ms_per_text * done.texts / 1000
        return replace(done, other_cores=max(0.0, others) / spent.wall_s)

    def _check(self, read: Read, ceiling: Direct) -> None:
        """Both sides must have done the same work."""
        digest = self._model.manifest["identity"]["digest"]
        if read.digests != {digest}:
            raise BenchError(
                f"the flow was answered by {', '.join(sorted(read.digests)) or 'no encoder'}, the"
                f" model in process is {digest}: was a model switched meanwhile?"
            )
        if ceiling.tokens != sum(read.tokens):
            raise BenchError(
                f"the flow read {sum(read.tokens)} tokens, the model in process"
                f" {ceiling.tokens}: they had different texts"
            )


def _ceiling(target: Target, watch: Meter) -> AbstractContextManager[Model]:
    """The model as the running server has it: its files, its environment, its process count."""
    repository = target.triton_option("model-repository")
    environment = Environment(target.triton_option("backend-directory").parent)
    processes = sum(each.name == f"model {ENCODER}" for each in watch.watched)
    if not processes:
        raise BenchError(f"tritonserver has no process for {ENCODER}; `make logs` shows why")
    return direct.model(environment, repository / ENCODER / "1", processes)


def _burst(phase: Phase, use: ModelUse | None = None, ceiling: Direct | None = None) -> Burst:
    by_name, by_role = per_case(phase.spent, phase.cases)
    return Burst(
        cases=phase.cases,
        actions=len(phase.ends.actions),
        seconds=phase.seconds,
        settle_s=phase.settle_s,
        cpu_ms=by_name,
        roles_ms=by_role,
        other_cores=phase.spent.other / phase.spent.wall_s,
        stolen_cores=phase.spent.stolen / phase.spent.wall_s,
        model=use,
        direct=ceiling,
    )


def _steady(phase: Phase, per_s: float, kind: str) -> Steady:
    by_name, by_role = per_case(phase.spent, phase.cases)
    return Steady(
        wanted_per_s=per_s,
        cases=phase.cases,
        seconds=phase.seconds,
        to_decision=_some(waits(phase.ends.decision_waits()), kind),
        to_action=waits(phase.ends.action_waits()),
        cpu_ms=by_name,
        roles_ms=by_role,
    )


def _some(found: Waits | None, kind: str) -> Waits:
    if found is None:
        raise BenchError(f"no {kind} came in so short a time; give more --seconds")
    return found


def _use(read: Read, per_pass: float) -> ModelUse:
    tokens = sorted(read.tokens)
    return ModelUse(
        texts=len(read.texts),
        tokens_p50=int(percentile(tokens, 50)),
        tokens_p99=int(percentile(tokens, 99)),
        compute_ms_per_text=sum(read.compute_us) / 1000 / len(read.texts),
        texts_per_pass=per_pass,
    )
