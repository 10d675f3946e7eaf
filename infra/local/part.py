"""What every part of the local stack is to the supervisor and to the tests."""

import abc
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.child import Child, Command
from services.chassis.errors import SluiceError


class StackError(SluiceError):
    """A part cannot be had, started or found; the message says which and the remedy."""


class Part(abc.ABC):
    """A program with addresses, readiness and leftovers. Used by hand or by the supervisor.

    The supervisor calls `prepare`, `is_ready` and `clean` in threads it may abandon, so they must
    be safe to drop; programs that `prepare` runs are killed when the stack ends.
    """

    name: str
    needs: tuple[str, ...] = ()
    ready_within_s: float = 60.0
    stop_within_s: float = 10.0
    # Ask `is_ready` at this interval also after the start, and restart after three refusals in a
    # row; None: only the end of the process counts.
    watch_every_s: float | None = None

    def __init__(self, log: Path) -> None:
        self.log = log
        self.child: Child | None = None

    def prepare(self) -> None:  # noqa: B027 - most parts need nothing
        """Fetch or build what is needed; idempotent, blocking, may take minutes the first time.

        Raises:
            StackError: with the remedy.
        """

    @abc.abstractmethod
    def command(self) -> Command:
        """The program, as it would be started now."""

    @abc.abstractmethod
    def is_ready(self) -> bool:
        """Ask the part itself, for at most two seconds; never raises for "not yet"."""

    def addresses(self) -> Mapping[str, str]:
        """Where it listens, by a short name; the first is the one that people want."""
        return {}

    def clean(self) -> None:  # noqa: B027 - most parts leave nothing
        """Remove what a killed process leaves behind, such as shared memory."""

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.child is not None and self.child.running

    def start(self) -> Child:
        """Start the process without waiting; prepare() must have run."""
        if self.running:
            raise StackError(f"{self.name} runs already")
        self.clean()
        self.child = Child(self.command(), self.log)
        return self.child

    def wait_ready(self, within_s: float | None = None) -> None:
        """Block until it is ready.

        Raises:
            StackError: it ended, or was not ready in time; with the last lines of its log.
        """
        deadline = time.monotonic() + (within_s or self.ready_within_s)
        while not self.is_ready():
            if not self.running:
                raise StackError(f"{self.name} ended while starting{self.last_words()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} is not ready in time{self.last_words()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL of its group, then clean."""
        if self.child is not None:
            self.child.stop(self.stop_within_s)
        self.clean()

    def kill(self) -> None:
        """SIGKILL, as a crash would; start() again uses the same ports and data."""
        if self.child is not None:
            self.child.kill()

    def pause(self) -> None:
        """SIGSTOP: alive and silent."""
        if self.child is not None:
            self.child.send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self.child is not None:
            self.child.send(signal.SIGCONT)

    def last_words(self, lines: int = 12) -> str:
        """The end of its log, for an error message."""
        try:
            end = self.log.read_bytes()[-20_000:].decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            end = []
        return "".join(f"\n    {line}" for line in end) + f"\n  whole log: {self.log}"


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done once, when what it needs is ready, such as making the topics."""

    name: str
    needs: tuple[str, ...]
    run: Callable[[], None]
