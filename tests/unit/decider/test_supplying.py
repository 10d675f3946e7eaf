"""What went wrong with the goods, at the moment of deciding: over facts that may be missing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.automation.assessment import Assessment, JoinedFact
from schemas.supply import Classifier, Measurement, Milestone
from services.decider.domain.coldchain import ColdChain
from services.decider.domain.observing import facts_at
from services.decider.domain.severity import Scale, Steps
from services.decider.domain.supplying import Standards
from tests.fakes_decider import NOW
from tests.fakes_supply import seen, supply

STANDARDS = Standards(
    severity=Scale(cover_days=Steps(5, 2), money={"EUR": Steps(10_000, 100_000)}),
    cold_chain=ColdChain(setpoint_within=2),
)
FRIDGE = {"sku.temperature_min": 2, "sku.temperature_max": 8, "sku.excursion_minutes": 60}


def facts(*refs, joined=None, age=timedelta(), **fields):
    """All facts of an event, with what is joined to it."""
    known = tuple(
        JoinedFact(name=name, value=value, as_of=NOW - age, source="ref")
        for name, value in (joined or {}).items()
    )
    view = seen(
        supply(*(refs or (("po", "P"),)), **fields), Assessment(facts=known, assessed_at=NOW)
    )
    return facts_at(view, NOW, superseded=False, standards=STANDARDS).facts


def warm(degrees=9, hours=3, **more):
    """A logger's readings, one an hour, and the alarm that it gave."""
    return tuple(
        Measurement(
            kind="temperature",
            value=Decimal(degrees),
            uom="CEL",
            at=NOW - timedelta(hours=hour),
            alert="alarm",
            **more,
        )
        for hour in range(hours + 1)
    )


def told(found):
    """Label, row, severity, and what the window came to."""
    names = ("exception.label", "exception.rule", "exception.severity", "temperature.state")
    return tuple(found.get(name) for name in names)


def test_a_window_is_held_against_the_limits_of_the_goods():
    """Three hours at nine degrees, where an hour is allowed."""
    found = facts(measurements=warm(), joined=FRIDGE)
    row = "temperature:duration"
    assert told(found) == ("temperature_excursion", row, "critical", "excursion")
    assert (found["temperature.minutes_out"], found["temperature.mean_kinetic"]) == (180.0, 9.0)


def test_an_alarm_that_the_limits_of_the_goods_contradict_is_none():
    """The device knows its own limits, not those of what is beside it."""
    found = facts(measurements=warm(7), milestone=Milestone.ALERT, joined=FRIDGE)
    assert told(found) == (None, None, None, "within")


@pytest.mark.parametrize(
    ("joined", "age"), [({}, timedelta()), (FRIDGE, timedelta(days=31))], ids=["none", "stale"]
)
def test_without_limits_the_device_s_alarm_stands(joined, age):
    """Facts that are missing or too old do not count."""
    found = facts(measurements=warm(7), milestone=Milestone.ALERT, joined=joined, age=age)
    assert told(found) == ("temperature_excursion", "alert:temperature", "critical", None)


def test_one_reading_is_never_an_excursion():
    """However warm: it says nothing of how long."""
    measured = Measurement(kind="temperature", value=Decimal(40), uom="CEL", at=NOW)
    assert told(facts(measurements=(measured,), joined=FRIDGE)) == (None, None, None, None)


def test_a_reefer_is_held_against_its_setpoint():
    """Where nothing is known of the goods."""
    setpoint = Measurement(kind="temperature_setpoint", value=Decimal(-18), uom="CEL", at=NOW)
    probes = [each.model_copy(update={"alert": None}) for each in warm(-15)]
    assert told(facts(measurements=(setpoint, *probes)))[:2] == (
        "temperature_excursion",
        "temperature:duration",
    )


def test_a_supplier_s_figure_for_a_delay_is_one():
    """project44 says minutes, others days."""
    late = Measurement(kind="delay", value=Decimal(2880), uom="MIN")
    odd = Measurement(kind="delay", value=Decimal(9), uom="XX")
    found = facts(measurements=(late, odd), reason_code="p44:WEATHER_DELAY")
    assert (found["supply.delay_days"], *told(found)[:2]) == (2.0, "delay", "delay_days")


def test_an_estimate_past_the_promised_date_is_a_delay():
    """Though the event says nothing of what was promised."""
    promised = (NOW + timedelta(days=10)).isoformat()
    found = facts(new_time=NOW + timedelta(days=15), joined={"po.promised_at": promised})
    assert told(found)[:3] == ("delay", "po.late_days", "major")
    assert found["exception.days_late"] == 5.0


def test_stock_that_ends_is_a_shortage_before_anybody_says_so():
    """Of an event about stock; by the operator's steps."""
    fields = {"family": "inventory", "milestone": Milestone.OTHER}
    assert told(facts(joined={"stock.cover_days": 1}, **fields))[:3] == (
        "shortage",
        "stock.cover_days",
        "critical",
    )
    assert told(facts(joined={"stock.cover_days": 9}, **fields))[0] is None


def test_what_has_happened_tomorrow_is_wrong():
    """An actual time that lies ahead: the year, the month or the zone."""
    case = supply(("po", "P"), classifier=Classifier.ACTUAL)
    case = case.model_copy(update={"occurred_at": NOW + timedelta(days=2)})
    found = facts_at(seen(case), NOW, superseded=False).facts
    assert told(found)[:2] == ("data_quality", "occurred_at:future")


def test_why_it_is_so_severe_is_a_fact():
    """For the explanation of what is done."""
    joined = {"po.amount": 20_000, "po.currency": "EUR"}
    found = facts(delay_days=Decimal(1), joined=joined)
    assert (found["exception.severity"], found["exception.driver"]) == ("major", "money")


@pytest.mark.parametrize(
    ("correction", "retracts", "replaces"),
    [("retracted", True, False), ("replaced", False, True), (None, True, False)],
)
def test_a_correction_names_what_it_corrects(correction, retracts, replaces):
    """The policy sees the id, and whether it is taken back or said anew."""
    found = facts(corrects="urn:uuid:1", correction=correction)
    assert found["supply.corrects"] == "urn:uuid:1"
    assert (found["supply.retracts"], found["supply.replaces"]) == (retracts, replaces)
