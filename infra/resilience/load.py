"""What goes in: a seeded stream of events, some of them broken, each with the end it must have."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from confluent_kafka import KafkaError, Message, Producer

from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

End = Literal["decision", "dead-letter"]

# ce_source of each tenant; `sources.yaml` beside this file is the operator's word on them.
TENANTS = ("north", "south", "east")

_TEXTS = (
    "Where is my order? It was promised for Monday and has not arrived.",
    "मेरा ऑर्डर अभी तक नहीं आया है, कृपया बताइए कहाँ है",
    "Mera refund kab aayega, do hafte ho gaye hain",
    "আমার অর্ডার এখনও আসেনি, কোথায় আছে?",
    "The box arrived damaged and one cup is broken.",
    "I cannot log in to my account since yesterday.",
)


@dataclass(frozen=True, slots=True)
class Given:
    """One event to publish."""

    id: str
    topic: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    must: End


@dataclass(frozen=True, slots=True)
class Published:
    """Where an event was put."""

    given: Given
    partition: int
    offset: int


def stream(
    seed: int, count: int, *, tickets: float = 0.05, garbage: float = 0.02
) -> Iterator[Given]:
    """`count` events; the same seed gives the same events, ids included.

    Structured supply events carry the volume: they need no model.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible load, not a secret
    base = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(count):
        tenant = rng.choice(TENANTS)
        roll = rng.random()
        if roll < garbage:
            yield _garbage(seed, n, tenant, rng)
        elif roll < garbage + tickets:
            yield _ticket(seed, n, tenant, rng)
        else:
            yield _supply(seed, n, tenant, rng, base)


def headers(kind: str, source: str, event_id: str) -> tuple[tuple[str, bytes], ...]:
    """CloudEvents attributes, as an outside producer sends them."""
    return (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", kind.encode()),
    )


def _supply(seed: int, n: int, tenant: str, rng: random.Random, base: datetime) -> Given:
    event_id = f"s{seed}-{n}"
    promised = base + timedelta(days=rng.randrange(30))
    body: dict[str, object] = {
        "event_id": event_id,
        "family": "transport",
        "milestone": rng.choice(("departed", "arrived", "delivered", "customs_hold", "cancelled")),
        "classifier": rng.choice(("actual", "estimated")),
        "occurred_at": (base + timedelta(minutes=n)).isoformat(),
        "previous_time": promised.isoformat(),
        "new_time": (promised + timedelta(days=rng.choice((0, 0, 1, 3, 15)))).isoformat(),
        # One subject per event: effect windows never make the order of tenants matter.
        "refs": [{"type": "shipment", "value": f"SH-{seed}-{n}"}],
    }
    kind = SUPPLY_EVENT_RECEIVED.name
    value = json.dumps(body).encode()
    return Given(event_id, kind, value, headers(kind, f"/suppliers/{tenant}", event_id), "decision")


def _ticket(seed: int, n: int, tenant: str, rng: random.Random) -> Given:
    event_id = f"t{seed}-{n}"
    body = {
        "ticket_id": f"T-{seed}-{n}",
        "revision": 1,
        "subject": "Help",
        "message": {"id": f"m{n}", "text": f"{rng.choice(_TEXTS)} ({n})"},
    }
    kind = TICKET_RECEIVED.name
    value = json.dumps(body, ensure_ascii=False).encode()
    return Given(event_id, kind, value, headers(kind, f"/helpdesk/{tenant}", event_id), "decision")


def _garbage(seed: int, n: int, tenant: str, rng: random.Random) -> Given:
    event_id = f"g{seed}-{n}"
    kind = TICKET_RECEIVED.name
    value: bytes | None = rng.choice(
        (
            b"{not json",
            b"\xff\xfe\x00 not utf-8",
            None,
            b"[]",
            b'{"ticket_id": 7, "revision": "x"}',
            b'{"revision": 1}',
        )
    )
    return Given(
        event_id, kind, value, headers(kind, f"/helpdesk/{tenant}", event_id), "dead-letter"
    )


def publish(bootstrap_servers: str, events: Iterable[Given]) -> list[Published]:
    """Publish in order; returns positions. Raises RuntimeError when a delivery fails."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "message.timeout.ms": 120_000,
        }
    )
    done: list[Published] = []
    for given in events:

        def delivered(error: KafkaError | None, message: Message, given: Given = given) -> None:
            if error is not None:
                raise RuntimeError(f"{given.id}: not delivered: {error}")
            done.append(Published(given, message.partition() or 0, message.offset() or 0))

        while True:
            try:
                producer.produce(
                    given.topic,
                    given.value,
                    key=given.id,
                    headers=list(given.headers),
                    on_delivery=delivered,
                )
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if left := producer.flush(150):
        raise RuntimeError(f"{left} events were not delivered")
    return done
