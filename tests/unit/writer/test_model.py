"""Whose fault it is when nothing is written: the text's, nobody's, or time's."""

import asyncio

import pytest

from services.chassis.errors import InferenceFailed, Outage
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.generating import Prompt, Written
from services.writer.domain.prompting import prompt
from services.writer.model import TritonModel
from services.writer.ports import LateError
from tests.fakes_triton import FakeMetrics, FakeTrace
from tests.fakes_writer import BITS, ask

PROMPT = prompt(ask())


class Server:
    """A generative model that fails as it is told to; its canary passes unless `dead`."""

    name = "writer"

    def __init__(self, *faults: Kind, dead: bool = False, slow_s: float = 0.0) -> None:
        self.faults = list(faults)
        self.dead = dead
        self.slow_s = slow_s
        self.canaries = 0
        self.writing = 0
        self.most = 0

    async def served(self) -> bool:
        """Asked whether there is one."""
        if self.dead:
            raise Fault(Kind.UNREACHABLE, "away")
        return True

    async def write(self, asked: Prompt, **_: object) -> Written:
        """The next fault, else an answer."""
        if len(asked.turns) == 1:
            self.canaries += 1
            if self.dead:
                raise Fault(Kind.STUB, "dead")
            return Written("{}", whole=True, model=BITS, tokens=1, compute_us=1)
        self.writing += 1
        self.most = max(self.most, self.writing)
        try:
            await asyncio.sleep(self.slow_s)
        finally:
            self.writing -= 1
        if self.faults:
            raise Fault(self.faults.pop(0), "as told")
        return Written('{"a": 1}', whole=True, model=BITS, tokens=7, compute_us=9)


async def write(server, within_s=5.0):
    """Ask once."""
    return await TritonModel(server, FakeMetrics()).write(
        PROMPT, within_s=within_s, trace=FakeTrace()
    )


async def test_an_answer_comes_through():
    """With what it cost."""
    found = await write(Server())
    assert (found.text, found.tokens, found.compute_us) == ('{"a": 1}', 7, 9)


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.STUB])
async def test_a_loss_is_tried_again_while_the_canary_passes(kind):
    """A killed process is nobody's text's fault."""
    server = Server(kind, kind)
    assert (await write(server)).text == '{"a": 1}'
    assert server.canaries == 2


async def test_a_text_that_loses_the_model_three_times_is_given_up():
    """It may be the text; those behind it are waiting."""
    with pytest.raises(InferenceFailed, match="3 times"):
        await write(Server(Kind.STUB, Kind.STUB, Kind.STUB))


async def test_a_dead_model_is_an_outage():
    """Its canary fails, too: no text is blamed."""
    with pytest.raises(Outage):
        await write(Server(Kind.LOST, dead=True))


async def test_a_server_out_of_reach_is_an_outage_and_a_refusal_the_text_s():
    """The one passes, the other would be the same at every try."""
    with pytest.raises(Outage):
        await write(Server(Kind.UNREACHABLE))
    with pytest.raises(InferenceFailed):
        await write(Server(Kind.REFUSED))
    with pytest.raises(Outage):
        await TritonModel(Server(dead=True), FakeMetrics()).served()


async def test_texts_wait_for_each_other_and_not_for_ever():
    """One at a time is on the wire; the time that one waits is its own."""
    server = Server(slow_s=0.2)
    model = TritonModel(server, FakeMetrics())
    asked = [model.write(PROMPT, within_s=0.3, trace=FakeTrace()) for _ in range(3)]
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert server.most == 1
    assert [type(end) for end in ends[1:]] == [LateError, LateError]
    assert (await model.write(PROMPT, within_s=1, trace=FakeTrace())).text
