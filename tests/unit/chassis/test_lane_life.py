"""A lane's life: prepared before its first record, braked, ticked, and let go of within a bound."""

import asyncio

from services.chassis.errors import Outage
from tests.fakes_boundary import Post, echo, until
from tests.fakes_decider import FakeLane


async def test_a_lane_is_prepared_once_per_generation_before_its_first_record() -> None:
    """State is caught up first; an outage of that is waited for."""
    post, ready = Post(), asyncio.Event()

    async def before() -> None:
        if not ready.is_set():
            raise Outage("journal: no answer")

    post.handler.before = before
    await post.feed(FakeLane(generation=1), b"a", b"b")
    await asyncio.sleep(0.02)
    assert post.handler.calls == []
    ready.set()
    await post.done(2)
    await post.feed(FakeLane(generation=2), b"c", first=2)
    await post.done(3)
    assert post.handler.prepared == [(0, 1), (0, 2)]
    await post.boundary.drain()


async def test_what_is_not_held_any_more_is_not_acknowledged() -> None:
    """The lane went elsewhere while the model thought: nothing is written nor acknowledged."""
    lane = FakeLane()

    async def lose(_lane, deliveries):
        lane.is_held = False
        return echo(deliveries)

    post = Post(lose)
    await post.feed(lane, b"a")
    await asyncio.sleep(0.02)
    assert (post.acked, post.broker.written) == ([], [])
    started = asyncio.get_running_loop().time()
    await post.boundary.revoke([0])
    assert asyncio.get_running_loop().time() - started < 2, "there is nothing to wait for"
    assert post.handler.released == [0]


async def test_a_revoked_lane_finishes_what_is_in_flight_and_drops_the_rest() -> None:
    """In flight is written and acknowledged; what waits is another process's."""
    gate = asyncio.Event()

    async def slow(_lane, deliveries):
        await gate.wait()
        return echo(deliveries)

    post = Post(slow, chunk=2)
    await post.feed(FakeLane(), *(b"%d" % n for n in range(6)))
    await asyncio.sleep(0.01)
    revoking = asyncio.create_task(post.boundary.revoke([0]))
    await asyncio.sleep(0.01)
    gate.set()
    await revoking
    assert post.acked == [(0, 0), (0, 1)]
    assert post.broker.values() == [b"0", b"1"]
    assert post.boundary.in_flight == 0


async def test_in_flight_gets_its_time_and_no_more() -> None:
    """A model that hangs does not hold a rebalance."""

    async def hang(_lane, _deliveries):
        await asyncio.Event().wait()

    post = Post(hang, drain_s=0.05)
    await post.feed(FakeLane(), b"a")
    await asyncio.sleep(0.01)
    async with asyncio.timeout(2):
        await post.boundary.drain()
    assert post.acked == []
    assert post.spans.good == post.spans.open == 1, "its span is ended, not failed: it comes again"


async def test_a_held_lane_is_let_go_at_once() -> None:
    """Nothing it waits for would be done in five seconds."""

    async def never(_lane, _deliveries):
        raise Outage("no answer")

    post = Post(never, drain_s=30)
    await post.feed(FakeLane(), b"a")
    await until(lambda: post.boundary.holds)
    async with asyncio.timeout(2):
        await post.boundary.revoke(None)
    assert (post.acked, dict(post.boundary.holds)) == ([], {})
    assert post.health.ready


async def test_a_full_buffer_makes_the_stream_wait() -> None:
    """Memory is bounded whatever the backlog; a lane that goes lets who waits go."""
    gate = asyncio.Event()

    async def slow(_lane, deliveries):
        await gate.wait()
        return echo(deliveries)

    post = Post(slow, chunk=1, buffer=3, drain_s=0)
    feeding = asyncio.create_task(post.feed(FakeLane(), *([b"x"] * 5)))
    await asyncio.sleep(0.02)
    assert post.boundary.in_flight == 4, "one is computed, three wait, the fifth is not taken"
    assert not feeding.done()
    await post.boundary.revoke([0])
    async with asyncio.timeout(2):
        await feeding


async def test_timers_run_on_idle_and_on_busy_lanes() -> None:
    """A backlog must not keep proposals from expiring."""
    post = Post(chunk=1)
    await post.boundary.open(FakeLane())
    await asyncio.sleep(0.05)
    idle = post.handler.ticks
    assert idle >= 2
    for n in range(40):
        await post.feed(FakeLane(), b"x", first=n)
        await asyncio.sleep(0.002)
    await post.done(40)
    assert post.handler.ticks > idle
    await post.boundary.drain()
