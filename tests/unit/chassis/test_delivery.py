"""The delivery boundary: one outcome per record, in input order, acknowledged only when written."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.dead_letters import OMITTED
from services.chassis.errors import (
    Crash,
    InferenceFailed,
    Outage,
    Rejected,
    Undecodable,
)
from services.chassis.outcome import DeadLetter, Done
from services.chassis.record import Message
from tests.fakes_boundary import DEAD, Post, echo, until
from tests.fakes_decider import FakeLane


def _reason(message) -> str:
    return dict(message.headers)["sluice-dead-letter-reason"].decode()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(),
    st.integers(1, 60),
    st.integers(1, 7),
    st.integers(1, 5),
)
def test_output_and_acknowledgement_order_is_input_order(seed, count, chunk, in_flight) -> None:
    """Chunks computed at the same time end in any order; nothing of it shows, in any lane."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret

    async def dawdle(_lane, deliveries):
        for _ in range(dice.randrange(6)):
            await asyncio.sleep(0)
        return echo(deliveries)

    async def run() -> None:
        post = Post(dawdle, chunk=chunk, in_flight=in_flight, buffer=5)
        lanes = [FakeLane(0), FakeLane(1)]
        values = [b"%d" % n for n in range(count)]
        await asyncio.gather(
            *(post.feed(lane, *(b"%d-" % lane.number + v for v in values)) for lane in lanes)
        )
        await post.done(2 * count)
        for lane in (0, 1):
            mine = [v for v in post.broker.values() if v.startswith(b"%d-" % lane)]
            assert mine == [b"%d-" % lane + v for v in values]
            assert [n for number, n in post.acked if number == lane] == list(range(count))
        await post.boundary.drain()
        assert (post.spans.open, post.spans.good) == (2 * count, 2 * count)

    asyncio.run(run())


async def test_50_revisions_come_out_in_order_under_random_delays() -> None:
    """Of one ticket, four at a time."""
    dice = random.Random(11)  # noqa: S311 - repeatable, not secret

    async def model(_lane, deliveries):
        await asyncio.sleep(dice.random() / 50)
        return echo(deliveries)

    post = Post(model, chunk=1, in_flight=4)
    await post.feed(FakeLane(), *(b"%d" % n for n in range(50)))
    await post.done(50)
    assert post.broker.values() == [b"%d" % n for n in range(50)]
    await post.boundary.drain()


async def test_nothing_is_acknowledged_before_the_broker_confirmed_it() -> None:
    """Written is not confirmed."""
    post = Post()
    post.broker.unconfirmed = asyncio.Event()
    await post.feed(FakeLane(), b"a")
    await asyncio.sleep(0.05)
    assert post.broker.values() == [b"a"]
    assert post.acked == []
    post.broker.unconfirmed.set()
    await post.done(1)
    await post.boundary.drain()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Undecodable("value: no JSON"), "undecodable"),
        (Rejected("intent: unknown"), "rejected"),
        (InferenceFailed("three times"), "inference-failed"),
        (RuntimeError("payload: someone@example.org"), "crashed"),
    ],
)
async def test_a_record_that_raises_alone_is_a_dead_letter_and_the_others_go_on(
    error, reason
) -> None:
    """Its bytes, key and place; of a bug's words, which may quote it, only the class."""

    async def picky(_lane, deliveries):
        if any(each.record.value == b"\xff" for each in deliveries):
            raise error
        return echo(deliveries)

    post = Post(picky, chunk=4)
    await post.feed(FakeLane(3), b"a", b"b", b"\xff", b"d")
    await post.done(4)
    assert post.broker.values() == [b"a", b"b", b"d"]
    (letter,) = (each for each in post.broker.written if each.topic == DEAD)
    headers = dict(letter.headers)
    assert (letter.key, letter.value, _reason(letter)) == (b"acme", b"\xff", reason)
    assert headers["sluice-dead-letter-service"] == b"echo"
    assert (headers["sluice-origin-topic"], headers["sluice-origin-offset"]) == (b"in", b"2")
    assert b"someone" not in headers["sluice-dead-letter-detail"]
    assert post.acked == [(3, n) for n in range(4)]
    await post.boundary.drain()
    assert (post.spans.good, post.spans.failed) == (3, 1)


async def test_a_null_record_is_put_aside_as_null() -> None:
    """Null is not empty."""

    async def refuse(_lane, deliveries):
        return [DeadLetter("undecodable", "value: null") for _ in deliveries]

    post = Post(refuse)
    await post.feed(FakeLane(), None, b"")
    await post.done(2)
    assert post.broker.values(DEAD) == [None, b""]
    await post.boundary.drain()


async def test_an_outage_holds_the_lane_and_puts_nothing_aside() -> None:
    """Tried again until it passes; readiness falls meanwhile and says why."""
    tries = 0

    async def model(_lane, deliveries):
        nonlocal tries
        tries += 1
        if tries < 5:
            raise Outage("triton: no answer")
        return echo(deliveries)

    post = Post(model)
    await post.feed(FakeLane(), b"a")
    await until(lambda: post.boundary.holds)
    assert post.health.report()["checks"]["delivery"]["detail"] == "triton: no answer"
    assert not post.health.ready
    await post.done(1)
    assert post.health.ready
    assert post.broker.values(DEAD) == []
    await post.boundary.drain()


@pytest.mark.parametrize("of", ["outputs", "dead letters"])
async def test_a_broker_that_does_not_confirm_is_an_outage(of) -> None:
    """Of the dead-letter topic too: nothing is acknowledged, nothing dropped, then it goes on."""

    async def script(_lane, deliveries):
        return echo(deliveries) if of == "outputs" else [DeadLetter("rejected", "x")]

    post = Post(script, chunk=1)
    post.broker.down = True
    await post.feed(FakeLane(), b"a", b"b")
    await until(lambda: post.boundary.holds)
    await asyncio.sleep(0.02)
    assert post.acked == []
    post.broker.down = False
    await post.done(2)
    assert [each.value for each in post.broker.written] == [b"a", b"b"]
    assert post.boundary.holds == {}
    await post.boundary.drain()


async def test_an_output_too_large_is_its_record_s_fault_alone() -> None:
    """It is put aside, its neighbours' outputs are written; nothing blocks the lane for ever."""
    post = Post(chunk=4)
    post.broker.too_large = b"big"

    async def grow(_lane, deliveries):
        made = echo(deliveries)
        return [
            Done((Message("out", b"acme", b"big"),)) if each.record.offset == 1 else outcome
            for each, outcome in zip(deliveries, made, strict=True)
        ]

    post.handler.script = grow
    await post.feed(FakeLane(), b"a", b"small", b"c")
    await post.done(3)
    (letter,) = (each for each in post.broker.written if each.topic == DEAD)
    assert (letter.value, _reason(letter)) == (b"small", "crashed")
    assert post.broker.values()[-2:] == [b"a", b"c"]
    assert post.crashes == []
    await post.boundary.drain()
    assert (post.spans.good, post.spans.failed) == (2, 1)


async def test_a_dead_letter_that_is_refused_ends_the_process() -> None:
    """Its topic is not as declared: dropping the record is no way out."""

    async def refuse(_lane, deliveries):
        return [DeadLetter("rejected", "x") for _ in deliveries]

    post = Post(refuse)
    post.broker.refuses = DEAD
    await post.feed(FakeLane(), b"a")
    await until(lambda: post.crashes)
    assert "refuses a dead letter" in str(post.crashes[0])
    assert post.acked == []


async def test_a_record_too_large_for_any_letter_leaves_one_without_its_value() -> None:
    """A producer compressed it; unpacked it fits nowhere, and its lane must go on all the same."""

    async def refuse(_lane, deliveries):
        return [DeadLetter("rejected", "x") for _ in deliveries]

    post = Post(refuse, chunk=4)
    post.broker.too_large = b"huge"
    await post.feed(FakeLane(), b"a", b"huge", b"c")
    await post.done(3)
    letters = [each for each in post.broker.written if each.key == b"acme" and each.topic == DEAD]
    (bare,) = (each for each in letters if each.value is None)
    assert dict(bare.headers)[OMITTED] == b"4"
    assert dict(bare.headers)["sluice-origin-offset"] == b"1"
    assert _reason(bare) == "rejected"
    assert {each.value for each in letters} == {b"a", None, b"c"}
    assert post.crashes == []
    await post.boundary.drain()


async def test_a_hold_that_lasts_too_long_ends_the_process() -> None:
    """Waiting here no longer helps; another process may be better off."""

    async def never(_lane, _deliveries):
        raise Outage("triton: no answer")

    post = Post(never, max_hold_s=0.05)
    await post.feed(FakeLane(), b"a")
    await until(lambda: post.crashes)
    assert "held for 0 s: triton: no answer" in str(post.crashes[0])
    assert post.acked == []


@pytest.mark.parametrize("what", ["too few", "too many", "crash"])
async def test_what_would_break_a_promise_ends_the_process_unacknowledged(what) -> None:
    """A handler that loses count, or asks for the end itself."""

    async def broken(_lane, deliveries):
        if what == "crash":
            raise Crash("unknown fate")
        made = echo(deliveries)
        return made[1:] if what == "too few" else [*made, Done()]

    post = Post(broken)
    await post.feed(FakeLane(), b"a", b"b")
    await until(lambda: post.crashes)
    assert isinstance(post.crashes[0], Crash)
    assert (post.acked, post.broker.written) == ([], [])
    await post.feed(FakeLane(), b"c", first=2)
    await asyncio.sleep(0.01)
    assert post.broker.written == [], "a crashed boundary takes nothing more"


async def test_a_bad_deploy_ends_the_process_instead_of_draining_the_topic() -> None:
    """Two tenants' records crash: after the limit nothing more is put aside."""

    async def bug(_lane, _deliveries):
        raise RuntimeError

    post = Post(bug, chunk=1, limit=10)
    for n in range(40):
        await post.feed(FakeLane(), b"x", first=n, key=b"globex" if n % 2 else b"acme")
    await until(lambda: post.crashes)
    assert "dead-letter limit: 10 records" in str(post.crashes[0])
    assert len(post.broker.values(DEAD)) == len(post.acked) == 9


async def test_the_flood_of_one_tenant_costs_only_that_tenant() -> None:
    """A thousand of its records crash; they are put aside, the others' cases go on."""

    async def bug(_lane, deliveries):
        if any(each.record.key == b"flood" for each in deliveries):
            raise RuntimeError
        return echo(deliveries)

    post = Post(bug, chunk=8, limit=10)
    for n in range(0, 1_000, 100):
        await post.feed(FakeLane(), *([b"x"] * 99), first=n, key=b"flood")
        await post.feed(FakeLane(), b"good", first=n + 99)
    await post.done(1_000)
    assert post.crashes == []
    assert post.broker.values() == [b"good"] * 10
    assert len(post.broker.values(DEAD)) == 990
    await post.boundary.drain()
