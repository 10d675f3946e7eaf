"""Whether goods were too warm or too cold: over a window of readings, never by a single one.

An excursion is proven by the time that a device was out of limits, or by the mean kinetic
temperature of a window that is long enough for it to say more than a reading does. What a summary
leaves open stays open. Of a device that sends one reading an event the last one is remembered, and
for how long it had been out of limits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from services.decider.domain import temperatures
from services.decider.domain.remembering import Watched
from services.decider.domain.temperatures import Device, Range, Stretch
from services.decider.domain.values import Facts, Scalar, number

STATES = ("within", "excursion", "unclear")

DURATION = "temperature:duration"
MEAN_KINETIC = "temperature:mean_kinetic"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdChain:
    """The operator's own figures, for goods of which a product's limits say nothing else.

    Without a product's limits those of a reefer count: `setpoint_within` of what it is set to.
    """

    setpoint_within: float | None = None
    minutes: float = 30.0
    mean_kinetic_hours: float = 24.0
    longest_gap_hours: float = 2.0  # between readings farther apart nobody knows what was


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """In Celsius, and for how many minutes they may be passed in one window."""

    low: float | None
    high: float | None
    minutes: float

    def passed_by(self, celsius: float) -> bool:
        """Whether that is too warm or too cold."""
        too_warm = self.high is not None and celsius > self.high
        return too_warm or (self.low is not None and celsius < self.low)


def limits(facts: Facts, setpoint: float | None, usual: ColdChain) -> Limits | None:
    """Those that hold for the goods; None where none is known."""
    low, high = number(facts, "sku.temperature_min"), number(facts, "sku.temperature_max")
    if low is None and high is None:
        if setpoint is None or usual.setpoint_within is None:
            return None
        low, high = setpoint - usual.setpoint_within, setpoint + usual.setpoint_within
    minutes = number(facts, "sku.excursion_minutes")
    return Limits(low=low, high=high, minutes=usual.minutes if minutes is None else minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of the worst device: what its window came to, at least."""

    state: str
    row: str | None
    minutes: float
    minutes_out: float
    mean_kinetic: float

    def facts(self) -> dict[str, Scalar]:
        """As policies see it."""
        return {
            "temperature.state": self.state,
            "temperature.minutes": round(self.minutes, 2),
            "temperature.minutes_out": round(self.minutes_out, 2),
            "temperature.mean_kinetic": round(self.mean_kinetic, 2),
        }


def judge(
    devices: Sequence[Device],
    allowed: Limits | None,
    usual: ColdChain,
    watched: Mapping[str, Watched] = MappingProxyType({}),
) -> tuple[Verdict | None, dict[str, Watched]]:
    """What the readings of the worst device show, and what to remember of them all.

    None where there is no window, or nothing to hold it against. `watched` are the last readings
    before, by device: after them a single reading ends a window.
    """
    found: list[Verdict] = []
    last: dict[str, Watched] = {}
    if allowed is None:
        return None, last
    for device in devices:
        before = watched.get(device.name)
        run = _Run(device, before, usual)
        if run.told:
            found.append(_of_window(run, allowed, usual))
        if device.readings and (before is None or before.at < device.readings[-1][0]):
            last[device.name] = run.ends(allowed)
    order = ("excursion", "unclear", "within")
    worst = min(found, key=lambda each: (order.index(each.state), -each.minutes_out), default=None)
    return worst, last


class _Run:
    """A device's readings with the last one before them, where that is near enough."""

    def __init__(self, device: Device, before: Watched | None, usual: ColdChain) -> None:
        self._name = device.name
        self._readings = device.readings
        self._gap = gap = usual.longest_gap_hours * 3600
        self.carried = 0.0
        if before is not None and device.readings:
            since = (device.readings[0][0] - before.at).total_seconds()
            if 0 < since <= gap:
                self.carried = before.seconds_out
                self._readings = ((before.at, before.celsius), *device.readings)
        self.told = temperatures.stretches(self._readings, device.summaries, gap)

    def ends(self, allowed: Limits) -> Watched:
        """The last reading, and for how long it was out of limits without a break up to there."""
        out = self.carried
        for first, last in pairwise(self._readings):
            told = temperatures.stretches((first, last), (), self._gap)
            lasted = _out(told, allowed).least
            if not told or lasted < told[0].seconds:
                out = 0.0
            if told and allowed.passed_by(last[1]):
                out += lasted
        at, celsius = self._readings[-1]
        return Watched(device=self._name, at=at, celsius=celsius, seconds_out=out)


def _of_window(run: _Run, allowed: Limits, usual: ColdChain) -> Verdict:
    length = temperatures.seconds(run.told)
    out = _out(run.told, allowed)
    harm = temperatures.mean_kinetic(run.told)
    high = allowed.high if length >= usual.mean_kinetic_hours * 3600 else None
    least, most = run.carried + out.least, run.carried + min(out.most, length)
    state, row = "within", None
    if least > allowed.minutes * 60:
        state, row = "excursion", DURATION
    elif high is not None and harm.least > high:
        state, row = "excursion", MEAN_KINETIC
    elif most > allowed.minutes * 60 or (high is not None and harm.most > high):
        state = "unclear"
    return Verdict(
        state=state,
        row=row,
        minutes=length / 60,
        minutes_out=least / 60,
        mean_kinetic=harm.least,
    )


def _out(told: Sequence[Stretch], allowed: Limits) -> Range:
    """For how many seconds it was too warm or too cold."""
    least = most = 0.0
    if allowed.high is not None:
        above = temperatures.seconds_above(told, allowed.high)
        least, most = above.least, above.most
    if allowed.low is not None:
        below = temperatures.seconds_below(told, allowed.low)
        least, most = least + below.least, most + below.most
    return Range(least, most)
