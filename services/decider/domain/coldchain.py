"""Whether goods were too warm or too cold: over a window of readings, never by a single one.

An excursion is proven by the time that a device was out of limits, or by the mean kinetic
temperature of a window that is long enough for it to say more than a reading does. What a summary
leaves open stays open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.decider.domain import temperatures
from services.decider.domain.temperatures import Stretch
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


USUAL = ColdChain()
# Seconds between two readings of one device, at most: what was between longer ones nobody knows.
LONGEST_GAP = 2 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """In Celsius, and for how many minutes they may be passed in one window."""

    low: float | None
    high: float | None
    minutes: float


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
    devices: Sequence[tuple[Stretch, ...]], allowed: Limits | None, usual: ColdChain
) -> Verdict | None:
    """None where there is no window, or nothing to hold it against."""
    if allowed is None or not devices:
        return None
    found = [_of_device(each, allowed, usual) for each in devices]
    order = ("excursion", "unclear", "within")
    return min(found, key=lambda each: (order.index(each.state), -each.minutes_out))


def _of_device(told: tuple[Stretch, ...], allowed: Limits, usual: ColdChain) -> Verdict:
    length = temperatures.seconds(told)
    least = most = 0.0
    if allowed.high is not None:
        above = temperatures.seconds_above(told, allowed.high)
        least, most = above.least, above.most
    if allowed.low is not None:
        below = temperatures.seconds_below(told, allowed.low)
        least, most = least + below.least, most + below.most
    harm = temperatures.mean_kinetic(told)
    counts = allowed.high is not None and length >= usual.mean_kinetic_hours * 3600
    too_warm = counts and allowed.high is not None and harm.least > allowed.high
    may_be_warm = counts and allowed.high is not None and harm.most > allowed.high
    state, row = "within", None
    if least > allowed.minutes * 60:
        state, row = "excursion", DURATION
    elif too_warm:
        state, row = "excursion", MEAN_KINETIC
    elif min(most, length) > allowed.minutes * 60 or may_be_warm:
        state = "unclear"
    return Verdict(
        state=state,
        row=row,
        minutes=length / 60,
        minutes_out=min(least, length) / 60,
        mean_kinetic=harm.least,
    )
