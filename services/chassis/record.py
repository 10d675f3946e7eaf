"""Kafka's records as plain values, so that nothing but the adapters knows a client library."""

from dataclasses import dataclass
from datetime import UTC, datetime

Headers = tuple[tuple[str, bytes], ...]

# A producer may write any 64-bit number; brokers refuse the far future alone, and -1 is "none".
_LAST_MS = 253_370_764_800_000  # the year 9999


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read. `timestamp_ms` is the record's own, since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    def header(self, name: str) -> str | None:
        """The last header of that name as text; undecodable bytes are replaced."""
        for key, value in reversed(self.headers):
            if key == name:
                return (value or b"").decode(errors="replace")
        return None

    @property
    def timestamp(self) -> datetime:
        """The record's timestamp as an aware UTC instant; what is none is the epoch."""
        return datetime.fromtimestamp(min(max(self.timestamp_ms, 0), _LAST_MS) / 1000, tz=UTC)


@dataclass(frozen=True, slots=True)
class Message:
    """A record to be written. `partition` None leaves the choice to murmur2 of the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where the broker says it put a message. `offset` is -1 when it did not say."""

    topic: str
    partition: int
    offset: int
