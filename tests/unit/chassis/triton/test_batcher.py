"""Micro-batches: who travels with whom, and what becomes of whom when something breaks."""

import asyncio
import contextlib
import itertools

import pytest

from services.chassis.errors import InferenceFailed, Outage
from services.chassis.names import Attr
from services.chassis.triton import examiner
from services.chassis.triton.batcher import Batcher
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.flood import Floods
from services.chassis.triton.memory import ShortMemory, Suspicion
from tests.fakes_triton import FakeModel, FakeTrace, ask, parts, row

POISON = b"poison"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    """Failures follow each other at once."""
    monkeypatch.setattr(examiner, "_PAUSE_S", (0, 0))


@contextlib.asynccontextmanager
async def batching(model, shared=None):
    """A batcher that is closed at the end."""
    made = Batcher(model, shared or parts())
    try:
        yield made
    finally:
        await made.close()


def texts(count: int) -> list[bytes]:
    """Different texts of different lengths."""
    return [f"{number:03d}{'x' * (number % 7)}".encode() for number in range(count)]


def poisoned(kind: Kind):
    """A rule: requests that hold the poison fail."""
    return lambda request: kind if POISON in request else None


async def test_each_text_gets_its_own_answer():
    """Answers follow the text, however texts were sorted into requests."""
    model = FakeModel()
    async with batching(model) as batcher:
        assert await ask(batcher, texts(100)) == texts(100)


async def test_requests_are_full_and_hold_similar_lengths():
    """Equal lengths travel together: that is a third of the model's time."""
    model = FakeModel()
    async with batching(model) as batcher:
        await ask(batcher, [b"s" + bytes([65 + n]) for n in range(32)] + [b"l" * 99] * 32)
    assert [len(request) for request in model.requests] == [32, 32]
    assert [{len(text) for text in request} for request in model.requests] == [{2}, {99}]


async def test_a_lone_text_leaves_after_the_linger():
    """Nothing waits for company that does not come."""
    async with batching(FakeModel()) as batcher:
        async with asyncio.timeout(0.5):
            assert await ask(batcher, [b"one"]) == [b"one"]


async def test_requests_travel_together_up_to_the_bound():
    """One request at a time would use half of the machine; too many would flood the server."""
    model = FakeModel(delay_s=0.002)
    async with batching(model, parts(in_flight=3, max_rows=4)) as batcher:
        await ask(batcher, texts(60))
    assert model.most_together == 3


async def test_long_texts_are_spread_over_requests():
    """A request stays below the size that the wire takes; one large text still travels."""
    model = FakeModel()
    async with batching(model, parts(max_bytes=100)) as batcher:
        await ask(batcher, [b"a" * 60, b"b" * 60, b"c" * 1_000_000])
    assert [len(request) for request in model.requests] == [1, 1, 1]


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.STUB])
async def test_one_poison_among_32_is_found_and_the_others_succeed(kind):
    """A text that breaks the model costs its batch mates a moment, not their answer."""
    model = FakeModel(breaks=poisoned(kind))
    async with batching(model) as batcher:
        ends = await ask(batcher, [*texts(31), POISON])
    assert ends[:31] == texts(31)
    assert isinstance(ends[31], InferenceFailed)
    assert len(model.requests) <= 1 + 4 + 8 + 2


async def test_the_poison_is_tried_alone_three_times():
    """Two failures may be chance; DESIGN asks for three, each after a passing canary."""
    model = FakeModel(breaks=poisoned(Kind.REFUSED))
    async with batching(model) as batcher:
        await ask(batcher, [POISON, b"good"])
    assert model.requests.count([POISON]) == 3
    assert model.canaries >= 3


async def test_a_server_that_is_half_dead_blames_nobody():
    """One instance of two is dead and stays so: every second call fails, canaries too."""
    calls = itertools.count()
    model = FakeModel(breaks=lambda _: Kind.STUB if next(calls) % 2 else None)

    async def canary():
        if next(calls) % 2:
            raise Fault(Kind.STUB, "half dead")
        return row(b"canary")

    model.canary = canary
    async with batching(model) as batcher:
        for _ in range(5):
            ends = await ask(batcher, texts(64))
            assert not any(isinstance(end, InferenceFailed) for end in ends)


async def test_a_failure_that_passes_is_no_poison():
    """A text that fails twice and then passes is answered, and nothing is held against it."""
    left = [Kind.REFUSED, Kind.REFUSED]
    shared = parts()
    async with batching(FakeModel(breaks=lambda _: left.pop() if left else None), shared) as it:
        assert await ask(it, [b"unlucky"]) == [b"unlucky"]
    assert shared.memory.suspicion("id:unlucky") is None


async def test_an_outage_blames_nobody():
    """While the canary fails every text gets Outage, so nothing is dead-lettered; then all pass."""
    model = FakeModel()
    shared = parts()
    async with batching(model, shared) as batcher:
        model.down = True
        for _ in range(5):
            assert {type(end) for end in await ask(batcher, texts(64))} == {Outage}
        model.down = False
        assert await ask(batcher, texts(64)) == texts(64)
    assert shared.memory.suspicion("id:000") is None


async def test_errors_while_the_canary_fails_are_an_outage():
    """A server that answers every request with an error condemns no text."""
    model = FakeModel(breaks=lambda _: Kind.REFUSED)
    async with batching(model) as batcher:
        model.canary = _failing_canary
        assert {type(end) for end in await ask(batcher, texts(40))} == {Outage}


async def _failing_canary():
    raise Fault(Kind.REFUSED, "sick")


async def test_a_text_that_kills_the_server_is_found_over_its_deaths():
    """Each loss narrows the company, three alone condemn; the innocent pass in between."""
    model = FakeModel(kills=lambda text: text == POISON)
    everything = [*texts(31), POISON]
    deaths = 0
    answered: set[bytes] = set()
    async with batching(model) as batcher:
        ends: list[object] = []
        while not ends or any(isinstance(end, Outage) for end in ends):
            model.down = False
            ends = await ask(batcher, everything)
            answered |= {end for end in ends if isinstance(end, bytes)}
            deaths += model.down
            assert deaths <= 6
    assert isinstance(ends[31], InferenceFailed)
    assert answered == set(texts(31))


async def test_a_server_that_stops_between_canary_and_text_is_no_failure_of_the_text():
    """Where the request was not taken, the count goes back."""
    memory = ShortMemory()
    memory.suspect(["id:text"], 1)
    model = FakeModel(breaks=lambda _: Kind.UNREACHABLE)
    async with batching(model, parts(memory)) as batcher:
        for _ in range(4):
            model.down = False
            (end,) = await ask(batcher, [b"text"])
            assert isinstance(end, Outage)
    assert memory.suspicion("id:text") == Suspicion(1, 0)


async def test_counts_of_an_earlier_life_go_on():
    """A text that took two processes with it has one try left."""
    memory = ShortMemory()
    memory.alone("id:poison")
    memory.alone("id:poison")
    model = FakeModel(breaks=poisoned(Kind.REFUSED))
    async with batching(model, parts(memory)) as batcher:
        (end,) = await ask(batcher, [POISON])
    assert isinstance(end, InferenceFailed)
    assert model.requests == [[POISON]]
    assert memory.suspicion("id:poison") is None, "a redriven dead letter starts anew"


async def test_a_text_that_took_three_processes_with_it_is_not_tried_again():
    """Otherwise the fourth would die as well."""
    memory = ShortMemory()
    for _ in range(3):
        memory.alone("id:poison")
    model = FakeModel()
    async with batching(model, parts(memory)) as batcher:
        (end,) = await ask(batcher, [POISON])
    assert isinstance(end, InferenceFailed)
    assert model.requests == []


async def test_a_suspicious_text_never_travels_with_others():
    """Whoever may be poison is examined with the server to itself."""
    memory = ShortMemory()
    memory.suspect(["id:003xxx"], 1)
    model = FakeModel(delay_s=0.001)
    async with batching(model, parts(memory)) as batcher:
        assert await ask(batcher, texts(8)) == texts(8)
    assert [b"003xxx"] in model.requests
    assert memory.suspicion("id:003xxx") is None


async def test_a_flooding_tenants_next_failure_costs_no_retries():
    """One tenant's garbage may not take the time of the others."""
    floods = Floods(failures=2)
    model = FakeModel(breaks=lambda request: Kind.REFUSED if request[0][:1] == b"!" else None)
    async with batching(model, parts(floods=floods)) as batcher:
        await ask(batcher, [b"!1"], tenant="noisy")
        await ask(batcher, [b"!2"], tenant="noisy")
        model.requests.clear()
        (end,) = await ask(batcher, [b"!3"], tenant="noisy")
        assert isinstance(end, InferenceFailed)
        assert model.requests == [[b"!3"], [b"!3"]], "once with its batch, once alone"
        model.requests.clear()
        await ask(batcher, [b"!4"], tenant="calm")
        assert len(model.requests) == 4, "another tenant keeps its three tries"


async def test_an_answer_after_the_record_was_let_go_harms_nobody():
    """A revoked partition's texts are forgotten; their batch mates are answered."""
    model = FakeModel(delay_s=0.005)
    async with batching(model) as batcher:
        gone = batcher.submit("gone", b"gone", "acme", FakeTrace())
        stays = batcher.submit("stays", b"stays", "acme", FakeTrace())
        await asyncio.sleep(0.003)
        gone.cancel()
        assert (await stays).row["ECHO"] == (b"stays",)


async def test_closing_lets_everybody_go():
    """Nobody waits for a batcher that is no more, and a graceful end makes nobody suspicious."""
    shared = parts(in_flight=1, max_rows=2)
    batcher = Batcher(FakeModel(delay_s=10), shared)
    futures = [batcher.submit(str(n), b"t", "acme", FakeTrace()) for n in range(9)]
    await asyncio.sleep(0.005)
    await batcher.close()
    assert all(future.cancelled() for future in futures)
    assert shared.memory.suspicion("0") is None


async def test_a_request_has_one_span_with_what_it_cost():
    """The batch's span names model, tokens and compute, and every member is linked to it."""
    shared = parts()
    async with batching(FakeModel(), shared) as batcher:
        traces = [FakeTrace() for _ in range(3)]
        answers = await asyncio.gather(
            *(batcher.submit(str(n), b"abc", "acme", trace) for n, trace in enumerate(traces))
        )
    (span,) = shared.tracing.batches
    assert list(span.members) == traces
    assert span.noted[Attr.MODEL_TOKENS] == 9
    assert span.noted[Attr.MODEL_COMPUTE_US] == 21
    assert {answer.batch_trace_id for answer in answers} == {span.trace_id}


async def test_batchers_of_one_server_share_its_bound():
    """An examination has all models to itself: they may share an encoder."""
    shared = parts(in_flight=2, max_rows=1)
    model = FakeModel(delay_s=0.002)
    async with batching(model, shared) as one, batching(model, shared) as two:
        await asyncio.gather(ask(one, texts(6)), ask(two, texts(6)))
    assert model.most_together == 2
