"""Nothing is lost and order is kept, whoever is killed, paused, joins or leaves."""

import random
import signal
import time

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def _nothing_lost(workshop, topic: str, count: int) -> int:
    """Every record came out, in order; returns how many came out again."""
    found = workshop.echoes()
    mine = {origin: times for origin, times in found.times.items() if origin[0] == topic}
    assert len(mine) == count
    assert found.disorder == 0
    return sum(times - 1 for times in mine.values())


def test_a_killed_worker_loses_nothing_of_a_backlog(workshop, wait) -> None:
    """Kill -9 in the midst of a backlog, four times over: all of it is there in the end."""
    workshop.create(topic := f"in.{workshop.id}")
    dice = random.Random(7)  # noqa: S311 - repeatable, not secret
    total = 0
    for _ in range(4):
        workshop.feed(topic, 3_000)
        total += 3_000
        before = sum(workshop.ends(workshop.out))
        worker = workshop.start(topic, TEST_DELAY="0.02")
        wait(lambda b=before: sum(workshop.ends(workshop.out)) > b + 200, 30, "it works")
        time.sleep(dice.random())
        worker.kill()
        assert all(
            done <= end
            for done, end in zip(workshop.committed(topic), workshop.ends(topic), strict=True)
        )
    workshop.start(topic)
    workshop.wait_done(topic)
    _nothing_lost(workshop, topic, total)


def test_terminated_workers_drain_without_a_duplicate(workshop, wait) -> None:
    """SIGTERM under load, three times: exit code 0, soon, and no record comes out twice."""
    workshop.create(topic := f"in.{workshop.id}")
    for _ in range(3):
        workshop.feed(topic, 4_000)
        before = sum(workshop.ends(workshop.out))
        worker = workshop.start(topic, TEST_DELAY="0.05")
        wait(lambda b=before: sum(workshop.ends(workshop.out)) > b + 300, 30, "it works")
        started = time.monotonic()
        assert worker.end() == 0
        assert time.monotonic() - started < 8
    workshop.start(topic)
    workshop.wait_done(topic)
    assert _nothing_lost(workshop, topic, 12_000) == 0


def test_workers_that_join_and_leave_cost_no_duplicate(workshop, wait) -> None:
    """Each of two inputs' partition n is with the same worker, before and after; nothing twice."""
    workshop.create(one := f"in.{workshop.id}", other := f"beside.{workshop.id}")
    workshop.feed(one, 6_000)
    workshop.feed(other, 3_000)
    first = workshop.start(one, other, TEST_DELAY="0.05")
    wait(lambda: len(first.lanes) == 4, 30, "alone it has all lanes")
    second = workshop.start(one, other, TEST_DELAY="0.05")
    wait(lambda: len(second.lanes) == 2, 30, "the second gets its half")
    wait(lambda: len(first.lanes) == 2, 30, "the first keeps its half")
    assert first.lanes | second.lanes == {0, 1, 2, 3}
    workshop.feed(one, 1_000)
    assert first.end() == 0
    wait(lambda: len(second.lanes) == 4, 30, "who stays gets all")
    workshop.wait_done(one, other)
    assert _nothing_lost(workshop, one, 7_000) == 0
    assert _nothing_lost(workshop, other, 3_000) == 0


def test_a_paused_worker_finds_back_and_loses_nothing(workshop, wait) -> None:
    """Stopped past its session, another takes over; resumed, it rejoins by itself."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 6_000)
    sleeper = workshop.start(topic, TEST_DELAY="0.05")
    wait(lambda: len(sleeper.lanes) == 4, 30, "it has all lanes")
    helper = workshop.start(topic, TEST_DELAY="0.05")
    wait(lambda: len(helper.lanes) == 2, 30, "the helper has half")
    sleeper.signal(signal.SIGSTOP)
    wait(lambda: len(helper.lanes) == 4, 30, "the helper takes over")
    sleeper.signal(signal.SIGCONT)
    wait(lambda: len(helper.lanes) == 2, 30, "the sleeper is back in the group")
    workshop.feed(topic, 1_000)
    workshop.wait_done(topic)
    assert helper.end() == 0
    assert sleeper.end() == 0
    _nothing_lost(workshop, topic, 7_000)


def test_a_crash_of_ours_is_not_acknowledged(workshop) -> None:
    """A handler that raises Crash ends the process with 1; its record is not committed."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 200)
    workshop.feed(topic, 1, value=b"fatal")
    crashing = workshop.start(topic, TEST_CRASH_ON="fatal")
    assert crashing.process.wait(40) == 1
    assert crashing.says("asked to")
    assert sum(workshop.committed(topic)) < 201
    workshop.start(topic)
    workshop.wait_done(topic)
    _nothing_lost(workshop, topic, 201)


def test_a_worker_that_stands_still_says_so_and_ends_itself(workshop, wait) -> None:
    """A handler that hangs with records waiting: unready first, then the watchdog ends it."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 50)
    workshop.feed(topic, 1, value=b"stuck")
    hanging = workshop.start(topic, TEST_HANG_ON="stuck", SLUICE_KAFKA_STANDSTILL_S="8")
    wait(lambda: hanging.check("committed offsets") is False, 30, "health sees it")
    assert hanging.check("group membership") is True
    assert hanging.page("/health/live") == "alive\n"
    assert hanging.process.wait(60) == 1
    assert hanging.says("has stood still")


def test_order_is_kept_while_several_chunks_are_computed_at_once(workshop, wait) -> None:
    """Small chunks, four at a time, each after a random delay; a kill in the midst of it."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 3_000)
    several = {"TEST_CHUNK": "5", "TEST_IN_FLIGHT": "4", "TEST_DAWDLE": "0.05"}
    first = workshop.start(topic, **several)
    wait(lambda: sum(workshop.ends(workshop.out)) > 300, 30, "it works")
    first.kill()
    assert sum(workshop.committed(topic)) < 3_000
    second = workshop.start(topic, **several)
    workshop.wait_done(topic)
    assert second.end() == 0
    _nothing_lost(workshop, topic, 3_000)
