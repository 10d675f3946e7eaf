"""Dead letters: the original untouched, our headers beside it, and a limit against bad deploys."""

import json
from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.chassis.outcome import DeadLetter, Reason
from services.chassis.record import Headers, Message, Record

ORIGIN = "sluice-origin-"
DEAD = "sluice-dead-letter-"
OMITTED = f"{DEAD}omitted"  # how many bytes of a value too large to be written again
DETAIL_CHARS = 500

# Not a record that failed but one that is gone: written by `sluice offsets accept-loss`.
LOSS_ACCEPTED = "loss-accepted"

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
        carried = carried_origin(record)
        if carried is not None:
            return carried
    return RecordOrigin(record.topic, record.partition, record.offset, record.timestamp)


def carried_origin(record: Record) -> RecordOrigin | None:
    """What the headers claim, None where they are missing or malformed."""
    topic, partition, offset, timestamp = (
        record.header(f"{ORIGIN}{name}") or ""
        for name in ("topic", "partition", "offset", "timestamp")
    )
    # A record without a timestamp has -1.
    numbers = (partition, offset, timestamp.removeprefix("-"))
    if not topic or not all(number.isascii() and number.isdigit() for number in numbers):
        return None
    try:
        entered = datetime.fromtimestamp(int(timestamp) / 1000, tz=UTC)
        return RecordOrigin(topic, int(partition), int(offset), entered)
    except (ValueError, OverflowError, OSError):
        return None  # a number with too many digits is no number of Kafka's


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
    ours = _dead_headers(service, letter.reason, letter.detail, at)
    return Message(topic, record.key, record.value, (*originals(record), *origin, *ours))


def without_value(letter: Message) -> Message:
    """The letter of a record that no topic takes back: unpacked it is larger than any limit.

    Its value stays where the origin's headers point to, as long as that topic keeps it.
    """
    size = len(letter.value or b"")
    return replace(letter, value=None, headers=(*letter.headers, (OMITTED, str(size).encode())))


def _dead_headers(service: str, reason: str, detail: str, at: datetime) -> Headers:
    printable = "".join(c for c in detail if c.isprintable())[:DETAIL_CHARS]
    return (
        (f"{DEAD}service", service.encode()),
        (f"{DEAD}reason", reason.encode()),
        (f"{DEAD}detail", printable.encode()),
        (f"{DEAD}at", at.isoformat().encode()),
    )


def accepted_loss(
    lost: RecordOrigin, until: int, *, service: str, topic: str, at: datetime
) -> Message:
    """The audit of offsets that a person gave up: from `lost` on, up to and without `until`.

    It lies among the dead letters, where people look for what was not processed.
    """
    value = {
        "topic": lost.topic,
        "partition": lost.partition,
        "first": lost.offset,
        "until": until,
        "accepted_at": at.isoformat(),
    }
    detail = (
        f"offsets {lost.offset} up to {until} are lost"
        if until > lost.offset
        else f"the log ends before offset {lost.offset}: read again from {until}"
    )
    ours = _dead_headers(service, LOSS_ACCEPTED, detail, at)
    return Message(topic, None, json.dumps(value).encode(), (*origin_headers(lost), *ours))


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
