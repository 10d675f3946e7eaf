"""Dead letters: the original untouched, our headers beside it, and a limit against bad deploys."""

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from services.chassis.outcome import DeadLetter, Reason
from services.chassis.record import Headers, Message, Record

ORIGIN = "sluice-origin-"
DEAD = "sluice-dead-letter-"
DETAIL_CHARS = 500

# What one tenant's bad input can never be, and a bad deploy always is.
_OURS: frozenset[Reason] = frozenset({"crashed", "inference-failed"})


@dataclass(frozen=True, slots=True)
class RecordOrigin:
    """Where an event entered, also after a redrive."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime

    @property
    def id(self) -> str:
        """As an event id for records that have none of their own."""
        return f"{self.topic}:{self.partition}:{self.offset}"


def origin_of(record: Record, trusted: Collection[str]) -> RecordOrigin:
    """The origin that a redriven record carries, else the record's own place.

    Headers count only on `trusted` topics, those that outside producers cannot write: else a
    producer could claim to be another record. Malformed ones count nowhere.
    """
    if record.topic in trusted:
        carried = _carried(record)
        if carried is not None:
            return carried
    return RecordOrigin(record.topic, record.partition, record.offset, record.timestamp)


def _carried(record: Record) -> RecordOrigin | None:
    topic = record.header(f"{ORIGIN}topic")
    numbers = [
        record.header(f"{ORIGIN}{name}") or "" for name in ("partition", "offset", "timestamp")
    ]
    if not topic or not all(number.isascii() and number.isdigit() for number in numbers):
        return None
    partition, offset, timestamp = (int(number) for number in numbers)
    return RecordOrigin(topic, partition, offset, datetime.fromtimestamp(timestamp / 1000, tz=UTC))


def origin_headers(origin: RecordOrigin) -> Headers:
    """The origin as headers."""
    return (
        (f"{ORIGIN}topic", origin.topic.encode()),
        (f"{ORIGIN}partition", str(origin.partition).encode()),
        (f"{ORIGIN}offset", str(origin.offset).encode()),
        (f"{ORIGIN}timestamp", str(round(origin.timestamp.timestamp() * 1000)).encode()),
    )


def compose(
    record: Record,
    letter: DeadLetter,
    *,
    service: str,
    topic: str,
    at: datetime,
    trusted: Collection[str],
) -> Message:
    """The dead letter of a record: its bytes, key and headers, and why it is here.

    Headers of ours that the record already carries (it was redriven) are replaced.
    """
    origin = origin_headers(origin_of(record, trusted))
    kept = tuple((k, v) for k, v in record.headers if not k.startswith((ORIGIN, DEAD)))
    detail = "".join(c for c in letter.detail if c.isprintable())[:DETAIL_CHARS]
    ours = (
        (f"{DEAD}service", service.encode()),
        (f"{DEAD}reason", letter.reason.encode()),
        (f"{DEAD}detail", detail.encode()),
        (f"{DEAD}at", at.isoformat().encode()),
    )
    return Message(topic, record.key, record.value, (*kept, *origin, *ours))


def originals(record: Record) -> Headers:
    """The headers a dead letter's record had before it became one."""
    return tuple((k, v) for k, v in record.headers if not k.startswith((ORIGIN, DEAD)))


class DeadLetterLimit:
    """Stops a bad deploy instead of draining the topic (arroyo's DlqLimit, by tenant).

    Counts what is our own fault, in a sliding window. One tenant counts for at most half of the
    limit: a flood of one tenant's alone never stops the others.
    """

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._seen: deque[tuple[float, str]] = deque()

    def exceeded(self, reason: Reason, tenant: str, now: datetime) -> bool:
        """Count one more; whether that is too many."""
        if reason not in _OURS:
            return False
        at = now.timestamp()
        self._seen.append((at, tenant))
        while self._seen[0][0] < at - self._window_s:
            self._seen.popleft()
        by_tenant = Counter(name for _, name in self._seen)
        half = max(1, self._limit // 2)
        return len(by_tenant) > 1 and sum(min(n, half) for n in by_tenant.values()) >= self._limit
