"""Order of starting, back-off, and when to give up."""

from dataclasses import dataclass

import pytest

from infra.local.part import StackError, Step
from infra.local.restarts import EX_CONFIG, Restarts
from infra.local.supervisor import levels


@dataclass
class Clock:
    """Time that passes when told."""

    now: float = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def step(name: str, *needs: str) -> Step:
    """A unit that is only a name with needs."""
    return Step(name, needs, lambda: None)


def test_units_are_ordered_by_what_they_need() -> None:
    """What is needed starts first; what does not wait for each other starts together."""
    units = [step("decider", "topics"), step("topics", "kafka"), step("kafka"), step("zipkin")]
    ordered = [[unit.name for unit in level] for level in levels(units)]
    assert ordered == [["kafka", "zipkin"], ["topics"], ["decider"]]


def test_a_need_that_is_no_part_is_named() -> None:
    """A stack without its broker is refused before anything starts."""
    with pytest.raises(StackError, match="topics needs kafka"):
        levels([step("topics", "kafka")])


def test_a_circle_is_refused() -> None:
    """Two parts that wait for each other would wait for ever."""
    with pytest.raises(StackError, match="circle"):
        levels([step("a", "b"), step("b", "a")])


def test_back_off_doubles_up_to_its_cap() -> None:
    """A part that fails again and again must not take the machine."""
    restarts = Restarts(clock=Clock())
    restarts.ready()
    waits = [restarts.ended(1) for _ in range(7)]
    assert waits == [0.5, 1, 2, 4, 8, 10, 10]
    assert restarts.count == 7


def test_back_off_is_forgotten_after_a_good_while() -> None:
    """A part that is killed once an hour starts again at once each time."""
    clock = Clock()
    restarts = Restarts(clock=clock)
    for _ in range(3):
        restarts.ready()
        clock.now += 11
        assert restarts.ended(-9) == 0.5


def test_back_off_grows_when_a_part_ends_soon_after_it_was_ready() -> None:
    """Being ready for a moment is not running well."""
    clock = Clock()
    restarts = Restarts(clock=clock)
    waits = []
    for _ in range(3):
        restarts.ready()
        clock.now += 1
        waits.append(restarts.ended(1))
    assert waits == [0.5, 1, 2]


def test_a_part_that_never_gets_ready_is_given_up() -> None:
    """The first start ends with an error instead of trying for ever."""
    restarts = Restarts(clock=Clock())
    assert [restarts.ended(1) for _ in range(3)] == [0.5, 1, None]


def test_a_part_that_was_ready_once_is_never_given_up() -> None:
    """What it misses may come back: a broker that is down for a minute."""
    restarts = Restarts(clock=Clock())
    restarts.ready()
    assert None not in [restarts.ended(1) for _ in range(20)]


def test_a_wrong_configuration_is_given_up_at_once() -> None:
    """Starting again changes nothing about a wrong setting."""
    restarts = Restarts(clock=Clock())
    restarts.ready()
    assert restarts.ended(EX_CONFIG) is None
