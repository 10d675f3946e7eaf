"""The stack that is measured: found by its state file, refused unless all of it is well."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from infra.local.home import Home
from infra.local.service import readiness
from services.chassis.errors import SluiceError
from services.chassis.triton.settings import TritonSettings

_NEEDED = ("kafka", "triton", "intake", "assessor", "decider")


class BenchError(SluiceError):
    """There is nothing to measure, or what was measured is void; with the remedy."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running stack: addresses and processes by part, as the state file has them."""

    supervisor_pid: int
    parts: Mapping[str, Mapping[str, Any]]

    @property
    def bootstrap_servers(self) -> str:
        """Of the broker."""
        return self.address("kafka", "bootstrap_servers")

    def address(self, part: str, which: str) -> str:
        """Where a part listens."""
        return str(self.parts[part]["addresses"][which])

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """The one process of each part; what it started itself is not here."""
        return {
            name: _process(name, part["pid"]) for name, part in self.parts.items() if part["pid"]
        }

    def batching(self) -> TritonSettings:
        """How the assessor asks the server: what its own process was told."""
        assessor = next(name for name in self.parts if name.startswith("assessor"))
        told = self.processes[assessor].environ()
        prefix = "SLUICE_TRITON_"
        return TritonSettings(
            **{
                name.removeprefix(prefix).lower(): value  # type: ignore[arg-type] # pydantic reads the text
                for name, value in told.items()
                if name.startswith(prefix)
            }
        )

    def triton_option(self, name: str) -> Path:
        """A folder that the running server was started with."""
        option = f"--{name}="
        for word in self.processes["triton"].cmdline():
            if word.startswith(option):
                return Path(word.removeprefix(option))
        raise BenchError(f"tritonserver was started without {option}: cannot tell what it serves")


def find(home: Home | None = None) -> Target:
    """The stack of this machine.

    Raises:
        BenchError: none is up, it is not complete, or a part of it is not well.
    """
    home = home or Home()
    if not home.is_held():
        raise BenchError("Sluice is not up on this machine; `make up` starts it")
    state = home.read()
    if state.get("state") != "ready":
        raise BenchError(f"the stack is {state.get('state', 'unknown')}; `make status` shows more")
    parts = {name: part for name, part in state["parts"].items() if part["kind"] != "step"}
    for needed in _NEEDED:
        if not any(name == needed or name.startswith(f"{needed}-") for name in parts):
            raise BenchError(
                f"the stack has no {needed}; `make down` and `make up` start all of it"
            )
    for name, part in parts.items():
        if trouble := _trouble(part):
            raise BenchError(f"{name} is not well: {trouble}; `make status` shows more")
    return Target(state["supervisor_pid"], parts)


def _trouble(part: Mapping[str, Any]) -> str:
    if part["state"] != "ready":
        return str(part["state"])
    if part["kind"] != "service":
        return ""
    health = readiness(part["addresses"]["url"])
    if health["ready"]:
        return ""
    ill = [f"{name}: {said['detail']}" for name, said in health["checks"].items() if not said["ok"]]
    return "; ".join(ill) or "it says that it is not ready"


def _process(name: str, pid: int) -> psutil.Process:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        raise BenchError(f"{name} (pid {pid}) has ended; `make status` shows more") from None
