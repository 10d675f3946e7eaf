"""Lanes: complete or not at all, in input order, braked, fair, and let go of within a bound."""

import asyncio
import time

import pytest

from services.chassis.errors import Crash
from services.chassis.kafka.lanes import Lanes
from services.chassis.record import Record


class Boundary:
    """Takes records; may be told to stop taking, to hang, to fail."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.taken: list[Record] = []
        self.acks = []
        self.room = asyncio.Event()
        self.room.set()
        self.stubborn = False

    async def open(self, lane):
        """Noted."""
        self.opened.append(lane.number)

    async def submit(self, _lane, record, ack):
        """Back-pressure is `room`."""
        await self.room.wait()
        self.taken.append(record)
        self.acks.append(ack)

    async def revoke(self, _numbers):
        """May ignore its cancellation."""
        deadline = time.monotonic() + 2
        while self.stubborn and time.monotonic() < deadline:
            try:
                await asyncio.sleep(0.5)
            except asyncio.CancelledError:
                continue


class Desk:
    """Lanes over two inputs with all that is around them."""

    def __init__(self, topics) -> None:
        self.crashes = []
        self.awake = True
        self.boundary = Boundary()
        self.lanes = Lanes(
            topics,
            buffer_records=10,
            buffer_bytes=10_000,
            leased=lambda: self.awake,
            on_crash=self.crashes.append,
        )
        self.lanes.boundary = self.boundary


@pytest.fixture
def desk():
    """Two inputs of our own."""
    return Desk({"one": "own", "other": "own"})


def _records(topic, first, until, size=1):
    return [Record(topic, 0, n, 0, b"k", b"v" * size) for n in range(first, until)]


async def _settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_lane_is_worked_on_only_with_all_its_inputs(desk):
    """Partition 1 of the other topic is elsewhere: lane 1 waits, lane 0 works."""
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0, ("one", 1): 0})
    assert desk.lanes.fetchable == {("one", 0), ("other", 0)}
    assert set(desk.lanes.lanes) == {0}
    await desk.lanes.release(1)


async def test_a_lane_is_opened_before_its_first_record(desk):
    """What a former owner left unfinished is due even if no record ever comes."""
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0})
    await _settle()
    assert desk.boundary.opened == [0]
    await desk.lanes.release(1)


async def test_records_are_submitted_in_order_and_no_input_waits_for_another(desk):
    """A flood on one topic: each record of the other goes in between."""
    desk.lanes.assign(1, {("one", 0): 5, ("other", 0): 0})
    desk.lanes.hand_over(("one", 0), _records("one", 5, 11))
    desk.lanes.hand_over(("other", 0), _records("other", 0, 2))
    await _settle()
    taken = [(record.topic, record.offset) for record in desk.boundary.taken]
    assert taken[:4] == [("one", 5), ("other", 0), ("one", 6), ("other", 1)]
    assert [offset for topic, offset in taken if topic == "one"] == [5, 6, 7, 8, 9, 10]
    await desk.lanes.release(1)


@pytest.mark.parametrize(("count", "size"), [(10, 1), (2, 6_000)], ids=["records", "bytes"])
async def test_a_full_buffer_stops_its_own_partition_until_it_is_half_empty(desk, count, size):
    """By count or by bytes; the other partition is fetched on."""
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0})
    desk.boundary.room.clear()
    desk.lanes.hand_over(("one", 0), _records("one", 0, count, size))
    assert desk.lanes.fetchable == {("other", 0)}
    desk.boundary.room.set()
    await _settle()
    assert desk.lanes.fetchable == {("one", 0), ("other", 0)}
    await desk.lanes.release(1)


async def test_only_what_was_acknowledged_may_be_committed(desk):
    """And only once; a commit of another generation is not noted."""
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0})
    desk.lanes.hand_over(("one", 0), _records("one", 0, 3))
    await _settle()
    desk.boundary.acks[0]()
    assert desk.lanes.committable() == {("one", 0): 1}
    desk.lanes.committed(0, {("one", 0): 1})
    assert desk.lanes.committable() == {("one", 0): 1}
    desk.lanes.committed(1, {("one", 0): 1})
    assert desk.lanes.committable() == {}
    await desk.lanes.release(1)


async def test_before_a_hole_all_is_finished_first(desk):
    """What came before the missing offset is delivered; what follows it is not."""
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0})
    desk.lanes.hand_over(("one", 0), [*_records("one", 0, 2), *_records("one", 3, 5)])
    desk.lanes.hand_over(("one", 0), _records("one", 5, 6))
    await _settle()
    assert [record.offset for record in desk.boundary.taken] == [0, 1]
    each = desk.lanes.inputs[("one", 0)]
    assert isinstance(each.hole, Crash)
    assert not each.settled
    for ack in desk.boundary.acks:
        ack()
    desk.lanes.committed(1, desk.lanes.committable())
    assert each.settled
    assert ("one", 0) not in desk.lanes.fetchable
    await desk.lanes.release(1)


async def test_letting_go_keeps_to_its_bound_and_ends_the_generation(desk):
    """Work that ignores being cancelled does not hold the rebalance; its acks count no more."""
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0})
    lane = desk.lanes.lanes[0]
    desk.lanes.hand_over(("one", 0), _records("one", 0, 1))
    await _settle()
    desk.boundary.stubborn = True
    started = time.monotonic()
    await desk.lanes.release(0.1)
    assert time.monotonic() - started < 0.5
    assert lane.held()
    desk.lanes.end()
    assert not lane.held()
    desk.boundary.acks[0]()
    assert desk.lanes.committable() == {}
    desk.boundary.stubborn = False


async def test_a_lane_is_not_held_by_a_process_that_slept(desk):
    """Ownership is a lease."""
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0})
    assert desk.lanes.lanes[0].held()
    desk.awake = False
    assert not desk.lanes.lanes[0].held()
    await desk.lanes.release(1)


async def test_a_boundary_that_raises_ends_the_process(desk):
    """A feeder that stopped silently would be a stall."""

    async def broken(*_):
        raise RuntimeError("bug")

    desk.boundary.submit = broken
    desk.lanes.assign(1, {("one", 0): 0, ("other", 0): 0})
    desk.lanes.hand_over(("one", 0), _records("one", 0, 1))
    await _settle()
    assert [type(error) for error in desk.crashes] == [RuntimeError]
    await desk.lanes.release(1)
