"""What the bench publishes: tickets and structured supply events under ids of this run alone."""

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from infra.bench.texts import texts
from infra.resilience.load import Given, headers
from schemas.base import Event
from topics import Topic
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

# The tenant in services/intake/sources.yaml that is there for this: budgets that a measurement
# uses up, and effects that it claims, are nobody else's.
TENANT = "bench"

_MILESTONES = ("departed", "arrived", "discharged", "gate_out", "delivered", "customs_hold")
# The last is impossible: it is asked to be corrected, the one action that no budget runs out of.
_DELAYS_DAYS = (0, 0, 0, 0, 0, 0.5, 1, 2, 4, 900)


def new_run() -> str:
    """A name for a run. Letters alone: digits could be taken for personal data and masked."""
    return "".join(random.SystemRandom().choices("abcdefghijklmnop", k=8))


def tickets(run: str, seed: int) -> Iterator[Given]:
    """New tickets with one message each, without end; the same seed says the same."""
    rng = _rng(seed)
    words = texts(rng)
    for n in count():
        ticket_id = f"{run}-t{n}"
        body: dict[str, object] = {
            "ticket_id": ticket_id,
            "revision": 1,
            "status": "new",
            "channel": "email",
            "requester": {"id": f"{run}-c{rng.randrange(1_000_000)}"},
            "order_id": f"SO-{rng.randrange(10_000, 1_000_000)}",
            "message": {"id": f"m{n}", "text": next(words)},
        }
        yield _given(TICKET_RECEIVED, f"/helpdesk/{TENANT}", ticket_id, body)


def supply_events(run: str, seed: int) -> Iterator[Given]:
    """Transport milestones in codes alone, one shipment each: the table reads them, no model."""
    rng = _rng(seed)
    for n in count():
        promised = datetime.now(UTC) + timedelta(days=rng.randrange(1, 20))
        shipment = f"SH-{run.upper()}-S{n}"
        body: dict[str, object] = {
            "event_id": f"{run}-s{n}",
            "source_code": "dcsa:TRANSPORT:ARRI",
            "family": "transport",
            "milestone": rng.choice(_MILESTONES),
            "classifier": rng.choice(("actual", "estimated", "planned")),
            "occurred_at": datetime.now(UTC).isoformat(),
            "previous_time": promised.isoformat(),
            "new_time": (promised + timedelta(days=rng.choice(_DELAYS_DAYS))).isoformat(),
            "refs": [
                {"type": "shipment", "value": shipment},
                {"type": "so", "value": f"SO-{rng.randrange(10_000, 1_000_000)}"},
            ],
            "place": {"unlocode": rng.choice(("NLRTM", "INNSA", "SGSIN", "DEHAM"))},
        }
        yield _given(SUPPLY_EVENT_RECEIVED, f"/suppliers/{TENANT}", f"{run}-s{n}", body)


def paced(events: Iterator[Given], per_s: float, for_s: float, seed: int) -> Iterator[Given]:
    """Each event at its own moment: arrivals are random (Poisson), whatever the flow does."""
    rng = _rng(seed)
    due = time.monotonic()
    end = due + for_s
    while (due := due + rng.expovariate(per_s)) < end:
        time.sleep(max(0.0, due - time.monotonic()))
        yield next(events)


def _given(topic: Topic[Event], source: str, event_id: str, body: dict[str, object]) -> Given:
    value = json.dumps(body, ensure_ascii=False).encode()
    return Given(event_id, topic.name, value, headers(topic.name, source, event_id), "decision")


def _rng(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - reproducible load, not a secret
