"""Readings over a time: the formula against values worked out by hand, bounds against samples."""

import math
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decider.domain import temperatures
from services.decider.domain.temperatures import (
    celsius,
    devices,
    mean_kinetic,
    seconds_above,
    seconds_below,
    stretches,
)
from tests.fakes_supply import at, reading, summary

LONGEST_GAP = 7200.0


def windows(measurements):
    """The time that each device tells of."""
    told = (stretches(d.readings, d.summaries, LONGEST_GAP) for d in devices(measurements))
    return [each for each in told if each]


def only(*measurements):
    """That of the one device that there is."""
    (found,) = windows(measurements)
    return found


def test_the_mean_kinetic_temperature_of_a_known_series():
    """Half the time at 20 and half at 30 degrees: 26.26 and not 25, as warmth harms more.

    By hand: exp(-10000/293.15) = 1.5320e-15, exp(-10000/303.15) = 4.7200e-15, their mean is
    3.1260e-15, and 10000 / -ln(3.1260e-15) = 299.41 K.
    """
    hour = (
        reading(0, 20), reading(60, 20), reading(60.001, 30), reading(120, 30),
    )  # fmt: skip
    found = mean_kinetic(only(*hour))
    assert found.least == found.most == pytest.approx(26.26, abs=0.005)


def test_a_constant_temperature_is_its_own_mean():
    """However uneven the readings lie."""
    found = mean_kinetic(only(*(reading(minutes, 5.5) for minutes in (0, 1, 50, 119))))
    assert found.least == pytest.approx(5.5)
    assert found.most == pytest.approx(5.5)


def test_between_two_readings_it_goes_straight():
    """From 4 to 12 within an hour: half of it above 8, a quarter below 6."""
    told = only(reading(0, 4), reading(60, 12))
    assert seconds_above(told, 8).least == seconds_above(told, 8).most == 1800
    assert seconds_below(told, 6).least == 900
    assert temperatures.seconds(told) == 3600


@pytest.mark.parametrize(
    "measurements",
    [
        [],
        [reading(0, 9)],
        [reading(0, 9), reading(0, 10)],
        [reading(0, 9), reading(121, 9)],
        [reading(0, 9, device="a"), reading(60, 9, device="b")],
        [reading(0, 9), reading(60, 9, uom=None)],
        [reading(0, 9), reading(60, 9) | {"kind": "temperature_setpoint"}],
        [summary(0, 0, maximum=9)],
        [summary(0, 60)],
        [summary(0, 60, minimum=9, maximum=8)],
        [summary(0, 60, minimum=3, mean=2, maximum=8)],
    ],
)
def test_what_tells_of_no_time_is_no_window(measurements):
    """A reading alone, two of different devices, a gap too long, no unit, or nonsense."""
    assert windows(measurements) == []


def test_a_time_that_is_told_twice_counts_once():
    """Single readings before summaries, the earlier before the later one."""
    told = only(
        summary(30, 60, maximum=20),
        summary(90, 30, maximum=20),
        summary(100, 30, maximum=20),
        reading(0, 5),
        reading(60, 5),
    )
    assert [(each.start, each.end) for each in told] == [(at(0), at(60)), (at(90), at(120))]


@pytest.mark.parametrize(
    ("value", "uom", "expected"),
    [(Decimal(41), "FAH", 5), (Decimal("278.15"), "KEL", 5), (5, "CEL", 5)],
)
def test_units_become_celsius(value, uom, expected):
    """Those that a device may use."""
    assert celsius(value, uom) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "uom"),
    [(5, None), (5, "P1"), (None, "CEL"), (-300, "CEL"), (0, "KEL"), (Decimal("1e40"), "CEL")],
)
def test_what_is_no_temperature_is_none(value, uom):
    """Nothing is that cold, nothing carried is that hot, and a number without a unit is either."""
    assert celsius(value, uom) is None


@pytest.mark.parametrize(
    ("figures", "least", "most"),
    [
        ({"maximum": 8}, 0, 0),
        ({"minimum": 8.5}, 3600, 3600),
        ({"maximum": 12}, 0, 3600),
        ({"mean": 9}, 0, 3600),
        ({"mean": 9, "maximum": 12}, 900, 3600),
        ({"minimum": 2, "mean": 5, "maximum": 12}, 0, 1800),
        ({"minimum": 2, "mean": 5}, 0, 1800),
    ],
)
def test_a_summary_tells_bounds(figures, least, most):
    """A mean above the limit proves some time above it, one below it leaves not all of it."""
    found = seconds_above(only(summary(0, 60, **figures)), 8)
    assert (found.least, found.most) == (pytest.approx(least), pytest.approx(most))
    mirrored = {"minimum": "maximum", "maximum": "minimum", "mean": "mean"}
    figures = {mirrored[name]: -value for name, value in figures.items()}
    found = seconds_below(only(summary(0, 60, **figures)), -8)
    assert (found.least, found.most) == (pytest.approx(least), pytest.approx(most))


SAMPLES = st.lists(st.integers(-400, 600).map(lambda n: n / 10), min_size=2, max_size=30)


@given(SAMPLES, st.integers(-40, 60), st.sets(st.sampled_from(["minimum", "maximum", "mean"])))
def test_no_series_is_ever_outside_the_bounds_of_its_own_summary(samples, limit, told):
    """Whichever of the three figures a device tells."""
    series = only(*(reading(n, degrees) for n, degrees in enumerate(samples)))
    length = temperatures.seconds(series)
    straight = [(a + b) / 2 for a, b in pairwise(samples)]
    figures = {
        "minimum": min(samples),
        "maximum": max(samples),
        "mean": sum(straight) / len(straight),
    }
    told = told or {"maximum"}
    known = only(summary(0, length / 60, **{name: figures[name] for name in told}))
    for reckon in (seconds_above, seconds_below):
        exact, bounds = reckon(series, limit), reckon(known, limit)
        assert bounds.least - 0.01 <= exact.least <= exact.most <= bounds.most + 0.01
    exact, bounds = mean_kinetic(series), mean_kinetic(known)
    assert bounds.least - 0.01 <= exact.least <= bounds.most + 0.01
    assert min(samples) - 0.01 <= exact.least <= max(samples) + 0.01
    assert math.isfinite(exact.least)


def test_many_readings_are_told_apart_quickly():
    """A container's log of a voyage: a reading every five minutes for six weeks."""
    log = [reading(5 * n, 4 + (n % 3)) for n in range(12_000)]
    told = only(*log)
    assert len(told) == 11_999
    assert mean_kinetic(told).least == pytest.approx(5.0, abs=0.1)
