"""What the decider asks of the world: a log it may reread, and the operator's word."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from services.chassis.record import Record


class Log(Protocol):
    """A partition that may be read again. Everything raises `Outage` when the broker is away."""

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


class Confirmed(Protocol):
    """How far the control topic is known to be read."""

    async def confirm_end(self) -> None:
        """Read to the end as it is now. Raises `Outage` when that cannot be done."""
        ...

    def confirmed_at(self) -> datetime | None:
        """When the end was last confirmed; None before the first time."""
        ...
