"""The supervisor keeps order, restarts what ends, and leaves nothing behind."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from infra.local import places
from infra.local.child import Command
from infra.local.home import Home
from infra.local.part import Part, StackError, Step
from infra.local.supervisor import Event, Supervisor
from infra.local.zipkin import answers

ROOT = Path(__file__).parents[3]
HTTP = textwrap.dedent("""
    import http.server, os, signal, subprocess, sys
    delay, port = float(sys.argv[1]), int(sys.argv[2])
    if os.environ.get("GRANDCHILD"):
        subprocess.Popen(["sleep", "600"])
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    import time; time.sleep(delay)
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers()
        def log_message(self, *arguments): pass
    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
""")


class Page(Part):
    """A tiny web server."""

    ready_within_s = 20.0
    stop_within_s = 2.0

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        needs: tuple[str, ...] = (),
        delay: float = 0.0,
        env: Mapping[str, str] | None = None,
        code: str = HTTP,
    ) -> None:
        super().__init__(folder / f"{name}.log")
        self.name, self.needs = name, needs
        self.port = places.Ports().take(name)
        self._delay, self._env, self._code = delay, env or {}, code

    def command(self) -> Command:
        """Plain Python, nothing installed."""
        argv = (sys.executable, "-c", self._code, str(self._delay), str(self.port))
        return Command(argv, self._env)

    def is_ready(self) -> bool:
        """It serves."""
        return answers(f"http://127.0.0.1:{self.port}/")


async def until(true: Callable[[], bool], within_s: float = 15) -> None:
    """Poll for a fact."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        await asyncio.sleep(0.05)


async def test_parts_start_in_order_restart_and_leave_nothing(home: Home, living) -> None:
    """The dependant waits for readiness; a killed one comes back; the end is clean."""
    events: list[Event] = []
    first = Page("first", home.folder, delay=0.7)
    ran: list[bool] = []
    step = Step("step", ("first",), lambda: ran.append(answers(f"http://127.0.0.1:{first.port}/")))
    second = Page("second", home.folder, needs=("step",))
    with home.mark():
        supervisor = Supervisor([second, step, first], events.append)
        try:
            await supervisor.start()
            order = [e.unit.name for e in events if e.state in {"ready", "done"}]
            assert order == ["first", "step", "second"]
            assert ran == [True]
            assert first.child
            killed = first.child.pid
            os.kill(killed, signal.SIGKILL)
            await until(lambda: first.child.pid != killed and first.is_ready())
            await until(lambda: supervisor.restarts("first") == 1)
            assert supervisor.restarts("second") == 0
        finally:
            await supervisor.stop()
    stopped = [event.unit.name for event in events if event.state == "stopped"]
    assert stopped == ["second", "first"]
    assert living(home) == []
    assert places.is_free(first.port)
    assert places.is_free(second.port)


async def test_what_ignores_sigterm_and_what_it_started_is_killed(home: Home, living) -> None:
    """Nobody's deafness keeps a port, and no grandchild is forgotten."""
    deaf = Page("deaf", home.folder, env={"STUBBORN": "1", "GRANDCHILD": "1"})
    with home.mark():
        supervisor = Supervisor([deaf], lambda _: None)
        await supervisor.start()
        assert len(living(home)) == 2
        began = time.monotonic()
        await supervisor.stop()
    assert 1.5 < time.monotonic() - began < 6
    assert living(home) == []


async def test_hurry_kills_at_once(home: Home) -> None:
    """A second Ctrl-C does not wait for anybody's grace."""
    deaf = Page("deaf", home.folder, env={"STUBBORN": "1"})
    deaf.stop_within_s = 60
    with home.mark():
        supervisor = Supervisor([deaf], lambda _: None)
        await supervisor.start()
        stopping = asyncio.create_task(supervisor.stop())
        await asyncio.sleep(0.3)
        supervisor.hurry()
        async with asyncio.timeout(5):
            await stopping


async def test_a_part_that_does_not_come_up_ends_the_start_with_its_last_words(home: Home) -> None:
    """One error that says why, not a time-out."""
    broken = Page("broken", home.folder, code="print('the reason'); raise SystemExit(3)")
    other = Page("other", home.folder)
    with home.mark():
        supervisor = Supervisor([broken, other], lambda _: None)
        with pytest.raises(StackError, match=r"(?s)broken does not come up.*the reason"):
            await supervisor.start()
        await supervisor.stop()
    assert not other.running


async def test_a_failed_preparation_starts_nothing(home: Home) -> None:
    """Nothing is half up when a tool is missing."""
    page = Page("page", home.folder)
    lacking = Page("lacking", home.folder)

    def prepare() -> None:
        raise StackError("Maven 3.6.3 or newer: not found; apt-get install maven")

    lacking.prepare = prepare
    supervisor = Supervisor([page, lacking], lambda _: None)
    with pytest.raises(StackError, match="apt-get install maven"):
        await supervisor.start()
    await supervisor.stop()
    assert page.child is None


async def test_a_part_that_stops_answering_is_restarted_when_it_is_watched(home: Home) -> None:
    """For parts that can be dead inside a living process, such as a model server."""
    page = Page("page", home.folder)
    page.watch_every_s = 0.1
    with home.mark():
        supervisor = Supervisor([page], lambda _: None)
        try:
            await supervisor.start()
            before = page.child
            page.pause()
            await until(lambda: page.child is not before and page.running and page.is_ready(), 25)
        finally:
            await supervisor.stop()


def sluice(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as people type it."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=90, check=False,
    )  # fmt: skip


@pytest.mark.timeout(180)
@pytest.mark.kafka
def test_up_status_second_up_and_down(home: Home, living) -> None:
    """What people type, from nothing to nothing."""
    down = sluice("status")
    assert (down.returncode, "not up" in down.stdout) == (3, True)
    up = sluice("up", "--detach", "kafka")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "everything is ready" in up.stdout
    state = home.read()
    kafka = state["parts"]["kafka"]
    status = sluice("status")
    assert status.returncode == 0
    assert kafka["addresses"]["bootstrap_servers"] in status.stdout
    second = sluice("up", "kafka")
    assert second.returncode == 1
    assert "already up" in second.stderr
    assert "make status" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert sluice("logs", "kafka").returncode == 0
    assert psutil.pid_exists(kafka["pid"])
    assert sluice("down").returncode == 0
    assert living(home) == []
    assert home.read()["state"] == "stopped"
    assert not home.is_held()


@pytest.mark.timeout(120)
@pytest.mark.kafka
def test_nothing_outlives_a_killed_supervisor(home: Home, living) -> None:
    """Kill -9 of the supervisor takes its parts along; the next start is not in its way."""
    up = sluice("up", "--detach", "kafka")
    assert up.returncode == 0, up.stdout + up.stderr
    port = int(home.read()["parts"]["kafka"]["addresses"]["bootstrap_servers"].rpartition(":")[2])
    os.kill(home.read()["supervisor_pid"], signal.SIGKILL)
    deadline = time.monotonic() + 5
    while (living(home) or not places.is_free(port)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living(home) == []
    assert not home.is_held()
    assert sluice("status").returncode == 3
    again = sluice("up", "--detach", "kafka")
    assert again.returncode == 0, again.stdout + again.stderr
    assert sluice("down").returncode == 0


@pytest.mark.timeout(60)
def test_a_port_in_use_is_one_line_with_its_owner(home: Home, living) -> None:
    """The operator's own port is never silently another one."""
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = sluice("up", "kafka", "--port", f"kafka={port}")
    assert up.returncode == 1
    assert up.stderr.count("\n") == 1
    assert f"port {port} (wanted for kafka) is in use by pid {os.getpid()}" in up.stderr
    assert living(home) == []


@pytest.mark.timeout(60)
def test_missing_java_is_one_line_and_nothing_starts(
    home: Home, living, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code and remedy instead of a traceback."""
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    up = sluice("up", "kafka")
    assert up.returncode == 1
    assert up.stderr == (
        "sluice: Java 17 or newer: JAVA_HOME=/nowhere holds no bin/java;"
        " apt-get install openjdk-17-jre-headless\n"
    )
    assert living(home) == []
