"""What was measured, ready to be written down; and the numbers that we hold ourselves to."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from infra.bench.direct import Direct
from infra.bench.spending import Role, Spent

FORMAT = 1

# What docs/bench.md promises; measured on one machine in one run.
PIPELINE_MS = 1.0
SHARE_OF_DIRECT = 0.8
ACTION_P99_MS = 250.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds from the producer's timestamp until an outside reader had it."""

    cases: int
    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What the assessments themselves say about the model, and how the server put texts together.

    `texts_per_pass`: of the encoder, by the server's own statistics.
    """

    texts: int
    tokens_p50: int
    tokens_p99: int
    compute_ms_per_text: float
    texts_per_pass: float


@dataclass(frozen=True, slots=True)
class Burst:
    """A backlog worked off as fast as it goes.

    `settle_s`: work left after the last decision. `other_cores`: what programs that are not of the
    stack used meanwhile, and `stolen_cores` what the machine's host gave to others.
    """

    cases: int
    actions: int
    seconds: float
    settle_s: float
    cpu_ms: Mapping[str, float]
    roles_ms: Mapping[str, float]
    other_cores: float
    stolen_cores: float
    model: ModelUse | None = None
    direct: Direct | None = None

    @property
    def per_s(self) -> float:
        """Cases per second, from the first published to the last decided."""
        return self.cases / self.seconds

    @property
    def share(self) -> float | None:
        """Of what the model alone gives on the same texts."""
        return None if self.direct is None else self.per_s / self.direct.per_s

    @property
    def cpu_share(self) -> float | None:
        """The model's CPU in process against all that a case costs, outside clients included.

        A busy machine hardly changes it.
        """
        if self.direct is None:
            return None
        return self.direct.cpu_ms_per_text / sum(self.roles_ms.values())


@dataclass(frozen=True, slots=True)
class Steady:
    """Random arrivals at half of the capacity, for some time."""

    wanted_per_s: float
    cases: int
    seconds: float
    to_decision: Waits
    to_action: Waits | None
    cpu_ms: Mapping[str, float]
    roles_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of event."""

    bursts: Sequence[Burst]
    steady: Steady

    @property
    def per_s(self) -> float:
        """The capacity: the median of the rounds."""
        return statistics.median(burst.per_s for burst in self.bursts)

    @property
    def share(self) -> float | None:
        """Of the direct call: the median of what each round gave against its own ceiling."""
        return _median(burst.share for burst in self.bursts)

    @property
    def cpu_share(self) -> float | None:
        """The same by CPU alone."""
        return _median(burst.cpu_share for burst in self.bursts)

    def cpu_ms(self) -> dict[str, float]:
        """Per case and process, the median of the rounds."""
        return _medians([burst.cpu_ms for burst in self.bursts])

    def roles_ms(self) -> dict[str, float]:
        """Per case and role, the median of the rounds."""
        return _medians([burst.roles_ms for burst in self.bursts])


@dataclass(frozen=True, slots=True)
class Target:
    """A number that we hold ourselves to, and what was measured."""

    what: str
    bound: Literal["at most", "at least"]
    target: float
    measured: float | None
    unit: str

    @property
    def met(self) -> bool | None:
        """None where nothing was measured."""
        if self.measured is None:
            return None
        if self.bound == "at most":
            return self.measured <= self.target
        return self.measured >= self.target


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of one run."""

    made_at: str
    command: str
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    model: Mapping[str, Any]
    settings: Mapping[str, Any]
    roles: Mapping[str, Role]
    idle_cores: Mapping[str, float]
    tickets: Flow
    supply: Flow

    @property
    def lost_cores(self) -> float:
        """What others had of the machine in the worst round; the figures are that much too bad."""
        bursts = (*self.tickets.bursts, *self.supply.bursts)
        flows = [burst.other_cores + burst.stolen_cores for burst in bursts]
        ceilings = [burst.direct.other_cores for burst in bursts if burst.direct is not None]
        return max(*flows, *ceilings)

    @property
    def targets(self) -> tuple[Target, ...]:
        """In the order in which people ask."""
        pipeline = Role.PIPELINE.value
        acted = self.tickets.steady.to_action
        return (
            Target("pipeline CPU per ticket", "at most", PIPELINE_MS,
                   self.tickets.roles_ms()[pipeline], "ms"),
            Target("pipeline CPU per supply event", "at most", PIPELINE_MS,
                   self.supply.roles_ms()[pipeline], "ms"),
            Target("whole flow against the model called directly", "at least", SHARE_OF_DIRECT,
                   self.tickets.share, "x"),
            Target("p99 from producer to action at half of capacity, tickets", "at most",
                   ACTION_P99_MS, acted.p99_ms if acted else None, "ms"),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain data; `format` grows when the meaning of a field changes."""
        data = asdict(self)
        for name, flow in (("tickets", self.tickets), ("supply", self.supply)):
            data[name] |= {
                "per_s": flow.per_s,
                "share_of_direct": flow.share,
                "cpu_share_of_direct": flow.cpu_share,
                "cpu_ms": flow.cpu_ms(),
                "roles_ms": flow.roles_ms(),
            }
            for burst, plain in zip(flow.bursts, data[name]["bursts"], strict=True):
                plain |= {
                    "per_s": burst.per_s,
                    "share_of_direct": burst.share,
                    "cpu_share_of_direct": burst.cpu_share,
                }
        data["lost_cores"] = self.lost_cores
        targets = [asdict(target) | {"met": target.met} for target in self.targets]
        return {"format": FORMAT, **_rounded(data), "targets": _rounded(targets)}


def waits(seconds: Sequence[float]) -> Waits | None:
    """Percentiles of waiting times; None where nobody waited."""
    if not seconds:
        return None
    ordered = sorted(1000 * each for each in seconds)
    return Waits(len(ordered), percentile(ordered, 50), percentile(ordered, 99), ordered[-1])


def percentile(ordered: Sequence[float], rank: float) -> float:
    """The smallest value that `rank` per cent do not exceed: one that really occurred."""
    if not ordered:
        raise ValueError("no values, no percentile")
    return ordered[max(1, math.ceil(len(ordered) * rank / 100)) - 1]


def per_case(spent: Spent, cases: int) -> tuple[dict[str, float], dict[str, float]]:
    """CPU milliseconds per case, by process and by role."""
    by_name = {name: 1000 * each / cases for name, each in spent.by_name.items()}
    return by_name, {role.value: 1000 * spent.of(role) / cases for role in Role}


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def _rounded(value: Any) -> Any:
    """Four significant digits and more would claim what nobody measured."""
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {name: _rounded(each) for name, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
        case _:
            return value
