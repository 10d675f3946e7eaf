"""The folder of a running stack: one at a time, what it wrote down, what a dead one left."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from infra.local import memory, places
from infra.local.part import StackError

# In the environment of every process of a stack, also of those that it did not start itself
# (Triton's stubs, Maven): what carries it and has no supervisor is a leftover.
MARK = "SLUICE_STACK"


class Home:
    """State of the stack under one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or places.state_home()

    @property
    def state_file(self) -> Path:
        """What `sluice status` reads."""
        return self.folder / "state.json"

    @property
    def logs(self) -> Path:
        """One file per part."""
        return self.folder / "logs"

    @property
    def ports_file(self) -> Path:
        """The ports of the last time."""
        return self.folder / "ports.json"

    @contextlib.contextmanager
    def only_one(self) -> Iterator[None]:
        """Hold the stack's lock; the kernel lets go of it whatever becomes of us.

        Raises:
            StackError: another supervisor holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                by = f" (pid {self.read().get('supervisor_pid', 'unknown')})"
                raise StackError(
                    f"Sluice is already up on this machine{by}:"
                    " `make status` shows it, `make down` stops it"
                ) from None
            yield

    def is_held(self) -> bool:
        """Whether a supervisor lives."""
        try:
            with (self.folder / "lock").open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def read(self) -> dict[str, Any]:
        """What the last supervisor wrote; empty when there was none."""
        try:
            state: dict[str, Any] = json.loads(self.state_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return state

    def address(self, part: str, protocol: str) -> str | None:
        """Where a ready part of the running stack listens; None where there is none."""
        found = self.read().get("parts", {}).get(part, {}) if self.is_held() else {}
        if found.get("state") != "ready":
            return None
        address: str | None = found["addresses"].get(protocol)
        return address

    def write(self, state: dict[str, Any]) -> None:
        """Replace the state in one step: a reader sees the old or the new."""
        fresh = self.state_file.with_suffix(".new")
        fresh.write_text(json.dumps(state, indent=1))
        fresh.replace(self.state_file)

    def secret(self, name: str) -> str:
        """A secret of this installation, made once, readable by its owner alone."""
        file = self.folder / "secrets" / name
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(secrets.token_hex(32))
        return file.read_text()

    def keep_old_logs(self) -> None:
        """Make room for this run's logs; those of the last run stay beside them as *.log.1."""
        for log in self.logs.glob("*.log"):
            log.replace(log.with_suffix(".log.1"))

    def forget(self) -> None:
        """Throw away the broker's data and the services' snapshots: only together they agree."""
        for part in ("kafka", "services"):
            shutil.rmtree(self.folder / part, ignore_errors=True)

    @contextlib.contextmanager
    def mark(self) -> Iterator[None]:
        """Let everything that is started from here carry the mark."""
        before = os.environ.get(MARK)
        os.environ[MARK] = str(self.folder)
        try:
            yield
        finally:
            os.environ.pop(MARK) if before is None else os.environ.update({MARK: before})

    def sweep(self) -> list[str]:
        """Kill what carries our mark, ourselves and our parents excepted; free orphaned memory."""
        spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
        killed = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if process.pid not in spared and process.environ().get(MARK) == str(self.folder):
                    killed.append(f"{process.name()} (pid {process.pid})")
                    process.send_signal(signal.SIGKILL)
                    process.wait(5)
        orphans = memory.remove_orphans()
        return [*killed, f"{len(orphans)} regions of shared memory"] if orphans else killed
