"""One supervised process: its own session, its own log file, no way to outlive its parent."""

import os
import select
import signal
import subprocess
import sys
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

    @property
    def running(self) -> bool:
        """Whether the program still runs (a paused one does)."""
        return not self.ended_within(0)

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._popen.poll()

    def ended_within(self, seconds: float) -> bool:
        """Wait for the end."""
        if self._popen.returncode is not None:
            return True
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone, not to what it started."""
        if self._popen.poll() is None:
            os.kill(self.pid, number)

    def stop(self, grace_s: float) -> int:
        """SIGTERM, at most `grace_s` of patience, then the whole group is killed."""
        self.signal(signal.SIGCONT)
        if self.running:
            os.kill(self.pid, signal.SIGTERM)
            self.ended_within(grace_s)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL the program and whatever of its group is left; returns the exit code."""
        if self._popen.returncode is None:
            # Before it is reaped its pid, and so the group's id, cannot belong to somebody else.
            os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait()
            os.close(self.pidfd)
        return self._popen.returncode
