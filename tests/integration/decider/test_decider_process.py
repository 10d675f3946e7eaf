"""The whole decider as a process on the real broker: killed at every named point, and it is one."""

import signal
import time
from uuid import uuid4

import pytest

from infra.local.kafka import KafkaBroker
from schemas.automation.control import Stop
from schemas.automation.decision import CaseDecided
from tests.integration.decider.house import House, judge, until
from topics.automation import ACTION_REQUESTED, CASE_DECIDED

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["snapshot", "no-snapshot"])
@pytest.mark.parametrize(
    "point",
    [
        "decider.before-append",
        "decider.after-append",
        "decider.after-emission",
        "decider.before-marker",
        "decider.before-ack",
        "boundary.before-ack",
    ],
)
def test_killed_at_a_named_point_every_case_is_decided_once(
    house: House, point: str, *, elsewhere: bool
) -> None:
    """Whenever it dies, the next one ends what it began, with or without its snapshot."""
    mark = house.folder / "mark"
    crash = {
        "SLUICE_CRASH_POINT": point,
        "SLUICE_CRASH_MARK": str(mark),
        "SLUICE_DECIDER_CHUNK": "16",
    }
    cases = [uuid4() for _ in range(120)]
    house.feed(cases)
    first = house.start("1", **crash)
    assert first.wait(40) == -signal.SIGKILL, house.log()
    assert mark.exists()
    second = house.start("2" if elsewhere else "1", **crash)
    until(lambda: len(house.decided()) == len(cases), 40, house.log())
    second.terminate()
    assert second.wait(25) == 0, house.log()
    judge(house, cases)


def test_a_stop_pressed_while_it_was_dead_cancels_for_ever(house: House) -> None:
    """Killed between append and emission, the stop comes, the policy's word is overruled."""
    cases = [uuid4() for _ in range(30)]
    house.feed(cases, tenant="acme")
    crash = {"SLUICE_CRASH_POINT": "decider.after-append"}
    assert house.start(**crash).wait(40) == -signal.SIGKILL
    house.control(Stop(tenant="acme", active=True))
    second = house.start()
    until(lambda: len(house.decided()) == len(cases), 40, house.log())
    second.kill()
    second.wait(10)
    house.control(Stop(tenant="acme", active=False))
    later = [uuid4()]
    house.feed(later, tenant="acme")
    third = house.start("elsewhere")
    until(lambda: len(house.decided()) == len(cases) + 1, 40, house.log())
    third.terminate()
    assert third.wait(25) == 0
    decided_with = {case: CaseDecided.from_json(value) for case, value in house.read(CASE_DECIDED)}
    promised = {
        str(each.action.action_id): case
        for case, event in decided_with.items()
        for each in event.decision.actions
        if each.withheld is None
    }
    went = {promised[action] for action, _ in house.read(ACTION_REQUESTED)}
    assert went == {str(later[0])}
    assert set(promised.values()) > went, "the first chunk had been promised before the stop"


def test_paused_beyond_its_session_and_resumed_it_adds_nothing_twice(house: House) -> None:
    """The other one takes over meanwhile; who wakes up finds that it is no longer its turn."""
    first = house.start("1", SLUICE_DECIDER_CHUNK="8")
    before = [uuid4() for _ in range(60)]
    house.feed(before)
    until(lambda: len(house.decided()) > 5, 40, house.log())
    first.send_signal(signal.SIGSTOP)
    after = [uuid4() for _ in range(60)]
    house.feed(after)
    house.start("2", SLUICE_DECIDER_CHUNK="8")
    until(lambda: len(house.decided()) == len(before + after), 60, house.log())
    first.send_signal(signal.SIGCONT)
    last = [uuid4() for _ in range(60)]
    house.feed(last)
    until(lambda: len(house.decided()) == len(before + after + last), 60, house.log())
    judge(house, before + after + last)


def test_a_case_that_comes_back_is_not_decided_again(house: House) -> None:
    """Duplicates in one chunk and across processes, with the snapshot deleted between them."""
    cases = [uuid4() for _ in range(20)]
    house.feed(cases + cases)
    first = house.start()
    until(lambda: len(house.decided()) == len(cases), 40, house.log())
    first.terminate()
    assert first.wait(25) == 0
    for file in (house.folder / "state").glob("*.sqlite*"):
        file.unlink()
    house.feed(cases)
    fresh = [uuid4()]
    house.feed(fresh)
    house.start()
    until(lambda: len(house.decided()) == len(cases) + 1, 40, house.log())
    judge(house, cases + fresh)


def test_a_second_decider_in_the_same_place_is_refused(house: House) -> None:
    """One clear line with the remedy, and the exit code of a configuration error."""
    house.start("1")
    until(lambda: "listening" in house.log(0), 20, "the first one runs")
    second = house.start("1")
    assert second.wait(20) == 78
    assert "SLUICE_INSTANCE" in house.log()


def test_a_broker_killed_under_it_costs_time_only(house: House, broker: KafkaBroker) -> None:
    """Appends in flight are retried by the producer, or end the process; never decided twice."""
    crash = {"SLUICE_DECIDER_CHUNK": "8"}
    first = house.start(**crash)
    cases = [uuid4() for _ in range(3000)]
    house.feed(cases)
    until(lambda: len(house.decided()) > 100, 40, house.log())
    broker.kill()
    time.sleep(3)
    broker.start()
    broker.wait_ready()
    deadline = time.monotonic() + 90
    while len(house.decided()) < len(cases):
        assert time.monotonic() < deadline, house.log()
        if first.poll() is not None:
            # It could not know what became of an append: the supervisor starts it again.
            first = house.start(**crash)
        time.sleep(0.5)
    judge(house, cases)
