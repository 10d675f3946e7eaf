"""One phase: events go in, are followed to their ends, and what all of it cost is noted."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from infra.bench.following import Ends, Follower
from infra.bench.spending import Meter, Spent
from infra.bench.target import BenchError
from infra.resilience.load import Given, publish


@dataclass(frozen=True, slots=True)
class Phase:
    """What came of it. `seconds`: from the first published to the last decided."""

    ends: Ends
    seconds: float
    settle_s: float
    spent: Spent

    @property
    def cases(self) -> int:
        """All of them are decided."""
        return len(self.ends.decided)


def flow(
    bootstrap_servers: str,
    run: str,
    events: Iterable[Given],
    watch: Meter,
    say: Callable[[int], None],
) -> Phase:
    """Publish, follow until every case is decided, wait until the stack is quiet again.

    Raises:
        BenchError: an event was lost on the way, or a process.
    """
    follower = Follower(bootstrap_servers, run)
    try:
        before, began = watch.sample(), time.time()
        publishing = _Publishing(bootstrap_servers, events)
        follower.follow(publishing.count, say)
    finally:
        follower.close()
    # Spans are exported and offsets committed after the decision: that is part of the price.
    settle_s = watch.quiet()
    spent = watch.between(before, watch.sample())
    seconds = max(follower.ends.decided.values()) - began
    return Phase(follower.ends, seconds, settle_s, spent)


class _Publishing:
    """An outside producer, on a thread of its own."""

    def __init__(self, bootstrap_servers: str, events: Iterable[Given]) -> None:
        self._servers = bootstrap_servers
        self._events = events
        self._count: int | None = None
        self._error: Exception | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def count(self) -> int | None:
        """How many there were, None while it goes on."""
        if self._error is not None:
            raise BenchError(f"publishing failed: {self._error}") from self._error
        return self._count

    def _run(self) -> None:
        try:
            self._count = len(publish(self._servers, self._events))
        except Exception as error:  # noqa: BLE001 - told to whoever asks for the count
            self._error = error
