"""One life of a process that keeps a copy of the reference topic, measured from inside.

`python -m infra.bench.reference_worker STORE FOLDER BOOTSTRAP_SERVERS TRUTH`. Lines of JSON go out:
how far it is; and when the end of the topic was reached, how long that took, what it holds in
memory, what a look-up costs, and how many entities are not as TRUTH, a file of versions, says.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from infra.bench.reference_load import Truth, key
from infra.bench.reference_stores import opened
from services.assessor.reference.copy import ReferenceCopy
from services.assessor.reference.store import Store
from services.assessor.reference.tables import Tables
from services.chassis.clock import SystemClock
from services.chassis.kafka.broadcast import Broadcast
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.record import Record
from services.chassis.telemetry import PrometheusMetrics
from topics.reference import ENTITY_CHANGED

_LOOK_UPS = 100_000
_TELL_EVERY_S = 0.2


def main(arguments: list[str]) -> None:
    """Read to the end, and tell."""
    name, folder, bootstrap_servers, file = arguments
    truth = Truth.read(Path(file))
    began, cpu = time.perf_counter(), time.process_time()
    with opened(name, Path(folder)) as store:
        records = asyncio.run(_read(store, bootstrap_servers))
        found = {
            "seconds": time.perf_counter() - began,
            "cpu_s": time.process_time() - cpu,
            "records": records,
            **_memory(),
            "disk_mib": _disk_mib(Path(folder)),
            **_look_ups(store, len(truth.versions)),
        }
        wrong = sum(store.get(name) != held for name, held in truth.held())
        _say({**found, "wrong": wrong})


class _Telling(ReferenceCopy):
    """Says how far it is, for whoever wants to kill us half-way."""

    records = 0
    _told_at = 0.0

    @override
    def apply(self, record: Record) -> None:
        super().apply(record)
        self.records += 1

    @override
    def reached(self, offsets: Mapping[int, int]) -> None:
        super().reached(offsets)
        if time.monotonic() - self._told_at > _TELL_EVERY_S:
            self._told_at = time.monotonic()
            _say({"reading": self.records})


async def _read(store: Store, bootstrap_servers: str) -> int:
    copy = _Telling(store, Tables(), SystemClock(), PrometheusMetrics())
    broadcast = Broadcast(ENTITY_CHANGED, copy.apply, on_unreadable=copy.unreadable, copy=copy)
    await broadcast.start(KafkaSettings(bootstrap_servers=bootstrap_servers))
    await broadcast.close()
    return copy.records


def _memory() -> dict[str, float]:
    """What it holds now and held at most; anonymous memory is what the system cannot take back."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rss_mib": int(status["VmRSS"].split()[0]) / 1024,
        "anonymous_mib": int(status["RssAnon"].split()[0]) / 1024,
        "most_rss_mib": most / 1024,
    }


def _look_ups(store: Store, entities: int) -> dict[str, float]:
    chance = random.Random(1)  # noqa: S311 - not a secret
    names = [key(chance.randrange(entities)) for _ in range(_LOOK_UPS)]
    took = []
    for name in names:
        at = time.perf_counter_ns()
        store.get(name)
        took.append(time.perf_counter_ns() - at)
    took.sort()
    return {
        "look_up_p50_us": took[_LOOK_UPS // 2] / 1000,
        "look_up_p99_us": took[_LOOK_UPS * 99 // 100] / 1000,
    }


def _disk_mib(folder: Path) -> float:
    """Blocks, not lengths: a mapped file has holes."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file()) / 2**20


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
