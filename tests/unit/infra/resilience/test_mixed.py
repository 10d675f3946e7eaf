"""What the mixed run publishes: every source, and each record ends as it is said to."""

from collections import Counter
from itertools import islice

import pytest

from infra.replay import public_data
from infra.resilience import mixed, real, varied
from infra.resilience.load import Given, Published
from services.chassis.outcome import DeadLetter
from services.chassis.record import Record
from services.intake.formats import ALL
from tests.fakes_intake import Door, loaded


@pytest.fixture
def door(tmp_path) -> Door:
    """Intake's own handler with the run's sources."""
    return Door(loaded(tmp_path, varied.sources()))


def judged(door: Door, given: Given) -> None:
    """The handler makes of a record exactly the cases that the run expects."""
    record = Record(
        given.topic, 3, 41, 1_764_000_000_000, given.id.encode(), given.value, given.headers
    )
    if given.must == "dead-letter":
        assert isinstance(door.open(record), DeadLetter), given.id
    else:
        cases = [str(case.case_id) for case in door.cases(record)]
        assert cases == list(Published(given, 3, 41).cases), given.id


def test_varied_records_are_of_every_source_and_end_as_they_must(door) -> None:
    """Sound and broken, in every form; no two are the same event."""
    given = list(islice(varied.stream(5), 600))
    for each in given:
        judged(door, each)
    sound = Counter(each.source for each in given if each.must == "decision")
    assert sound.keys() == ALL.keys()
    assert any(each.must == "dead-letter" for each in given)
    assert any(len(each.events) > 1 for each in given)
    assert any(None in each.events for each in given), "some are bare and without an id"
    cases = [case for n, each in enumerate(given) for case in Published(each, 0, n).cases]
    assert len(cases) == len(set(cases))


def test_the_same_seed_gives_the_same_records_and_another_others() -> None:
    """A run that failed can be made again."""
    plan = mixed.Plan(records=200, seed=4, public=None)
    assert mixed.records(plan) == mixed.records(plan)
    other = {each.id: each.value for each in mixed.records(plan)}.items()
    assert other != {each.id: each.value for each in mixed.records(plan_of(5))}.items()


def plan_of(seed: int) -> mixed.Plan:
    """A small one without public data."""
    return mixed.Plan(records=200, seed=seed, public=None)


def test_some_are_repeats_that_carry_their_id() -> None:
    """Else they would be events of their own."""
    given = mixed.records(plan_of(1))
    assert len(given) == 200
    times = Counter(each.id for each in given)
    again = [each for each in given if times[each.id] > 1]
    assert again
    assert not any(None in each.events for each in again)


HOME = public_data.home()


@pytest.mark.skipif(
    HOME is None, reason=f"no public data sets ({public_data.VARIABLE} names no folder)"
)
def test_public_records_end_as_they_must(door) -> None:
    """What others wrote, valid and not, and what their tables become."""
    given = list(real.records(HOME, order_lines=20, texts=20, seed=1))
    assert len(given) > 1000
    for each in given[:: len(given) // 200]:
        judged(door, each)
    invalid = [each for each in given if each.must == "dead-letter"]
    for each in invalid[: len(invalid) // 4]:
        judged(door, each)
