"""docker-compose.yml as it is: up to health, the examples to their decisions, and down again."""

import json
import os
import secrets
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from infra.demo import producing
from infra.demo.watching import Board, Watcher
from infra.local.places import Ports

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_200)]

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "assessor", "decider")
# What they need comes with them. The rest of the file only watches.
WATCHING = ("collector", "jaeger", "prometheus", "grafana")


class Stack:
    """The compose file under a project of its own, with a secret and a port of its own."""

    def __init__(self) -> None:
        self.project = f"sluice-test-{uuid.uuid4().hex[:6]}"
        self.port = Ports().take("compose")
        self.servers = f"127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "KAFKA_PORT": str(self.port),
            "SLUICE_INTAKE_MASKING_KEY": secrets.token_hex(32),
            "GRAFANA_PASSWORD": secrets.token_hex(8),
        }

    def compose(self, *words: str, within_s: float = 120) -> str:
        """`docker compose` with both files; fails with what it said."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", self.project, "--file", "docker-compose.yml",
             "--file", "infra/docker/compose.test.yml", *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
            timeout=within_s,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4_000:]
        return done.stdout

    def container(self, service: str) -> dict[str, Any]:
        """All that Docker knows of it, also when it has ended."""
        name = self.compose("ps", "--all", "--quiet", service).strip()
        done = subprocess.run(
            ["docker", "inspect", name], capture_output=True, text=True, check=True, timeout=20
        )
        found: dict[str, Any] = json.loads(done.stdout)[0]
        return found

    def logs(self) -> str:
        """The last words of everything, for a failure."""
        return self.compose("logs", "--no-color", "--tail", "15")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Up and healthy: images built, models made for this CPU, topics there."""
    made = Stack()
    try:
        made.compose("build", within_s=900)
        try:
            made.compose("up", "--detach", "--wait", *SERVICES, within_s=600)
        except AssertionError as error:
            pytest.fail(f"{error}\n{made.logs()}", pytrace=False)
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "20")


def _decide(stack: Stack) -> Board:
    """Publish every example from this machine, and follow the cases to their end."""
    watcher, board = Watcher(stack.servers), Board()
    try:
        producing.grant(stack.servers, "acme")
        run = uuid.uuid4().hex[:8]
        for published in producing.publish(
            stack.servers, producing.examples(), TracerProvider(), run
        ):
            board.expect(published)
        deadline = time.monotonic() + 90
        for _ in watcher.follow(board):
            if board.ended or time.monotonic() > deadline:
                break
    finally:
        watcher.close()
    return board


def _all_decided(board: Board, stack: Stack) -> None:
    assert board.rows
    unfinished = [
        f"{row.published.name}: {row.dead_letter or 'no decision'}"
        for row in board.rows.values()
        if row.decision is None
    ]
    assert not unfinished, f"{unfinished}\n{stack.logs()}"


def test_the_whole_file_is_valid(stack: Stack) -> None:
    """Also the parts that are not started here; and what was not started is told."""
    known = json.loads(stack.compose("config", "--format", "json"))["services"]
    assert set(known) == {*SERVICES, *WATCHING, "kafka", "topics", "models", "triton"}
    print(f"not started, as no image of theirs is made here: {', '.join(WATCHING)}")  # noqa: T201


def test_every_example_becomes_a_decision(stack: Stack) -> None:
    """Published from this machine, through real Kafka, Triton and models, all in containers."""
    board = _decide(stack)
    _all_decided(board, stack)
    assert any(row.readings for row in board.rows.values()), "texts were read by the models"
    assert any(row.decision and row.decision.actions for row in board.rows.values())


def test_services_run_confined(stack: Stack) -> None:
    """No root, nothing to write but their state, no capabilities, a memory limit."""
    for service in SERVICES:
        found = stack.container(service)
        host = found["HostConfig"]
        assert found["Config"]["User"] == "sluice"
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["Memory"] > 0
    for service in ("kafka", "triton"):
        assert stack.container(service)["HostConfig"]["Memory"] > 0
        assert stack.container(service)["Config"]["User"] not in {"", "root", "0"}
    assert stack.container("models")["HostConfig"]["NetworkMode"] == "none"


def test_a_killed_service_comes_back_and_goes_on(stack: Stack) -> None:
    """Kill -9 of the decider's process: restarted, healthy, and the next cases are decided."""
    os.kill(stack.container("decider")["State"]["Pid"], signal.SIGKILL)
    stack.compose("up", "--detach", "--wait", *SERVICES)
    assert stack.container("decider")["RestartCount"] == 1
    _all_decided(_decide(stack), stack)


def test_stopping_drains_and_ends_well(stack: Stack) -> None:
    """Every service ends by itself within its grace."""
    stack.compose("stop", *SERVICES)
    codes = {service: stack.container(service)["State"]["ExitCode"] for service in SERVICES}
    assert codes == dict.fromkeys(SERVICES, 0)
