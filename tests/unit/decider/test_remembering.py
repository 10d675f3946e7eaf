"""A later event against the ones before it: a new time names what it corrects, readings add up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.automation.assessment import Assessment, JoinedFact
from schemas.supply import Classifier, Measurement, Milestone, Place
from services.decider.domain.coldchain import ColdChain, Limits, judge
from services.decider.domain.deciding import decide
from services.decider.domain.policy import DEFAULT
from services.decider.domain.temperatures import Device, devices
from services.decider.policies import SHIPPED, load_policies
from tests.fakes_decider import NOW
from tests.fakes_policy import FakeControl, FakeMemory
from tests.fakes_supply import at, reading, seen, supply

POLICY = load_policies(SHIPPED)["supply"]
FRIDGE = Limits(low=2, high=8, minutes=30)
DAY = timedelta(days=1)


class Carrier:
    """Events of one source about one shipment, decided one after the other."""

    def __init__(self):
        self.memory = FakeMemory()
        self.said = 0

    def says(self, time=None, *, joined=None, source="carrier", **fields):
        """The ruling on an event; `time` is in days from now."""
        self.said += 1
        given = {
            "milestone": Milestone.ARRIVED,
            "place": Place(unlocode="INNSA"),
            "new_time": None if time is None else NOW + time * DAY,
        } | fields
        case = supply(("shipment", "S1"), **given)
        named = {"event_id": f"e{self.said}", "source": source}
        known = tuple(
            JoinedFact(name=name, value=value, as_of=NOW, source="ref")
            for name, value in (joined or {}).items()
        )
        view = seen(case.model_copy(update=named), Assessment(facts=known, assessed_at=NOW))
        ruling = decide(view, POLICY, self.memory, FakeControl(), NOW)
        self.memory.learn(view.subject, ruling.learned)
        return ruling


def told(ruling):
    """What the policy was told of the new time."""
    names = ("exception.label", "supply.delay_days", "supply.slipped_days", "supply.corrects")
    return tuple(ruling.facts.get(name) for name in names)


def test_a_later_estimate_is_a_delay_that_names_the_one_it_corrects():
    """A carrier that sends only its newest estimate, as DCSA's do."""
    carrier = Carrier()
    assert told(carrier.says(10)) == (None, None, None, None)
    later = carrier.says(14)
    assert told(later) == ("delay", 4.0, 4.0, "e1")
    assert (later.rule, later.facts["exception.severity"]) == ("late", "major")
    said = later.actions[0].explanation
    assert "exception.days_late=4.0" in said
    assert "supply.corrects=e1" in said


def test_what_is_said_again_is_no_news():
    """Carriers repeat themselves every few hours; a planner is called once."""
    carrier = Carrier()
    carrier.says(10)
    carrier.says(14)
    assert told(carrier.says(14)) == (None, None, 4.0, None)
    assert carrier.says(14).rule == DEFAULT


def test_half_days_add_up():
    """Two of them are a day."""
    carrier = Carrier()
    carrier.says(10)
    assert told(carrier.says(10.5)) == (None, 0.5, 0.5, "e1")
    creeping = carrier.says(11.25)
    assert told(creeping) == ("delay", 0.75, 1.25, "e2")
    assert creeping.facts["exception.rule"] == "slipped_days"


def test_a_better_estimate_is_no_delay_though_it_is_still_late():
    """It corrects the worse one."""
    carrier = Carrier()
    carrier.says(10)
    carrier.says(16)
    assert told(carrier.says(13)) == (None, -3.0, 3.0, "e2")


def test_an_order_that_was_late_before_is_late_once():
    """The promise is joined to each event; only a worse estimate is news."""
    carrier = Carrier()
    promised = {"po.promised_at": (NOW + 5 * DAY).isoformat()}
    assert carrier.says(10, joined=promised).facts["exception.rule"] == "po.late_days"
    assert told(carrier.says(10, joined=promised))[0] is None
    assert carrier.says(10.5, joined=promised).facts["exception.days_late"] == 5.5


def test_what_the_event_itself_says_goes_before():
    """Its own earlier time, and the event that it says it replaces."""
    carrier = Carrier()
    carrier.says(10)
    ruling = carrier.says(
        14,
        delay_days=Decimal(2),
        corrects="own",
        correction="replaced",
        previous_time=NOW + 12 * DAY,
    )
    assert told(ruling) == ("delay", 2.0, 4.0, "own")


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "project44"},
        {"milestone": Milestone.DEPARTED},
        {"place": Place(unlocode="NLRTM")},
        {"place": None},
    ],
)
def test_another_source_milestone_or_place_contradicts_nothing(fields):
    """It was never said that the ship would be there then."""
    carrier = Carrier()
    carrier.says(10)
    assert told(carrier.says(14, **fields)) == (None, None, None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"classifier": Classifier.REQUESTED},
        {"corrects": "e0", "correction": "retracted"},
        {"corrects": "e0"},
    ],
)
def test_a_wish_or_what_is_taken_back_is_not_remembered(fields):
    """Nobody said that it would be so."""
    carrier = Carrier()
    carrier.says(14, **fields)
    assert told(carrier.says(10)) == (None, None, None, None)


def test_an_impossible_time_is_not_remembered():
    """The next one is held against the last that was possible."""
    carrier = Carrier()
    carrier.says(10)
    assert told(carrier.says(4000))[0] == "data_quality"
    assert told(carrier.says(14)) == ("delay", 4.0, 4.0, "e1")


def test_readings_that_come_one_by_one_become_an_excursion():
    """A reefer reports each half hour; its goods may be out of limits for an hour."""
    carrier = Carrier()
    limits = {"sku.temperature_max": 8, "sku.excursion_minutes": 60}
    rulings = []
    for n, degrees in enumerate([7, 9, 9, 9, 9, 7, 9]):
        measured = Measurement(
            kind="temperature", value=Decimal(degrees), uom="CEL", at=NOW + n * DAY / 48
        )
        event = {"milestone": Milestone.MEASURED, "measurements": (measured,)}
        rulings.append(carrier.says(joined=limits, **event))
    states = [each.facts.get("temperature.state") for each in rulings]
    assert states == [None, "within", "within", "excursion", "excursion", "excursion", "within"]
    assert [each.rule for each in rulings[2:5]] == [DEFAULT, "cold-chain", "cold-chain"]
    assert rulings[-1].facts["temperature.minutes_out"] == 15.0


def test_without_limits_nothing_is_watched():
    """Nobody could say whether it was out of them."""
    carrier = Carrier()
    measured = Measurement(kind="temperature", value=Decimal(50), uom="CEL", at=NOW)
    carrier.says(milestone=Milestone.MEASURED, measurements=(measured,))
    assert carrier.memory.readings == {}


DEGREES = st.lists(st.integers(0, 12), min_size=2, max_size=12)


@given(DEGREES, st.data())
def test_it_does_not_matter_how_readings_are_cut_into_events(degrees, data):
    """What is out at the end is so for as long, however the readings came."""
    readings = [reading(20 * n, each) for n, each in enumerate(degrees)]
    usual = ColdChain()
    _, whole = judge(devices(readings), FRIDGE, usual)
    last = {}
    while readings:
        count = data.draw(st.integers(1, len(readings)))
        _, learned = judge(devices(readings[:count]), FRIDGE, usual, last)
        last |= learned
        readings = readings[count:]
    assert last["-"].seconds_out == pytest.approx(whole["-"].seconds_out)


def test_an_old_reading_does_not_take_the_place_of_a_newer_one():
    """Events overtake each other."""
    _, last = judge(devices([reading(60, 9)]), FRIDGE, ColdChain())
    verdict, learned = judge(devices([reading(0, 40)]), FRIDGE, ColdChain(), last)
    assert (verdict, learned) == (None, {})


def test_after_a_long_silence_it_is_counted_anew():
    """Nobody knows what was in between."""
    chain = ColdChain(longest_gap_hours=1)
    _, last = judge(devices([reading(0, 9), reading(50, 9)]), FRIDGE, chain)
    assert last["-"].seconds_out == 3000
    verdict, last = judge(devices([reading(120, 9)]), FRIDGE, chain, last)
    assert (verdict, last["-"].seconds_out, last["-"].at) == (None, 0, at(120))


def test_a_device_without_a_name_is_one_too():
    """And one that told nothing in a known unit is none."""
    assert [each.name for each in devices([reading(0, 9)])] == ["-"]
    assert devices([reading(0, 9, uom=None)]) == ()
    assert isinstance(devices([reading(0, 9)])[0], Device)
