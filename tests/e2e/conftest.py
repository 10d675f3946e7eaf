"""The whole stack, as a user would start it: by the command, in a place of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local.home import MARK

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sluice:
    """The command with a state of its own: a stack that somebody has up is left alone."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """CI=true: without it a demonstration would wait for Ctrl-C on a terminal."""
        return {**os.environ, "SLUICE_STATE_HOME": str(self.home), "CI": "true", "COLUMNS": "200"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run it without waiting; what it says is on its standard output."""
        return subprocess.Popen(
            [sys.executable, "-m", "services.cli.main", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=self.environment,
        )

    def run(self, *arguments: str, within_s: float = 600) -> tuple[int, str]:
        """Run it to its end: exit code and output."""
        process = self.start(*arguments)
        try:
            output, _ = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, output

    def leftovers(self) -> list[str]:
        """Processes of this stack that are still there, and shared memory without an owner."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.home):
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
            except psutil.Error:
                continue
        return found


@pytest.fixture
def sluice(tmp_path) -> Iterator[Sluice]:
    """For tests that start and stop a stack of their own."""
    command = Sluice(tmp_path / "state")
    yield command
    command.run("down")


@dataclass(frozen=True)
class Up:
    """A stack that is up, for tests that share it."""

    sluice: Sluice
    status: dict[str, Any]

    @property
    def bootstrap_servers(self) -> str:
        """Kafka's."""
        return str(self.status["parts"]["kafka"]["addresses"]["bootstrap_servers"])

    @property
    def zipkin(self) -> str:
        """The trace store's."""
        return str(self.status["parts"]["zipkin"]["addresses"]["url"])


@pytest.fixture(scope="session")
def up(tmp_path_factory) -> Iterator[Up]:
    """The stack in the background, as `make up` starts it."""
    command = Sluice(tmp_path_factory.mktemp("up") / "state")
    code, output = command.run("up", "--detach")
    assert code == 0, output
    _, status = command.run("status", "--json")
    yield Up(command, json.loads(status))
    code, output = command.run("down")
    assert code == 0, output
    assert command.leftovers() == []
