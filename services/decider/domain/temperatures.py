"""Temperatures over a time: how long they were out of limits, and what they came to on the whole.

What they came to is the mean kinetic temperature, the one constant temperature that would have
done the goods as much harm (J. D. Haynes, J. Pharm. Sci. 60 (1971) 927; USP <1079>):

    T = (H / R) / -ln(mean over time of exp(-H / (R t)))

with t in kelvin, H = 83.144 kJ/mol, R = 8.3144 J/(mol K). Between two readings of a device the
temperature is taken to go straight. Where a device tells only the least, the most and the mean of a
window, both are known within bounds: those are told, and never a guess.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

_H_BY_R = 83_144 / 8.3144
_ZERO = 273.15

Reading = tuple[datetime, float]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some time of one device's: from `first` straight to `last`, or only bounds are known."""

    start: datetime
    end: datetime
    low: float
    high: float
    mean: float | None
    straight: bool

    @property
    def seconds(self) -> float:
        """How long."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Range:
    """A figure that is at least and at most so much."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Device:
    """What one device told: single readings in their order, and summaries of windows."""

    name: str
    readings: tuple[Reading, ...]
    summaries: tuple[Stretch, ...]


def devices(measurements: Iterable[Mapping[str, Any]]) -> tuple[Device, ...]:
    """By their names; a device that has none is one, too."""
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for each in measurements:
        if each["kind"] == "temperature":
            by_name.setdefault(each.get("device") or "-", []).append(each)
    found = (
        Device(name, _readings(told), tuple(_summaries(told))) for name, told in by_name.items()
    )
    return tuple(each for each in found if each.readings or each.summaries)


def stretches(
    readings: Sequence[Reading], summaries: Iterable[Stretch], longest_gap: float
) -> tuple[Stretch, ...]:
    """The time that they tell of.

    One reading alone tells of no time, nor do two with more than `longest_gap` seconds between.
    """
    straight = (
        Stretch(start, end, min(first, last), max(first, last), (first + last) / 2, straight=True)
        for (start, first), (end, last) in pairwise(readings)
        if (end - start).total_seconds() <= longest_gap
    )
    return tuple(_apart([*straight, *summaries]))


def celsius(value: object, uom: str | None) -> float | None:
    """In Celsius; None where nothing is so cold, or the unit is none of UN/CEFACT Rec. 20's."""
    if value is None or uom not in _UNITS:
        return None
    scale, shift = _UNITS[uom]
    degrees = float(value) * scale + shift  # type: ignore[arg-type]  # Decimal or number
    return degrees if -_ZERO < degrees < _HOTTEST else None


_UNITS: Mapping[str | None, tuple[float, float]] = {
    "CEL": (1, 0),
    "KEL": (1, -_ZERO),
    "FAH": (5 / 9, -160 / 9),
}
_HOTTEST = 2000.0  # far above whatever is carried, far below where the formula bends


def _readings(told: Iterable[Mapping[str, Any]]) -> tuple[Reading, ...]:
    readings: dict[datetime, float] = {}
    for each in told:
        degrees, at = celsius(each.get("value"), each.get("uom")), each.get("at")
        if degrees is not None and at is not None:
            readings[at] = max(degrees, readings.get(at, degrees))
    return tuple(sorted(readings.items()))


def _summaries(told: Iterable[Mapping[str, Any]]) -> Iterator[Stretch]:
    for each in told:
        start, end, uom = each.get("start"), each.get("end"), each.get("uom")
        low, high, mean = (celsius(each.get(name), uom) for name in ("minimum", "maximum", "mean"))
        known = [degrees for degrees in (low, mean, high) if degrees is not None]
        if start is None or end is None or start >= end or not known or known != sorted(known):
            continue
        yield Stretch(
            start,
            end,
            -math.inf if low is None else low,
            math.inf if high is None else high,
            mean,
            straight=False,
        )


def _apart(told: Iterable[Stretch]) -> Iterator[Stretch]:
    """Without those that tell again of a time that is told of: single readings say it better."""
    taken: list[Stretch] = []
    for each in sorted(told, key=lambda each: (not each.straight, each.start, each.end)):
        at = bisect_right(taken, each.start, key=_start)
        after_one = at == 0 or taken[at - 1].end <= each.start
        before_next = at == len(taken) or each.end <= taken[at].start
        if after_one and before_next:
            taken.insert(at, each)
            yield each


def _start(each: Stretch) -> datetime:
    return each.start


def seconds(told: Iterable[Stretch]) -> float:
    """The time told of."""
    return sum(each.seconds for each in told)


def seconds_above(told: Iterable[Stretch], limit: float) -> Range:
    """How long it was warmer than that."""
    shares = [(each.seconds, _share_above(each, limit)) for each in told]
    return Range(
        sum(length * share.least for length, share in shares),
        sum(length * share.most for length, share in shares),
    )


def seconds_below(told: Iterable[Stretch], limit: float) -> Range:
    """How long it was colder than that."""
    return seconds_above([_mirrored(each) for each in told], -limit)


def _mirrored(each: Stretch) -> Stretch:
    mean = None if each.mean is None else -each.mean
    return Stretch(each.start, each.end, -each.high, -each.low, mean, each.straight)


def _share_above(each: Stretch, limit: float) -> Range:
    """Of its time, between 0 and 1; by Markov's inequality where only a mean is known."""
    if each.high <= limit:
        return Range(0, 0)
    if each.low > limit:
        return Range(1, 1)
    if each.straight:
        share = (each.high - limit) / (each.high - each.low)
        return Range(share, share)
    if each.mean is None:
        return Range(0, 1)
    least = max(0.0, (each.mean - limit) / (each.high - limit))
    if each.mean >= limit or math.isinf(each.low):
        return Range(least, 1)
    return Range(least, (each.mean - each.low) / (limit - each.low))


def mean_kinetic(told: Sequence[Stretch]) -> Range:
    """The mean kinetic temperature in Celsius. Of no time at all there is none: it raises."""
    harms = [(each.seconds, _harm(each)) for each in told]
    length = seconds(told)
    return Range(
        _constant(sum(long * harm.least for long, harm in harms) / length),
        _constant(sum(long * harm.most for long, harm in harms) / length),
    )


def _harm(each: Stretch) -> Range:
    """The mean of exp(-H/RT), which bends upwards: no mean has less than its constant has."""
    if each.straight:
        at_ends = (_rate(each.low) + _rate(each.high)) / 2
        return Range(at_ends, at_ends)
    least = _rate(each.low if each.mean is None else each.mean)
    if math.isinf(each.high):
        return Range(least, 1.0)
    if each.mean is None or each.high == each.low:
        return Range(least, _rate(each.high))
    low = max(each.low, -_ZERO)
    warm = (each.mean - low) / (each.high - low)
    return Range(least, warm * _rate(each.high) + (1 - warm) * _rate(low))


def _rate(degrees: float) -> float:
    kelvin = degrees + _ZERO
    return math.exp(-_H_BY_R / kelvin) if kelvin > 0 else 0.0


def _constant(rate: float) -> float:
    if rate >= 1.0:
        return math.inf
    return _H_BY_R / -math.log(rate) - _ZERO if rate > 0 else -_ZERO
