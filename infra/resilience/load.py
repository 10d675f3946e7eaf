"""What goes in: a seeded stream of events, some of them broken, each with the end it must have."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from confluent_kafka import KafkaError, Message, Producer

from services.chassis.identity import stable_id
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

# "redriven": a dead letter first, and a decision once somebody mended what it lacked.
End = Literal["decision", "dead-letter", "redriven"]

# `sources.yaml` beside this file is the operator's word on them: one per partition.
TENANTS = ("north", "south", "west", "quay")

# Where one event entered: topic, partition, offset, index in its document.
Place = tuple[str, int, int, int]

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
    """One record to publish.

    `events` are the ids of the events in it, None where the place it is put at becomes the id.
    """

    id: str
    topic: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    must: End
    tenant: str = ""
    source: str = ""
    events: tuple[str | None, ...] = ()
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """Where a record was put."""

    given: Given
    partition: int
    offset: int

    @property
    def places(self) -> list[Place]:
        """Of the events in it; a broken record counts as one."""
        count = max(1, len(self.given.events))
        return [(self.given.topic, self.partition, self.offset, n) for n in range(count)]

    @property
    def cases(self) -> dict[str, Place]:
        """The cases that its events must become; none where it is broken."""
        given = self.given
        origin = f"{given.topic}:{self.partition}:{self.offset}"
        return {
            str(stable_id(given.tenant, given.source, event or origin, place[3])): place
            for event, place in zip(given.events, self.places, strict=False)
        }


def stream(
    seed: int, count: int, *, tickets: float = 0.05, garbage: float = 0.02, documents: float = 0.01
) -> Iterator[Given]:
    """`count` records; the same seed gives the same records, ids included.

    Structured supply events carry the volume: they need no model.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible load, not a secret
    run = name(seed)
    for n in range(count):
        tenant = rng.choice(TENANTS)
        roll = rng.random()
        if roll < garbage:
            yield broken(f"g-{run}-{n}", tenant, rng)
        elif roll < garbage + documents:
            yield document(f"d-{run}-{n}", tenant)
        elif roll < garbage + documents + tickets:
            yield ticket(f"t-{run}-{n}", tenant, f"{rng.choice(_TEXTS)} ({n})")
        else:
            yield _supply(f"s-{run}-{n}", tenant, rng)


def name(seed: int) -> str:
    """The seed in letters: long digits in an id could be taken for personal data, and masked."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(abs(seed)))


def headers(kind: str, source: str, event_id: str) -> tuple[tuple[str, bytes], ...]:
    """CloudEvents attributes, as an outside producer sends them."""
    return (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", kind.encode()),
    )


def ticket(
    event_id: str, tenant: str, text: str, *, of: str | None = None, revision: int = 1
) -> Given:
    """A revision of a ticket with one new message; `of` names it, by default it is a new one."""
    body = {
        "ticket_id": of or f"T-{event_id}",
        "revision": revision,
        "subject": "Help",
        "message": {"id": f"m-{event_id}", "text": text},
    }
    kind = TICKET_RECEIVED.name
    value = json.dumps(body, ensure_ascii=False).encode()
    said = headers(kind, f"/helpdesk/{tenant}", event_id)
    return Given(event_id, kind, value, said, "decision", tenant, "helpdesk", (event_id,))


def broken(event_id: str, tenant: str, rng: random.Random) -> Given:
    """A record that nobody can make sense of, in one of the ways that occur."""
    kind = TICKET_RECEIVED.name
    value, said_kind = rng.choice(
        (
            (b"{not json", kind),
            (b"\xff\xfe\x00 not utf-8", kind),
            (None, kind),
            (b"[]", kind),
            (b'{"ticket_id": 7, "revision": "x"}', kind),
            (b'{"revision": 1}', kind),
            (b'{"ticket_id": "T-1", "revision": 1}', "support.ticket.received.v2"),
        )
    )
    said = headers(said_kind, f"/helpdesk/{tenant}", event_id)
    return Given(event_id, kind, value, said, "dead-letter", tenant)


def document(event_id: str, tenant: str, count: int = 3) -> Given:
    """An EPCIS document of several events, one case each."""
    events = tuple(f"urn:uuid:{stable_id(event_id, n)}" for n in range(count))
    body = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-01T00:00:00Z",
        "epcisBody": {
            "eventList": [
                {
                    "eventID": event,
                    "type": "ObjectEvent",
                    "action": "OBSERVE",
                    "bizStep": "receiving",
                    "disposition": "damaged" if n else "in_progress",
                    "eventTime": "2026-01-01T00:00:00Z",
                    "eventTimeZoneOffset": "+00:00",
                    "epcList": [f"urn:epc:id:giai:9521321.{event_id}-{n}"],
                }
                for n, event in enumerate(events)
            ]
        },
    }
    kind = SUPPLY_EVENT_RECEIVED.name
    said = headers("org.gs1.epcis", f"/epcis/{tenant}", event_id)
    value = json.dumps(body).encode()
    return Given(event_id, kind, value, said, "decision", tenant, "epcis", events)


def _supply(event_id: str, tenant: str, rng: random.Random) -> Given:
    base = datetime(2026, 1, 1, tzinfo=UTC)
    promised = base + timedelta(days=rng.randrange(30))
    body: dict[str, object] = {
        "event_id": event_id,
        "family": "transport",
        "milestone": rng.choice(("departed", "arrived", "delivered", "customs_hold", "cancelled")),
        "classifier": rng.choice(("actual", "estimated")),
        "occurred_at": base.isoformat(),
        "previous_time": promised.isoformat(),
        "new_time": (promised + timedelta(days=rng.choice((0, 0, 1, 3, 15)))).isoformat(),
        # One subject per event: effect windows never make the order of tenants matter.
        "refs": [{"type": "shipment", "value": f"SH-{event_id}"}],
    }
    kind = SUPPLY_EVENT_RECEIVED.name
    value = json.dumps(body).encode()
    said = headers(kind, f"/suppliers/{tenant}", event_id)
    return Given(event_id, kind, value, said, "decision", tenant, "suppliers", (event_id,))


def publish(bootstrap_servers: str, events: Iterable[Given]) -> list[Published]:
    """Publish in order; returns positions, in that order. Raises RuntimeError on a failure."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "message.timeout.ms": 120_000,
            "log_level": 0,
            # The broker's limit of each topic is the one that counts.
            "message.max.bytes": 16 * 1024 * 1024,
        }
    )
    done: dict[int, Published] = {}
    failed: list[str] = []
    for number, given in enumerate(events):

        def delivered(
            error: KafkaError | None, message: Message, number: int = number, given: Given = given
        ) -> None:
            if error is not None:
                failed.append(f"{given.id}: not delivered: {error}")
            else:
                place = message.partition() or 0, message.offset() or 0
                done[number] = Published(given, *place)

        where = {} if given.partition is None else {"partition": given.partition}
        while True:
            try:
                producer.produce(
                    given.topic,
                    given.value,
                    key=given.id,
                    headers=list(given.headers),
                    on_delivery=delivered,
                    **where,
                )
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if left := producer.flush(150):
        raise RuntimeError(f"{left} events were not delivered")
    if failed:
        raise RuntimeError(failed[0])
    return [done[number] for number in sorted(done)]
