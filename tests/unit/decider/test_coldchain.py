"""Too warm or too cold: over a window, against the goods' limits, and never by one reading."""

import pytest

from services.decider.domain import coldchain
from services.decider.domain.coldchain import ColdChain, Limits, judge, limits
from services.decider.domain.temperatures import devices
from tests.fakes_supply import reading, summary

FRIDGE = Limits(low=2, high=8, minutes=30)
USUAL = ColdChain()


def found(*measurements, allowed=FRIDGE, usual=USUAL):
    """State, row and minutes out of the verdict."""
    verdict = judge(devices(measurements), allowed, usual)[0]
    return verdict and (verdict.state, verdict.row, round(verdict.minutes_out))


def steady(degrees, minutes, **more):
    """A reading every ten minutes."""
    return [reading(n, degrees, **more) for n in range(0, minutes + 1, 10)]


@pytest.mark.parametrize(
    ("measurements", "expected"),
    [
        ([reading(0, 40)], None),
        (steady(5, 120), ("within", None, 0)),
        (steady(9, 30), ("within", None, 30)),
        (steady(9, 40), ("excursion", "temperature:duration", 40)),
        (steady(1, 40), ("excursion", "temperature:duration", 40)),
        ([*steady(5, 60, device="a"), *steady(9, 40, device="b")],
         ("excursion", "temperature:duration", 40)),
        ([summary(0, 600, minimum=3, maximum=7, mean=5)], ("within", None, 0)),
        ([summary(0, 600, minimum=3, maximum=9, mean=5)], ("unclear", None, 0)),
        ([summary(0, 600, minimum=3, maximum=12, mean=9)],
         ("excursion", "temperature:duration", 150)),
        ([summary(0, 600, maximum=9)], ("unclear", None, 0)),
        ([summary(0, 20, maximum=12)], ("within", None, 0)),
        ([*steady(5, 60, device="a"), summary(0, 600, maximum=9) | {"device": "b"}],
         ("unclear", None, 0)),
    ],
)  # fmt: skip
def test_it_is_the_time_out_of_limits_that_counts(measurements, expected):
    """Half an hour is allowed; what a summary leaves open stays open."""
    assert found(*measurements) == expected


def test_a_long_window_is_judged_by_its_mean_kinetic_temperature_too():
    """Twenty minutes at 60 degrees are shorter than what is allowed, and did much harm."""
    peak = [reading(n, 7.9 if n < 1420 else 60) for n in range(0, 1441, 10)]
    assert found(*peak) == ("excursion", "temperature:mean_kinetic", 30)
    assert found(*peak, usual=ColdChain(mean_kinetic_hours=25)) == ("within", None, 30)
    assert found(*peak[-20:]) == ("within", None, 30)


def test_a_product_without_an_upper_limit_is_only_too_cold():
    """Water that must not freeze."""
    allowed = Limits(low=0, high=None, minutes=0)
    assert found(*steady(40, 1500), allowed=allowed) == ("within", None, 0)
    assert found(*steady(-1, 10), allowed=allowed)[0] == "excursion"


def test_limits_are_the_goods_own_else_those_of_the_setpoint():
    """A fact that is missing does not count; without any there is nothing to hold against."""
    set_to = ColdChain(setpoint_within=2, minutes=45)
    product = {"sku.temperature_max": 8.0, "sku.excursion_minutes": 10}
    assert limits(product, -18.0, set_to) == Limits(low=None, high=8, minutes=10)
    assert limits({"sku.temperature_min": 2}, None, USUAL) == Limits(low=2, high=None, minutes=30)
    assert limits({}, -18.0, set_to) == Limits(low=-20, high=-16, minutes=45)
    assert limits({}, -18.0, USUAL) is None
    assert limits({}, None, set_to) is None
    assert judge(devices(steady(40, 60)), None, USUAL) == (None, {})


def test_the_verdict_is_told_as_facts():
    """Rounded, and of the catalogue."""
    verdict, _ = judge(devices(steady(9, 40)), FRIDGE, USUAL)
    assert verdict.facts() == {
        "temperature.state": "excursion",
        "temperature.minutes": 40.0,
        "temperature.minutes_out": 40.0,
        "temperature.mean_kinetic": 9.0,
    }
    assert coldchain.STATES == ("within", "excursion", "unclear")
