"""The system's clock, as the port wants it."""

from datetime import UTC, datetime

from typing_extensions import override

from services.chassis.ports import Clock


class SystemClock(Clock):
    """Wall-clock time."""

    @override
    def now(self) -> datetime:
        return datetime.now(UTC)
