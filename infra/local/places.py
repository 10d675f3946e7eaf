"""Where the local stack keeps things, and which ports are its own."""

import json
import os
import random
import socket
from collections.abc import Mapping
from pathlib import Path

import psutil

from infra.local.part import StackError


def cache_home() -> Path:
    """What can be fetched or built again: jars, models. Shared by all checkouts of a user."""
    return Path(os.environ.get("SLUICE_CACHE_HOME") or Path.home() / ".cache" / "sluice")


def state_home() -> Path:
    """What a running stack keeps: addresses, logs, the broker's data."""
    return Path(os.environ.get("SLUICE_STATE_HOME") or Path.home() / ".local/state/sluice")


class Ports:
    """Free loopback ports, the same ones again at the next start where they are still free."""

    # Below Linux's ephemeral range: no outgoing connection takes one between choice and use.
    _RANGE = range(20_000, 32_000)

    def __init__(self, file: Path | None = None, fixed: Mapping[str, int] | None = None) -> None:
        self._file = file
        self._fixed = dict(fixed or {})
        self._taken: dict[str, int] = {}
        self._remembered: dict[str, int] = {}
        if file is not None and file.exists():
            self._remembered = json.loads(file.read_text())

    def take(self, name: str) -> int:
        """The port for this name.

        Raises:
            StackError: the operator fixed one that is in use.
        """
        if name in self._taken:
            return self._taken[name]
        if name in self._fixed:
            port = self._fixed[name]
            if not is_free(port):
                raise StackError(
                    f"port {port} (wanted for {name}) is in use{_by_whom(port)};"
                    f" stop that, or leave out --port {name}={port} to take a free one"
                )
        else:
            port = self._remembered.get(name, 0)
            while port in self._taken.values() or not is_free(port):
                port = random.choice(self._RANGE)  # noqa: S311 - not a secret
        self._taken[name] = port
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps({**self._remembered, **self._taken}, indent=1))
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen there now; connections in TIME_WAIT do not count."""
    if port == 0:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _by_whom(port: int) -> str:
    for connection in psutil.net_connections("inet"):
        local = connection.laddr
        if local and local.port == port and connection.status == "LISTEN" and connection.pid:
            return f" by pid {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""
