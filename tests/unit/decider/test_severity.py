"""How bad: by rule over facts, whatever a model says; what is missing does not count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decider.domain.exceptions import EXCEPTIONS, SEVERITIES
from services.decider.domain.severity import DRIVERS, Scale, Steps, days_late, severity

SCALE = Scale(
    cover_days=Steps(major=5, critical=2),
    money={"EUR": Steps(10_000, 100_000), "INR": Steps(1_000_000, 10_000_000)},
    safety={"food": "critical", "none": "minor"},
)


def facts(label: str, **given) -> dict:
    """Facts of an exception; `po__amount` is po.amount."""
    return {"exception.label": label} | {name.replace("__", "."): x for name, x in given.items()}


@pytest.mark.parametrize(
    ("label", "given", "expected"),
    [
        ("delay", {"exception__days_late": 1}, ("minor", "late")),
        ("delay", {"exception__days_late": 3}, ("major", "late")),
        ("delay", {"exception__days_late": 7}, ("critical", "late")),
        ("delay", {}, ("major", "kind")),
        ("delay", {"exception__days_late": 2, "stock__cover_days": 1}, ("critical", "cover")),
        ("delay", {"exception__days_late": 2, "stock__cover_days": 2}, ("minor", "late")),
        ("delay", {"stock__cover_days": 1}, ("critical", "cover")),
        ("delay", {"stock__cover_days": 4}, ("major", "kind")),
        ("shortage", {"stock__cover_days": 1.5}, ("critical", "cover")),
        ("shortage", {"stock__cover_days": 30}, ("major", "kind")),
        ("quality", {}, ("critical", "kind")),
        ("quality", {"sku__safety_class": "none"}, ("minor", "safety")),
        ("quality", {"sku__safety_class": "unheard of"}, ("critical", "kind")),
        ("damage", {"sku__safety_class": "food"}, ("critical", "safety")),
        ("capacity", {"sku__safety_class": "food"}, ("major", "kind")),
        ("damage", {"exception__rule": "code:dcsa:EQUIPMENT:RSEA"}, ("minor", "kind")),
        ("price", {"exception__days_late": 30}, ("minor", "kind")),
        ("data_quality", {"po__amount": 1e9, "po__currency": "EUR"}, ("minor", "kind")),
    ],
)
def test_it_begins_with_the_kind_and_what_is_known(label, given, expected):
    """Length of a delay, harm of the goods, and a stock that does not last."""
    assert severity(facts(label, **given), SCALE) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"po__amount": 9_999, "po__currency": "EUR"}, ("minor", "late")),
        ({"po__amount": 10_000, "po__currency": "EUR"}, ("major", "money")),
        ({"po__amount": 10_000, "po__currency": "INR"}, ("minor", "late")),
        ({"po__amount": 1e12, "po__currency": "EUR"}, ("major", "money")),
        ({"po__amount": 1e12, "po__currency": "USD"}, ("minor", "late")),
        ({"po__amount": 1e12}, ("minor", "late")),
        ({"order__amount": 20_000, "order__currency": "EUR"}, ("major", "money")),
        (
            {"po__amount": 1, "po__currency": "EUR"}
            | {"order__amount": 1e9, "order__currency": "EUR"},
            ("minor", "late"),
        ),
        (
            {"po__amount": 20_000, "po__currency": "EUR", "stock__cover_days": 0},
            ("critical", "cover"),
        ),
    ],
)
def test_money_at_risk_raises_it_by_one_step_at_most(given, expected):
    """In its own currency; of a currency without steps nothing is known."""
    assert severity(facts("delay", exception__days_late=1, **given), SCALE) == expected


def test_of_a_price_the_change_is_at_risk_not_the_order():
    """Five per cent of 300,000 are 15,000; a price of which nobody says how much is not."""
    given = {"po__amount": 300_000, "po__currency": "EUR"}
    assert severity(facts("price", supply__price_change=5.0, **given), SCALE) == ("major", "money")
    assert severity(facts("price", supply__price_change=3.0, **given), SCALE) == ("minor", "kind")
    assert severity(facts("price", **given), SCALE) == ("minor", "kind")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"supply.delay_days": -2.0}, None),
        ({"supply.delay_days": 2.0, "po.late_days": 5.0, "supply.slipped_days": 3.0}, 5.0),
        ({"supply.delay_days": 2.0, "po.promised_in_days": -9.0}, 2.0),
        ({"po.promised_in_days": -9.0}, 9.0),
        ({"po.promised_in_days": 4.0}, None),
    ],
)
def test_it_is_as_late_as_the_worst_that_is_known(given, expected):
    """A promise that is over is at least as late as it is over."""
    assert days_late(given) == expected


@given(
    st.sampled_from(EXCEPTIONS),
    st.fixed_dictionaries(
        {},
        optional={
            "exception.days_late": st.floats(0, 400),
            "stock.cover_days": st.floats(0, 400),
            "sku.safety_class": st.sampled_from(["food", "none", "x"]),
            "po.amount": st.floats(0, 1e9),
            "po.currency": st.sampled_from(["EUR", "USD"]),
            "supply.price_change": st.floats(-50, 50),
        },
    ),
)
def test_more_at_risk_is_never_less_severe(label, known):
    """And without any facts it is what its kind is."""
    known = {"exception.label": label, **known}
    found, driver = severity(known, SCALE)
    assert found in SEVERITIES
    assert driver in DRIVERS
    more = dict(known)
    for name, worse in (("po.amount", 1e10), ("exception.days_late", 500.0)):
        if name in more:
            more[name] = worse
    if "stock.cover_days" in more:
        more["stock.cover_days"] = 0.0
    assert SEVERITIES.index(severity(more, SCALE)[0]) >= SEVERITIES.index(found)


def test_no_exception_has_no_severity():
    """There is nothing that could be bad."""
    assert severity({"stock.cover_days": 0.0}, SCALE) is None
