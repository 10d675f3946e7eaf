"""What the decider asks of the world: a log it may reread, and how fresh the operator's word is."""

from collections.abc import AsyncIterator
from typing import Protocol

from services.chassis.record import Record


class Log(Protocol):
    """Partitions that may be read again. Everything raises `Outage` when the broker is away."""

    async def begin_offset(self, topic: str, partition: int) -> int:
        """The first offset that is still there."""
        ...

    async def end_offset(self, topic: str, partition: int) -> int:
        """The offset that the next record will have, asked of the broker now."""
        ...

    def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Record]:
        """The records from `start` up to, not including, `end`, in order."""
        ...


class Stops(Protocol):
    """What emission asks of control."""

    def stopped(self, tenant: str, action_type: str) -> bool:
        """Whether a kill switch covers this."""
        ...


class Freshness(Protocol):
    """How far the control topic is known to be read."""

    def stale(self, seconds: float) -> bool:
        """Whether what we know of it may be older than that."""
        ...
