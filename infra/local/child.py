"""One supervised process: its own session, its own log file, no way to outlive its parent."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run; `env` is added to the parent's own environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


class Child:
    """A running program.

    Make it in the thread that lives as long as the program should: the kernel sends the death
    signal when that *thread* ends, not the whole process.
    """

    def __init__(self, command: Command, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), *command.argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **command.env},
                cwd=command.cwd,
                start_new_session=True,
            )
        self.pid = self._popen.pid
        # Readable once the process has ended, reaped or not: the loop and a thread can both wait.
        self.pidfd = os.pidfd_open(self.pid)
        weakref.finalize(self, os.close, self.pidfd)
        self._reaping = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether the program still runs (a paused one does)."""
        return not self.ended_within(0)

    def ended_within(self, seconds: float) -> bool:
        """Wait for the end."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program alone, not to what it started; nothing once it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)

    def strike(self) -> None:
        """SIGKILL the whole group without waiting for its end."""
        with self._reaping:
            # Until it is reaped its pid, and so the group's id, cannot belong to somebody else.
            if self._popen.returncode is None:
                os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> int:
        """SIGKILL the program and whatever of its group is left; returns the exit code."""
        self.strike()
        with self._reaping:
            return self._popen.wait()

    def stop(self, grace_s: float) -> int:
        """SIGTERM, at most `grace_s` of patience, then the whole group is killed."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)  # a paused program would not hear the first
        self.ended_within(grace_s)
        return self.kill()
