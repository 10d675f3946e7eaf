"""An outside producer: plain confluent-kafka, its own trace, no code of the services."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, Message, Producer
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from schemas.automation.action import Autonomy
from schemas.automation.control import AutonomyGrant, ControlChanged
from topics.automation import CONTROL_CHANGED
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"

# What an operator would have granted after watching the shadow decisions for a while.
GRANTS: tuple[tuple[str, Autonomy], ...] = (
    ("support.route", Autonomy.ACT),
    ("support.set_priority", Autonomy.ACT),
    ("support.tag", Autonomy.ACT),
    ("support.escalate", Autonomy.NOTICE),
    ("support.reply.macro", Autonomy.NOTICE),
    ("supply.notify_customer", Autonomy.APPROVE),
    ("supply.hold_lot", Autonomy.NOTICE),
    ("supply.page_planner", Autonomy.ACT),
    ("supply.request_correction", Autonomy.ACT),
)


@dataclass(frozen=True, slots=True)
class Published:
    """One example on the wire. `events` is how many cases it must become."""

    name: str
    topic: str
    partition: int
    offset: int
    trace_id: str
    events: int


@dataclass(frozen=True, slots=True)
class Example:
    """A file to publish, and how its source would envelope it."""

    path: Path
    topic: str
    source: str
    type: str

    @property
    def name(self) -> str:
        """For people: the file's name without its ending."""
        return self.path.stem

    def value(self, run: str) -> bytes:
        """The bytes; ids are the run's own, so that a second demonstration makes new cases."""
        return json.dumps(_renewed(json.loads(self.path.read_bytes()), run)).encode()

    @property
    def events(self) -> int:
        """How many events the document holds."""
        document = json.loads(self.path.read_bytes())
        if isinstance(document, list):
            return len(document)
        body = document.get("epcisBody", {}) if isinstance(document, dict) else {}
        return len(body.get("eventList", ())) or 1


# Files, topic, ce_source, ce_type: few enough to be read in one table. `sluice map` shows what
# becomes of all the others in schemas/examples/sources.
_SHOWN = (
    ("support.ticket.received.v1/*.json", TICKET_RECEIVED.name, "/helpdesk/acme",
     TICKET_RECEIVED.name),
    ("supply.event.received.v1/*.json", SUPPLY_EVENT_RECEIVED.name, "/suppliers/acme",
     SUPPLY_EVENT_RECEIVED.name),
    ("sources/epcis/inbound-receipt.json", SUPPLY_EVENT_RECEIVED.name, "/epcis/acme",
     "org.gs1.epcis"),
    ("sources/dcsa/vessel-arrival-estimate.json", SUPPLY_EVENT_RECEIVED.name, "/dcsa/acme",
     "org.dcsa.tnt"),
)  # fmt: skip


def examples() -> list[Example]:
    """What the demonstration publishes, tickets first."""
    return [
        Example(path, topic, source, kind)
        for files, topic, source, kind in _SHOWN
        for path in sorted(EXAMPLES.glob(files))
    ]


def grant(bootstrap_servers: str, tenant: str) -> None:
    """Publish the autonomy records, as an operator would."""
    producer = _producer(bootstrap_servers)
    now = datetime.now(UTC)
    for action_type, level in GRANTS:
        record = ControlChanged(
            control_id=f"demo-{tenant}-{action_type}-{level.value}",
            by="demo-operator",
            at=now,
            reason="demonstration",
            change=AutonomyGrant(tenant=tenant, action_type=action_type, level=level),
        )
        producer.produce(
            CONTROL_CHANGED.name,
            record.to_json(),
            key=f"autonomy|{tenant}|{action_type}|*",
            headers={"ce_type": ControlChanged.event_type, "ce_id": record.control_id},
        )
    _flush(producer)


def publish(
    bootstrap_servers: str, made: list[Example], spans: TracerProvider, run: str
) -> list[Published]:
    """Publish each example inside a PRODUCER span of its own; returns where each one is."""
    producer = _producer(bootstrap_servers)
    tracer = spans.get_tracer("demo-producer")
    done: list[Published] = []
    for example in made:
        with tracer.start_as_current_span(
            f"send {example.topic}",
            kind=SpanKind.PRODUCER,
            attributes={"messaging.system": "kafka"},
        ) as span:
            context = span.get_span_context()
            trace_id = f"{context.trace_id:032x}"

            def delivered(
                error: KafkaError | None,
                message: Message,
                example: Example = example,
                trace_id: str = trace_id,
            ) -> None:
                if error is not None:
                    raise RuntimeError(f"{example.name}: not delivered: {error}")
                done.append(
                    Published(
                        example.name,
                        example.topic,
                        message.partition() or 0,
                        message.offset() or 0,
                        trace_id,
                        example.events,
                    )
                )

            producer.produce(
                example.topic,
                example.value(run),
                key=example.name,
                headers={
                    "content-type": "application/json",
                    "ce_specversion": "1.0",
                    "ce_id": f"{run}-{example.name}",
                    "ce_source": example.source,
                    "ce_type": example.type,
                    "ce_time": datetime.now(UTC).isoformat(),
                    "traceparent": f"00-{trace_id}-{context.span_id:016x}-01",
                },
                on_delivery=delivered,
            )
            _flush(producer)
    return done


def _renewed(document: Any, run: str) -> Any:
    match document:
        case dict():
            return {name: _new_id(name, value, run) for name, value in document.items()}
        case list():
            return [_renewed(item, run) for item in document]
        case _:
            return document


def _new_id(name: str, value: Any, run: str) -> Any:
    match name, value:
        case "ticket_id", str():
            return f"{value}-{run}"
        case ("eventID", str()) if ":" in value:  # GS1 wants a URI, DCSA a bare UUID
            return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, run + value)}"
        case "eventID", str():
            return str(uuid.uuid5(uuid.NAMESPACE_URL, run + value))
        case _:
            return _renewed(value, run)


def _producer(bootstrap_servers: str) -> Producer:
    return Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
        }
    )


def _flush(producer: Producer) -> None:
    left = producer.flush(30)
    if left:
        raise RuntimeError(f"{left} messages were not delivered in 30 s")
