"""The client against a real gRPC server: deadlines, missing outputs, dead stubs, reconnecting."""

import asyncio
import time

import grpc
import pytest

from services.assessor.domain.asking import Question
from services.assessor.reader import signature
from services.chassis.triton.client import ServedModel, TritonClient
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.settings import TritonSettings
from tests.fakes_kserve import DEAD_STUB, Server

TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture
async def server():
    """A stand-in that listens."""
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def model(server):
    """The ticket model of the stand-in."""
    settings = TritonSettings(url=server.url, deadline_s=0.3, canary_deadline_s=0.3)
    async with TritonClient(settings) as client:
        yield ServedModel(client, signature(Question.TICKET), settings)


async def fault_of(model, *texts: bytes) -> Fault:
    """The fault that these texts meet."""
    with pytest.raises(Fault) as caught:
        await model.infer(texts or [b"text"], TRACEPARENT)
    return caught.value


async def test_rows_come_back_by_name_and_in_order(server, model):
    """Whatever order the server puts its outputs in."""
    rows = await model.infer([b"one", "दो".encode(), b""], TRACEPARENT)
    assert len(rows) == 3
    assert rows[0]["INTENT_LABEL"] == (b"refund_request", b"delivery_status", b"complaint")
    assert rows[2]["INTENT_SCORE"] == (0.75, 0.125, 0.0625)
    assert rows[1]["TOKENS"] == (9,)
    assert server.model.requests == [[b"one", "दो".encode(), b""]]


async def test_the_trace_travels_with_the_request(server, model):
    """A server that traces can join it."""
    await model.infer([b"one"], TRACEPARENT)
    assert server.model.metadata[0]["traceparent"] == TRACEPARENT


async def test_every_call_has_a_deadline(server, model):
    """A server that hangs is a loss after the deadline, not a wait for ever."""
    server.model.delay_s = lambda _: 30
    started = time.monotonic()
    assert (await fault_of(model)).kind is Kind.LOST
    assert time.monotonic() - started < 2


async def test_a_missing_output_is_an_error_although_the_status_is_ok(server, model):
    """Triton can answer OK and leave out what was asked for."""
    server.model.leave_out = {"SENTIMENT_LABEL"}
    fault = await fault_of(model)
    assert fault.kind is Kind.REFUSED
    assert "SENTIMENT_LABEL is missing" in str(fault)


@pytest.mark.parametrize("output", ["INTENT_LABEL", "INTENT_SCORE", "TOKENS"])
async def test_an_empty_output_is_an_error_although_the_status_is_ok(server, model, output):
    """A stub with the wrong numpy answers empty tensors."""
    server.model.empty = {output}
    fault = await fault_of(model)
    assert fault.kind is Kind.REFUSED
    assert output in str(fault)


async def test_a_dead_stub_is_loaded_again_once_for_all_that_met_it(server, model):
    """Triton never restarts one; the member that died is named, not the ensemble."""
    server.model.stub_dead = True
    ends = await asyncio.gather(
        *(model.infer([b"text"], TRACEPARENT) for _ in range(8)), return_exceptions=True
    )
    assert {end.kind for end in ends if isinstance(end, Fault)} == {Kind.STUB}
    assert server.model.loads == ["encoder"]
    assert await model.infer([b"text"], TRACEPARENT)


async def test_a_stub_that_dies_again_is_loaded_again(server, model):
    """Once per death."""
    for _ in range(2):
        server.model.stub_dead = True
        await fault_of(model)
    assert server.model.loads == ["encoder", "encoder"]


async def test_a_stub_that_does_not_load_keeps_the_canary_down(server, model):
    """The call says what happened; the canary tells everybody else."""
    server.model.stub_dead = server.model.loads_fail = True
    assert (await fault_of(model)).kind is Kind.STUB
    with pytest.raises(Fault):
        await model.canary()


async def test_an_error_of_the_model_is_never_quoted(server, model):
    """Its traceback may hold the text."""
    server.model.fault = lambda texts: (grpc.StatusCode.INTERNAL, f"ValueError: {texts}")
    fault = await fault_of(model, b"my secret")
    assert fault.kind is Kind.REFUSED
    assert "secret" not in str(fault)


async def test_nobody_listening_is_unreachable_and_back_is_back_soon(server, model):
    """Five seconds by gRPC's own back-off; ours is half of one."""
    await server.stop()
    for _ in range(20):
        assert (await fault_of(model)).kind is Kind.UNREACHABLE
        await asyncio.sleep(0.05)
    await server.start()
    started = time.monotonic()
    while True:
        try:
            await model.infer([b"text"], TRACEPARENT)
            break
        except Fault:
            await asyncio.sleep(0.05)
    assert time.monotonic() - started < 2


async def test_a_server_that_goes_during_the_call_is_a_loss(server, model):
    """The text may have done it."""
    server.model.delay_s = lambda _: 5
    call = asyncio.create_task(fault_of(model))
    await asyncio.sleep(0.1)
    await server.stop()
    assert (await call).kind is Kind.LOST


async def test_texts_of_a_megabyte_travel(server, model):
    """The default of gRPC, 4 MB, would refuse them."""
    texts = [bytes([65 + n]) * 1_000_000 for n in range(8)]
    server.model.delay_s = lambda _: 0
    assert len(await model.infer(texts, TRACEPARENT)) == 8
    assert server.model.requests[-1] == texts


async def test_the_words_of_a_dead_stub_are_the_ones_we_look_for():
    """The stand-in speaks as Triton 2.51 does."""
    from services.chassis.triton.faults import dead_model  # noqa: PLC0415 - used here alone

    assert dead_model(DEAD_STUB.format("read_ticket")) == "encoder"
