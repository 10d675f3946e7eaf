"""Reference data as its owners send it, and a copy of it over a dict."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.bench.reference_stores import DictStore
from services.assessor.reference import tables
from services.assessor.reference.copy import ReferenceCopy
from services.assessor.reference.tables import Tables
from services.chassis.kafka.extent import Extent
from services.chassis.record import Record
from tests.fakes_triton import FakeMetrics
from topics.reference import ENTITY_CHANGED

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday


class SettableClock:
    """Stands still until somebody moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        """What it shows."""
        return self.at

    def forward(self, **by: float) -> None:
        """As `timedelta` takes it."""
        self.at += timedelta(**by)


def event(
    type_: str = "order", id_: str = "SO-1", attributes: Mapping | None = None, **fields
) -> dict:
    """The event; `fields` replace its own."""
    return {
        "tenant": "acme",
        "type": type_,
        "id": id_,
        "as_of": NOW.isoformat(),
        "attributes": {"status": "shipped"} if attributes is None else attributes,
    } | fields


def row(op: str = "u", after: object = None, *, table: str = "orders", **fields) -> dict:
    """Debezium's envelope; `fields` replace its own."""
    return {
        "before": None,
        "after": after,
        "source": {
            "connector": "postgresql",
            "db": "erp",
            "schema": "public",
            "table": table,
            "ts_ms": round(NOW.timestamp() * 1000),
        },
        "op": op,
        "ts_ms": round(NOW.timestamp() * 1000) + 500,
    } | fields


def record(
    value: object, key: object = "acme|order:SO-1", offset: int = 0, partition: int = 0
) -> Record:
    """As it lies on the topic. Bytes stay as they are, text is a key, the rest is JSON."""

    def sent(what: object) -> bytes | None:
        if what is None or isinstance(what, bytes):
            return what
        return what.encode() if isinstance(what, str) else json.dumps(what).encode()

    return Record(ENTITY_CHANGED.name, partition, offset, 0, sent(key), sent(value))


def told(text: str, folder: Path) -> Tables:
    """The operator's file."""
    file = folder / "reference.yaml"
    file.write_text(text)
    return tables.load(file)


def extent(ends: int = 1_000_000, partitions: int = 4, begin: int = 0, **fields) -> Extent:
    """The topic on the broker."""
    given = {
        "cluster": "c1",
        "topic": ENTITY_CHANGED.name,
        "topic_id": "t1",
        "begins": dict.fromkeys(range(partitions), begin),
        "ends": dict.fromkeys(range(partitions), ends),
        "delete_retention_s": 7 * 86_400.0,
    }
    return Extent(**(given | fields))


class CopyHouse:
    """A copy, its clock, its metrics and the place it is kept in."""

    def __init__(self, tables_: Tables | None = None) -> None:
        self.clock = SettableClock()
        self.store = DictStore()
        self.tables = tables_ or Tables()
        self.start()

    def start(self, **there) -> Mapping[int, int]:
        """A process begins; returns where it reads on."""
        self.metrics = FakeMetrics()
        self.copy = ReferenceCopy(self.store, self.tables, self.clock, self.metrics)
        return self.copy.resume(extent(**there))

    def take(self, *records: Record) -> None:
        """As the broadcast does: what cannot be applied is told, then all of it is kept."""
        for each in records:
            try:
                self.copy.apply(each)
            except Exception as error:  # noqa: BLE001 - as the broadcast does
                self.copy.unreadable(each, error)
        self.copy.reached({each.partition: each.offset + 1 for each in records})

    @property
    def alarm(self) -> float:
        """The gauge as it was last set."""
        what = {"what": "reference-unreadable"}
        return [
            value
            for name, value, labels in self.metrics.counted
            if (name, labels) == ("sluice_alarm", what)
        ][-1]
