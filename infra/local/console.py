"""What people see while a stack starts, runs and stops."""

import asyncio
import os
import time
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.text import Text

from infra.local.part import Part
from infra.local.supervisor import Event

_COLOURS = ("cyan", "magenta", "green", "blue", "yellow", "bright_cyan", "bright_magenta")
_BUSY = {"preparing", "starting", "restarting", "stopping"}
_SLOW_S = 2.0  # nobody waits longer in silence
_AGAIN_S = 10.0
_WORDS = {
    "preparing": "fetching or building what it needs",
    "starting": "starting",
    "ready": "ready",
    "done": "done",
    "restarting": "restarting",
    "failed": "failed",
    "stopped": "stopped",
}


class Progress:
    """Tells each step; what takes long is shown as going on."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._busy: dict[str, tuple[str, float]] = {}
        self._colours: dict[str, str] = {}

    def tell(self, event: Event) -> None:
        """One event of the supervisor."""
        name = event.unit.name
        self._busy.pop(name, None)
        if event.state in _BUSY:
            self._busy[name] = (_WORDS.get(event.state, event.state), time.monotonic())
        if event.state in {"ready", "done", "stopped"}:
            where = ""
            if event.state == "ready" and isinstance(event.unit, Part):
                where = "  " + next(iter(event.unit.addresses().values()), "")
            self.line(name, f"{_WORDS[event.state]} after {event.took_s:.1f} s{where}")
        elif event.state in {"failed", "restarting"}:
            self.line(name, f"{_WORDS[event.state]}: {event.detail}", style="red")

    def line(self, name: str, text: str, style: str = "") -> None:
        """One line with its part's name and colour before it."""
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        self.console.print(Text.assemble((f"{name:>12} ", colour), (text, style)), soft_wrap=True)

    async def show(self) -> None:
        """Say what goes on for longer than two seconds, until cancelled."""
        said: dict[str, float] = {}
        status = self.console.status("") if self.console.is_terminal else None
        try:
            while True:
                await asyncio.sleep(0.5)
                slow = {
                    name: (what, time.monotonic() - since)
                    for name, (what, since) in self._busy.items()
                    if time.monotonic() - since >= _SLOW_S
                }
                if status is not None:
                    self._spin(status, slow)
                    continue
                for name, (what, seconds) in slow.items():
                    if seconds - said.get(name, -_AGAIN_S) >= _AGAIN_S or seconds < said[name]:
                        said[name] = seconds
                        self.line(name, f"{what} ({seconds:.0f} s)", style="dim")
        finally:
            if status is not None:
                status.stop()

    @staticmethod
    def _spin(status: Status, slow: dict[str, tuple[str, float]]) -> None:
        if slow:
            status.update(", ".join(f"{n}: {what} {s:.0f} s" for n, (what, s) in slow.items()))
            status.start()
        else:
            status.stop()

    async def follow(self, name: str, log: Path) -> None:
        """Show a log's new lines, until cancelled."""
        tail = Tail(log)
        while True:
            for line in tail.read():
                self.line(name, line)
            await asyncio.sleep(0.2)


class Tail:
    """Lines as they are added to a file that may not exist yet or may start anew."""

    def __init__(self, file: Path, *, skip: int = 0) -> None:
        self._file = file
        self._position = skip
        self._rest = b""

    def read(self) -> list[str]:
        """The whole lines since the last time."""
        try:
            with self._file.open("rb") as opened:
                if os.fstat(opened.fileno()).st_size < self._position:
                    self._position = 0
                opened.seek(self._position)
                *lines, self._rest = (self._rest + opened.read(1 << 20)).split(b"\n")
                self._position = opened.tell()
        except FileNotFoundError:
            return []
        return [line.decode(errors="replace") for line in lines]
