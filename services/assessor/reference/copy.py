"""The assessor's copy of the reference topic: taken over, thrown away, kept up, asked.

The order of the log, per key, is the truth: what a compacted topic keeps is the last record of a
key, and a copy must end where a fresh reading would. A later record counts though its `as_of` be
earlier; its owner has changed its mind.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import orjson
import structlog
from typing_extensions import override

from services.assessor.domain.joining import ATTRIBUTES, Entity, Type
from services.assessor.reference.records import Name, entity_of, name_of
from services.assessor.reference.store import Kept, Store
from services.assessor.reference.tables import Tables
from services.chassis.errors import Crash, Rejected, Undecodable
from services.chassis.kafka.broadcast import Copy
from services.chassis.kafka.extent import Extent
from services.chassis.ports import Clock, Metrics
from services.chassis.record import Record

_log = structlog.get_logger()

# Counted up with every change of what a record does to the copy.
FORMAT = 1

# Clocks differ; what begins later than this is not so yet.
_SKEW = timedelta(minutes=5)
# How often a copy that is kept up is noted to be sound, and how near to the limit it is believed.
_NOTE_EVERY_S = 60.0
_SAFE = 0.9

_HOLE = b""
_LOGGED = 10
_LOGGED_EVERY = 1_000


class ReferenceCopy(Copy):
    """One per process, on its one loop."""

    def __init__(self, store: Store, tables: Tables, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._tables = tables
        self._clock = clock
        self._metrics = metrics
        self._changes: list[tuple[str, bytes | None]] = []
        self._newest: dict[str, int] = {}
        self._unreadable = 0
        self._holes = 0
        self._sound_at = 0.0
        self._retention_s = 0.0

    @override
    def resume(self, extent: Extent) -> Mapping[int, int]:
        identity, now = _identity(extent, self._tables), self._clock.now().timestamp()
        self._retention_s = extent.delete_retention_s
        kept = self._store.kept()
        why = None if kept is None else distrust(kept, identity, extent, now)
        if kept is None or why is not None:
            if why is not None:
                _log.warning("reference copy thrown away", why=why)
            self._store.begin(identity, now)
            kept = Kept(identity, {}, now)
        self._sound_at = kept.sound_at
        self._count_holes()
        return {**extent.begins, **kept.positions}

    def apply(self, record: Record) -> None:
        """Take one record in.

        Raises:
            Undecodable, Rejected: it cannot be read; then `unreadable` is next.
        """
        try:
            name = name_of(record, self._tables)
        except (Undecodable, Rejected):
            if record.value is not None:
                raise
            self._changes.append((_nameless(record), None))
            return
        entity = entity_of(record, name, self._tables)
        self._changes.append((str(name), None if entity is None else _packed(entity)))
        if entity is not None:
            self._note_newest(name, entity.as_of)

    def unreadable(self, record: Record, error: Exception) -> None:
        """What it is about counts as missing until a readable record tells of it."""
        try:
            name = str(name_of(record, self._tables))
        except (Undecodable, Rejected):
            name = _nameless(record)
        self._changes.append((name, _HOLE))
        self._unreadable += 1
        if self._unreadable <= _LOGGED or self._unreadable % _LOGGED_EVERY == 0:
            ours = isinstance(error, Undecodable | Rejected)
            _log.error(
                "reference: an unreadable record",
                partition=record.partition,
                offset=record.offset,
                why=str(error) if ours else type(error).__name__,
                so_far=self._unreadable,
            )

    @override
    def reached(self, offsets: Mapping[int, int]) -> None:
        if self._clock.now().timestamp() - self._sound_at > self._retention_s:
            raise Crash(
                "the reference copy was not at the log's end for longer than delete.retention.ms:"
                " what was deleted meanwhile is not known; it is read again from the begin"
            )
        changes, self._changes = self._changes, []
        self._store.apply(changes, offsets)
        if self._holes or any(value == _HOLE for _, value in changes):
            self._count_holes()

    @override
    def complete(self) -> None:
        now = self._clock.now().timestamp()
        if now - self._sound_at >= _NOTE_EVERY_S:
            self._sound_at = now
            self._store.sound(now)

    def find(self, tenant: str, type_: Type, id_: str) -> Entity | None:
        """The entity as it is now; None where nothing readable is known of it."""
        packed = self._store.get(str(Name(tenant, type_, id_)))
        if not packed:
            return None
        since, attributes = orjson.loads(packed)
        if (tenant, type_) in self._tables.feeds:
            since = max(since, self._newest_of(f"^{tenant}|{type_}"))
        as_of = datetime.fromtimestamp(since / 1000, UTC)
        if as_of > self._clock.now() + _SKEW:
            return None  # not so yet
        return Entity(type_, id_, as_of, attributes)

    def _note_newest(self, name: Name, as_of: datetime) -> None:
        """A feed that tells every change vouches for what it leaves unsaid, up to its last word."""
        if (name.tenant, name.type) not in self._tables.feeds or as_of > self._clock.now() + _SKEW:
            return
        feed = f"^{name.tenant}|{name.type}"
        told = _milliseconds(as_of)
        if told > self._newest_of(feed):
            self._newest[feed] = told
            self._changes.append((feed, str(told).encode()))

    def _newest_of(self, feed: str) -> int:
        if feed not in self._newest:
            self._newest[feed] = int(self._store.get(feed) or -1)
        return self._newest[feed]

    def _count_holes(self) -> None:
        self._holes = self._store.holes()
        self._metrics.gauge("sluice_alarm", bool(self._holes), what="reference-unreadable")


def distrust(kept: Kept, identity: str, extent: Extent, now: float) -> str | None:
    """Why a copy may not be gone on with; None where it may."""
    if kept.identity != identity:
        return "it is of another cluster, topic, partition count, format or reference file"
    for number, position in kept.positions.items():
        if position < extent.begins.get(number, 0):
            return "the log begins after where it ends"
        if position > extent.ends.get(number, 0):
            return "the log ends before it"
    age = now - kept.sound_at
    if age > extent.delete_retention_s * _SAFE or age < -_SKEW.total_seconds():
        return "it is older than delete.retention.ms: what was deleted meanwhile is not known"
    return None


def _identity(extent: Extent, tables: Tables) -> str:
    rules = {
        "attributes": {type_: sorted(names) for type_, names in ATTRIBUTES.items()},
        "tables": [table.model_dump(mode="json") for table in tables.tables],
        "feeds": sorted(f"{tenant}|{type_}" for tenant, type_ in tables.feeds),
        "key_table": tables.key_table,
    }
    digest = hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
    about = {
        "cluster": extent.cluster,
        "topic": extent.topic,
        "topic_id": extent.topic_id,
        "partitions": len(extent.begins),
        "format": FORMAT,
        "rules": digest,
    }
    return json.dumps(about, sort_keys=True)


def _nameless(record: Record) -> str:
    """For what has no readable key: the same for the same key, and not the key itself."""
    return f"?{hashlib.sha256(record.key or b'').hexdigest()}"


def _packed(entity: Entity) -> bytes:
    return orjson.dumps((_milliseconds(entity.as_of), entity.attributes))


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)
