"""When to start a part again after it ended, and when to give up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

# What the services exit with when their configuration is wrong: starting again changes nothing.
EX_CONFIG = 78


@dataclass
class Restarts:
    """Back-off of one part: doubling, capped, forgotten once it has run well for a while."""

    first_s: float = 0.5
    longest_s: float = 10.0
    settled_after_s: float = 10.0
    tries_before_ready: int = 3
    clock: Callable[[], float] = time.monotonic
    count: int = 0
    _in_a_row: int = 0
    _ready_since: float | None = None
    _was_ready: bool = field(default=False)

    def ready(self) -> None:
        """The part is ready."""
        self._ready_since = self.clock()
        self._was_ready = True

    def ended(self, exit_code: int) -> float | None:
        """Seconds to wait before the next start; None to give up.

        A part that was ready once is started again for ever: what it misses may come back.
        """
        if self._ready_since is not None:
            if self.clock() - self._ready_since >= self.settled_after_s:
                self._in_a_row = 0
            self._ready_since = None
        self._in_a_row += 1
        if exit_code == EX_CONFIG:
            return None
        if not self._was_ready and self._in_a_row >= self.tries_before_ready:
            return None
        self.count += 1
        return float(min(self.first_s * 2 ** (self._in_a_row - 1), self.longest_s))
