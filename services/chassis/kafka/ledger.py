"""What was handed over, what is done, what may be committed: per partition and generation."""

from collections import deque
from functools import partial
from typing import Literal

from services.chassis.errors import Crash

# What a hole in the offsets of a topic means.
Continuity = Literal[
    "own",  # written by us without transactions, kept long enough: a hole is a loss
    "outside",  # transactions, compaction and retention are its owner's business
]

Ack = partial[None]


class Ledger:
    """One partition in one generation.

    Offsets go in once, in order, without a hole that was not explained; they may be closed in any
    order; only the closed prefix may be committed. After `end` nothing counts any more, so that a
    late acknowledgement cannot speak for whoever owns the partition by then.
    """

    __slots__ = ("_ended", "_open", "committable", "committed", "continuity", "expected", "name")

    def __init__(self, name: str, *, expected: int, continuity: Continuity) -> None:
        self.name = name
        self.continuity = continuity
        self.expected = expected
        self.committable = expected
        self.committed = expected
        self._open: deque[list[int]] = deque()  # [offset, 1 when closed]
        self._ended = False

    def open(self, offset: int) -> Ack:
        """Account for a record that was handed over; the returned callable closes it.

        Raises:
            Crash: an offset of ours is missing or was seen before: something is lost, or the log
                is not the one it was.
        """
        if offset != self.expected and self.continuity == "own":
            raise Crash(
                f"{self.name}: expected offset {self.expected}, got {offset}. Records of ours are "
                "missing from the log. Find out why; `sluice offsets accept-loss` records the "
                "loss and goes on"
            )
        self.expected = offset + 1
        entry = [offset, 0]
        self._open.append(entry)
        return partial(self._close, entry)

    def _close(self, entry: list[int]) -> None:
        if self._ended:
            return
        entry[1] = 1
        entries = self._open
        while entries and entries[0][1]:
            self.committable = entries.popleft()[0] + 1

    def end(self) -> None:
        """The partition is not ours any more."""
        self._ended = True

    @property
    def open_count(self) -> int:
        """Handed over and not yet committable."""
        return len(self._open)
