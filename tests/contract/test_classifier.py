"""One contract for every reader: the fake, the stand-in over gRPC, and real Triton."""

import contextlib

import pytest

from services.assessor.domain.asking import Question, Task
from services.assessor.ports import Text
from services.assessor.reader import TASKS, TritonReader, signature
from services.chassis.errors import InferenceFailed, Outage
from services.chassis.triton import examiner
from services.chassis.triton.batcher import Batcher, Parts
from services.chassis.triton.client import ServedModel, TritonClient
from services.chassis.triton.flood import Floods
from services.chassis.triton.gate import Gate
from services.chassis.triton.memory import ShortMemory
from services.chassis.triton.settings import TritonSettings
from tests.fakes_kserve import Server
from tests.fakes_reader import FakeReader
from tests.fakes_triton import FakeMetrics, FakeTrace, FakeTracing


@contextlib.asynccontextmanager
async def triton_reader(url: str):
    """The real adapter, on some server."""
    settings = TritonSettings(url=url)
    async with TritonClient(settings) as client:
        parts = Parts(
            Gate(settings.in_flight),
            ShortMemory(),
            Floods(),
            FakeTracing(),
            FakeMetrics(),
            settings,
        )
        batchers = {
            question: Batcher(ServedModel(client, signature(question), settings), parts)
            for question in Question
        }
        try:
            yield TritonReader(batchers)
        finally:
            for batcher in batchers.values():
                await batcher.close()


@pytest.fixture(params=["fake", "stand-in", pytest.param("triton", marks=pytest.mark.triton)])
async def reader(request):
    """Each reader that there is."""
    if request.param == "fake":
        yield FakeReader()
    elif request.param == "stand-in":
        server = Server()
        await server.start()
        async with triton_reader(server.url) as made:
            yield made
        await server.stop()
    else:
        async with triton_reader(request.getfixturevalue("triton_server").url) as made:
            yield made


def text(words: str = "I want my refund, please", number: int = 1) -> Text:
    """A text to be read."""
    return Text(f"id:{number}:{hash(words)}", words, "acme", FakeTrace())


async def test_a_ticket_is_answered_for_each_of_its_tasks(reader):
    """Intent first; every answer has candidates, best first, within 0 and 1."""
    readings = await reader.read(Question.TICKET, text())
    assert tuple(answer.task for answer in readings.answers) == TASKS[Question.TICKET]
    for answer in readings.answers:
        scores = [candidate.confidence for candidate in answer.candidates]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert all(candidate.label for candidate in answer.candidates)


async def test_an_english_refund_is_read_as_one(reader):
    """Hand-written expectation, the same for the fake and the real model."""
    readings = await reader.read(Question.TICKET, text("I want a refund for my order"))
    best = {answer.task: answer.candidates[0].label for answer in readings.answers}
    assert "refund" in best[Task.INTENT]
    assert best[Task.LANGUAGE] == "en"


async def test_the_same_text_gets_the_same_answer_whatever_travels_with_it(reader):
    """Bit for bit: a redelivery must not decide otherwise."""
    import asyncio  # noqa: PLC0415 - used here alone

    alone = await reader.read(Question.TICKET, text())
    crowd = await asyncio.gather(
        *(reader.read(Question.TICKET, text(f"other words {'x ' * n}", n)) for n in range(40)),
        reader.read(Question.TICKET, text()),
    )
    assert crowd[-1].answers == alone.answers


async def test_it_is_told_which_bits_answered_at_what_cost(reader):
    """A warrant names models and digests; the ledger adds up tokens and time."""
    readings = await reader.read(Question.TICKET, text())
    assert readings.tokens > 0
    assert readings.compute_us > 0
    intent = readings.answers[0]
    assert intent.models[0].name == "encoder"
    assert len(intent.models) == 2
    assert all(len(bits.digest) >= 64 and bits.version for bits in intent.models)
    assert intent.pack
    (language,) = [each for each in readings.answers if each.task is Task.LANGUAGE]
    assert len(language.models) == 1, "the language is read without the encoder"


@pytest.mark.parametrize("words", ["", "🙏" * 500, "\x00\x01 control", "मुझे रिफंड चाहिए " * 400])
async def test_odd_texts_are_read_like_any_other(reader, words):
    """Empty, emoji, control characters, far longer than the model's window."""
    readings = await reader.read(Question.TICKET, text(words))
    assert readings.answers[0].candidates


async def test_a_text_of_a_megabyte_is_read(reader):
    """Intake cuts at 64 KiB; the reader does not depend on it."""
    readings = await reader.read(Question.TICKET, text("refund " * 150_000))
    assert readings.answers


class TestOutages:
    """What only readers that can be broken show."""

    async def test_a_server_that_is_gone_is_an_outage(self):
        """Whoever is read then waits; nobody is blamed."""
        server = Server()
        await server.start()
        url = server.url
        await server.stop()
        async with triton_reader(url) as made:
            with pytest.raises(Outage):
                await made.read(Question.TICKET, text())

    async def test_a_text_that_breaks_the_model_alone_is_told_so(self, monkeypatch):
        """Through the whole adapter."""
        import grpc  # noqa: PLC0415 - used here alone

        monkeypatch.setattr(examiner, "_PAUSE_S", (0, 0))
        server = Server()
        await server.start()
        server.model.fault = lambda texts: (
            (grpc.StatusCode.INTERNAL, "Traceback …") if b"poison" in texts else None
        )
        async with triton_reader(server.url) as made:
            with pytest.raises(InferenceFailed):
                await made.read(Question.TICKET, text("poison"))
            assert await made.read(Question.TICKET, text("fine"))
        await server.stop()

    async def test_fakes_break_the_same_way(self):
        """The fake's errors are those of the port."""
        with pytest.raises(Outage):
            await FakeReader(flaky=True).read(Question.TICKET, text())
        with pytest.raises(InferenceFailed):
            await FakeReader(poison=lambda _: True).read(Question.TICKET, text())
