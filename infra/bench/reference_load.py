"""Entities as operators publish them, by number and version, and what a copy must hold of them."""

import json
import random
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
from confluent_kafka import Producer

from services.assessor.domain.joining import ATTRIBUTES, Type
from topics.reference import ENTITY_CHANGED

TENANT = "bench"
# What a warehouse and a shop have of each, in percent.
_MIX = {
    Type.ORDER: 60,
    Type.CUSTOMER: 20,
    Type.INVENTORY: 12,
    Type.SKU: 5,
    Type.PURCHASE_ORDER: 2,
    Type.SUPPLIER: 1,
}
_TYPES = [type_ for type_, share in _MIX.items() for _ in range(share)]
_SINCE_MS = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)

Progress = Callable[[int], None]


class Truth:
    """The version that each entity has now; 0 is gone. What was published last counts."""

    def __init__(self, versions: "array[int]") -> None:
        self.versions = versions

    @classmethod
    def read(cls, file: Path) -> "Truth":
        """As another process wrote it."""
        versions: array[int] = array("H")
        versions.frombytes(file.read_bytes())
        return cls(versions)

    def write(self, file: Path) -> None:
        """For another process."""
        file.write_bytes(self.versions.tobytes())

    def held(self) -> Iterator[tuple[str, bytes | None]]:
        """Every entity by its key, as a copy must hold it."""
        for number, version in enumerate(self.versions):
            yield key(number), held(number, version) if version else None


def key(number: int) -> str:
    """Of an entity."""
    return f"{TENANT}|{_TYPES[number % 100]}:{number:09d}"


def held(number: int, version: int) -> bytes:
    """What a copy keeps of it: its time, and the attributes that facts are made of."""
    known = ATTRIBUTES[_TYPES[number % 100]]
    kept = {name: value for name, value in _attributes(number, version).items() if name in known}
    return orjson.dumps((_SINCE_MS + version, kept))


def feed(
    bootstrap_servers: str, truth: Truth, changes: int | None, seed: int, progress: Progress
) -> int:
    """Publish every entity once, or so many changes of them; returns how many records."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "linger.ms": 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    lost: list[str] = []

    def delivered(error: object, _: object) -> None:
        if error is not None:
            lost.append(str(error))

    count = 0
    for number in _numbers(truth, changes, seed):
        version = truth.versions[number]
        value = _event(number, version) if version else None
        while True:
            try:
                producer.produce(ENTITY_CHANGED.name, value, key(number), on_delivery=delivered)
            except BufferError:
                producer.poll(0.1)
            else:
                break
        count += 1
        if count % 10_000 == 0:
            producer.poll(0)
            progress(count)
    left = producer.flush(120)
    if left or lost:
        raise RuntimeError(f"{left + len(lost)} records were not confirmed: {lost[:1]}")
    return count


def _numbers(truth: Truth, changes: int | None, seed: int) -> Iterator[int]:
    """Whose version was just made the one to publish."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    if changes is None:
        # In no order: keys of many systems come in none, and a sorted load flatters a tree.
        numbers = list(range(len(truth.versions)))
        chance.shuffle(numbers)
        for number in numbers:
            truth.versions[number] = 1
            yield number
        return
    for _ in range(changes):
        number = chance.randrange(len(truth.versions))
        # One in ten goes; who is gone may come back, as a version it never had.
        gone = chance.random() < 0.1  # noqa: PLR2004 - as said
        truth.versions[number] = 0 if gone else chance.randrange(2, 60_000)
        yield number


def _event(number: int, version: int) -> bytes:
    since = datetime.fromtimestamp((_SINCE_MS + version) / 1000, UTC)
    return json.dumps(
        {
            "tenant": TENANT,
            "type": _TYPES[number % 100].value,
            "id": f"{number:09d}",
            "as_of": since.isoformat(),
            "attributes": _attributes(number, version),
        }
    ).encode()


def _attributes(number: int, version: int) -> dict[str, object]:
    """Some that facts are made of, and some that are nobody's business here."""
    match _TYPES[number % 100]:
        case Type.ORDER:
            return {
                "status": ("placed", "packed", "shipped", "delivered")[version % 4],
                "amount": f"{number % 5000}.{version % 100:02d}",
                "currency": "INR",
                "refundable": number % 3 > 0,
                "warehouse": "BLR-2",
                "lines": [{"sku": f"{number % 997:09d}", "quantity": 1 + number % 3}],
            }
        case Type.CUSTOMER:
            return {"tier": "gold" if number % 9 == 0 else "basic", "since": 2000 + version % 26}
        case Type.INVENTORY:
            return {"on_hand": version, "daily_demand": 1 + number % 40, "bin": f"A-{number % 77}"}
        case Type.SKU:
            return {"safety_class": "food" if number % 5 == 0 else "none", "title": f"No. {number}"}
        case Type.PURCHASE_ORDER:
            return {"amount": 100 + version, "currency": "EUR", "supplier": f"{number % 500}"}
        case _:
            return {"single_source": number % 2 == 0, "country": "IN"}
