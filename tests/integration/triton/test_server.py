"""Starting and stopping leaves nothing behind; what dies inside is noticed and brought back."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from infra.local import memory, places
from infra.local.triton import QUESTIONS, TritonPart, serving
from services.assessor.domain.asking import Question
from services.assessor.reader import signature
from services.chassis.triton.faults import Fault, Kind
from tests.integration.triton.conftest import ask

# Seconds after which clients give up: before, while and after a batch is computed.
WAITS = (0.01, 0.03, 0.06, 0.1)

# Each starts or restarts a server, which takes ten times as long on a machine under load.
pytestmark = [pytest.mark.triton, pytest.mark.timeout(240, func_only=True)]


def stubs(part: TritonPart, model: str) -> list[psutil.Process]:
    """The living processes that run a model's code; Triton leaves the dead ones as zombies."""
    assert part.child is not None
    found = []
    for each in psutil.Process(part.child.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any(f"{model}_0_" in word for word in each.cmdline()):
                found.append(each)
    return found


def mine() -> set[Path]:
    """Shared memory of servers that this process started; others may run their own beside."""
    return {region for region in memory.regions() if f"_{os.getpid()}_" in region.name}


def kill(process: psutil.Process) -> None:
    """SIGKILL, and wait for the end."""
    process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_questions_are_those_of_the_assessor() -> None:
    """Readiness asks what the service will ask."""
    assert set(QUESTIONS) == {question.value for question in Question}


@pytest.mark.parametrize("model", ["encoder", "intent_retail", "language"])
async def test_a_dead_stub_is_brought_back_by_whoever_meets_it(own: TritonPart, model: str) -> None:
    """Triton never restarts one and calls itself ready; the client loads the model again."""
    ticket = signature(Question.TICKET)
    before = stubs(own, model)
    assert before
    for stub in before:
        kill(stub)
    (met,) = await ask(own.url, [b"refund"], signature=ticket)
    assert isinstance(met, Fault)
    assert met.kind is Kind.STUB
    (rows,) = await ask(own.url, [b"refund"], signature=ticket)
    assert not isinstance(rows, BaseException)
    assert {stub.pid for stub in stubs(own, model)}.isdisjoint(stub.pid for stub in before)


def test_a_server_whose_stubs_are_dead_is_not_ready(own: TritonPart) -> None:
    """Its own readiness says otherwise; a supervisor must be told the truth."""
    for stub in stubs(own, "sentiment"):
        kill(stub)
    assert not own.is_ready()
    own.kill()
    own.start()
    own.wait_ready()


def test_a_killed_server_serves_again_at_the_same_address(own: TritonPart) -> None:
    """With whatever its processes and shared memory were gone."""
    url = own.url
    children = psutil.Process(own.child.pid).children(recursive=True)
    own.kill()
    psutil.wait_procs(children, timeout=10)
    assert not own.is_ready()
    own.start()
    own.wait_ready()
    assert own.url == url
    assert not any(child.is_running() for child in children)


async def test_requests_that_nobody_waits_for_any_more_do_no_harm(own: TritonPart) -> None:
    """A client that gives up or is killed cancels. Where two steps followed one, that ended it.

    With the heads side by side behind the encoder the server was gone after some thousand of them,
    at the latest when it had worked off what nobody waited for.
    """
    ticket = signature(Question.TICKET)
    assert own.child is not None
    server = own.child.pid
    given_up = 0
    for number in range(40):
        requests = [[b"refund %d" % number]] * 16
        asked = (ask(own.url, *requests, signature=ticket, deadline_s=wait) for wait in WAITS)
        for answers in await asyncio.gather(*asked):
            given_up += sum(isinstance(answer, Fault) for answer in answers)
    assert given_up > 2000
    (rows,) = await ask(own.url, [b"refund"], signature=ticket, deadline_s=120)
    assert not isinstance(rows, BaseException)
    assert (own.running, own.child.pid) == (True, server)


def test_nothing_is_left_after_serving() -> None:
    """No process, no port, no shared memory; also when the user of it fails."""
    me = psutil.Process(os.getpid())
    before, others = mine(), set(me.children(recursive=True))
    started: set[psutil.Process] = set()
    ports: set[int] = set()

    def use_and_fail() -> None:
        with serving():
            assert mine() - before
            started.update(set(me.children(recursive=True)) - others)
            ports.update(
                each.laddr.port
                for process in started
                for each in process.net_connections()
                if each.status == psutil.CONN_LISTEN
            )
            raise KeyError

    with pytest.raises(KeyError):
        use_and_fail()
    assert len(started) > 5
    assert len(ports) == 3
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert all(places.is_free(port) for port in ports)
    assert mine() == before


def test_memory_of_servers_whose_owner_is_gone_is_removed(own: TritonPart, tmp_path: Path) -> None:
    """A supervisor killed by -9 cleans nothing; the next start does, and spares the living."""
    process = psutil.Popen(["true"])
    process.wait()
    orphan = memory.FOLDER / f"sluice_triton_{process.pid}_12345678_left"
    orphan.write_bytes(b"x")
    living = mine()
    assert living, "the server of these tests uses some"
    TritonPart(tmp_path / "triton.log").clean()
    assert not orphan.exists()
    assert mine() == living


def test_a_model_that_does_not_load_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    """The end of the log is in the error; nothing is half up."""
    from infra.local.part import StackError  # noqa: PLC0415 - used here alone

    folder = tmp_path / "models" / "broken" / "1"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text("raise RuntimeError('broken on purpose')\n")
    (folder.parent / "config.pbtxt").write_text('name: "broken"\nbackend: "python"\n')
    part = TritonPart(tmp_path / "triton.log", repository=tmp_path / "models")
    part.prepare()
    part.start()
    try:
        with pytest.raises(StackError, match="failed to load all models"):
            part.wait_ready(30)
    finally:
        part.stop()
    assert "broken on purpose" in part.log.read_text()
    assert memory.regions(memory.prefix(part.log)) == []
