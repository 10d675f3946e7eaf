"""Intake's world in memory: sources of two tenants, records, spans that tell what was opened."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typing_extensions import override

from schemas.automation.case import Case, CaseAccepted
from services.chassis.outcome import Done, Outcome
from services.chassis.ports import Attribute, Delivery, Trace
from services.chassis.record import Headers, Record
from services.intake import sources
from services.intake.app import maskers_of
from services.intake.handler import Accept
from services.intake.sources import Sources
from tests.fakes_decider import FakeLane, FakeMetrics
from topics.automation import OUTCOME_REPORTED, REVIEW_GIVEN
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

EXAMPLES = Path(__file__).parents[1] / "schemas" / "examples"
KEY = "a key of tests, which need none to be secret"
TICKETS = TICKET_RECEIVED.name
SUPPLY = SUPPLY_EVENT_RECEIVED.name
OUTCOMES = OUTCOME_REPORTED.name
REVIEWS = REVIEW_GIVEN.name

SOURCES = Path(__file__).with_suffix(".yaml").read_text()


class SpanTrace(Trace):
    """A span that tells the roots opened from it; every one has a trace id of its own."""

    def __init__(self, number: int = 1) -> None:
        self.number = number
        self.notes: dict[str, Attribute] = {}
        self.roots: list[SpanTrace] = []

    @property
    @override
    def traceparent(self) -> str:
        return f"00-{self.number:032x}-{self.number:016x}-01"

    @property
    @override
    def trace_id(self) -> str:
        return f"{self.number:032x}"

    @override
    def note(self, attributes: dict[str, Attribute]) -> None:
        self.notes.update(attributes)

    @override
    @contextmanager
    def child(self, name: str, attributes: dict[str, Attribute] | None = None) -> Iterator[Trace]:
        yield self

    @override
    @contextmanager
    def case(self, name: str, attributes: dict[str, Attribute] | None = None) -> Iterator[Trace]:
        root = SpanTrace(self.number * 1000 + len(self.roots))
        root.note(attributes or {})
        self.roots.append(root)
        yield root


def loaded(folder: Path, text: str = SOURCES) -> Sources:
    """A sources file, read as the service does."""
    path = folder / "sources.yaml"
    path.write_text(text)
    return sources.load(path)


class Door:
    """The handler, and records to knock with."""

    def __init__(self, known: Sources) -> None:
        self.metrics = FakeMetrics()
        self.handler = Accept(known, maskers_of(KEY, known), self.metrics)

    def open(self, record: Record, trace: Trace | None = None) -> Outcome:
        """What becomes of one record."""
        delivery = Delivery(record, trace or SpanTrace())
        (outcome,) = asyncio.run(self.handler.handle(FakeLane(), [delivery]))
        return outcome

    def cases(self, record: Record, trace: Trace | None = None) -> list[Case]:
        """The cases a good record becomes."""
        outcome = self.open(record, trace)
        assert isinstance(outcome, Done), outcome
        return [CaseAccepted.from_json(message.value or b"").case for message in outcome.messages]

    def case(self, record: Record) -> Case:
        """The one case a good record becomes."""
        (found,) = self.cases(record)
        return found


def cloud(kind: str, source: str, event_id: str = "e-1", **more: str) -> Headers:
    """CloudEvents in binary mode; further attributes by name."""
    attributes = {"specversion": "1.0", "id": event_id, "source": source, "type": kind, **more}
    found = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    return (("content-type", b"application/json"), *found)


def record(
    value: Any,
    *,
    topic: str = TICKETS,
    headers: Headers | None = None,
    partition: int = 2,
    offset: int = 17,
) -> Record:
    """A record as Kafka hands it over; what is no bytes is written as JSON.

    Without headers it comes from acme's helpdesk as a CloudEvent.
    """
    body = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    said = cloud(topic, "/helpdesk/acme") if headers is None else headers
    return Record(topic, partition, offset, 1_764_000_000_000, b"any key", body, said)


def ticket(**fields: Any) -> dict[str, Any]:
    """A small valid ticket."""
    return {"ticket_id": "T-1", "revision": 1, **fields}


def said(text: str, **message: Any) -> dict[str, Any]:
    """A valid ticket with a message."""
    return ticket(message={"id": "m-1", "text": text, **message})


def supply(**fields: Any) -> dict[str, Any]:
    """A small valid supply event."""
    return {
        "family": "transport",
        "milestone": "departed",
        "occurred_at": "2026-11-20T06:30:00Z",
        "refs": [{"type": "shipment", "value": "SH-1"}],
        **fields,
    }


def example(name: str) -> Any:
    """One of schemas/examples, parsed; an e-mail is its bytes, a text a string."""
    raw = (EXAMPLES / name).read_bytes()
    if name.endswith(".txt"):
        return raw.decode()
    return raw if name.endswith(".eml") else json.loads(raw)


# Folder of examples: its topic, ce_source and ce_type.
SOURCE_OF: Mapping[str, tuple[str, str, str]] = {
    TICKETS: (TICKETS, "/helpdesk/acme", TICKETS),
    SUPPLY: (SUPPLY, "/suppliers/acme", SUPPLY),
    "sources/epcis": (SUPPLY, "/epcis/acme", "org.gs1.epcis"),
    "sources/dcsa": (SUPPLY, "/dcsa/acme", "org.dcsa.tnt"),
    "sources/project44": (SUPPLY, "/project44/acme", "com.project44.shipment"),
    "sources/edi": (SUPPLY, "/edi/acme", "com.acme.edi"),
    "sources/notice": (SUPPLY, "/notices/acme", "com.acme.notice"),
    "sources/zendesk": (TICKETS, "/zendesk/acme", "com.zendesk.ticket"),
    "sources/freshdesk": (TICKETS, "/freshdesk/acme", "com.freshdesk.ticket"),
    "sources/zammad": (TICKETS, "/zammad/acme", "com.zammad.ticket"),
    "sources/jira": (TICKETS, "/jira/acme", "com.atlassian.jira"),
    "sources/servicenow": (TICKETS, "/servicenow/acme", "com.servicenow.incident"),
    "sources/intercom": (TICKETS, "/intercom/acme", "io.intercom.notification"),
    "sources/email": (TICKETS, "/email/acme", "org.ietf.rfc5322"),
    OUTCOMES: (OUTCOMES, "/helpdesk/acme", OUTCOMES),
    REVIEWS: (REVIEWS, "/ops/acme", REVIEWS),
}


def examples() -> list[tuple[str, str, str, str]]:
    """Every example of the outside topics: file, topic, ce_source, ce_type."""
    return [
        (str(path.relative_to(EXAMPLES)), *said)
        for folder, said in SOURCE_OF.items()
        for path in sorted((EXAMPLES / folder).glob("*.json"))
    ]


def mails() -> list[str]:
    """Every example that is an e-mail."""
    return [f"sources/email/{path.name}" for path in sorted((EXAMPLES / "sources/email").iterdir())]


def mail_record(raw: bytes, event_id: str | None = None) -> Record:
    """An e-mail on its topic: bare, or as a CloudEvent of that id."""
    said = cloud(TICKETS, "/email/acme", event_id)[1:] if event_id else ()
    return record(raw, headers=(("content-type", b"message/rfc822"), *said))


def epcis_event(**changes):
    """A small valid EPCIS event; None takes a field away."""
    event = {
        "eventID": "urn:uuid:1",
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": "2026-11-20T07:00:12.000Z",
        "eventTimeZoneOffset": "+05:30",
        "epcList": ["urn:epc:id:sscc:9521321.0000004711"],
        **changes,
    }
    return {name: value for name, value in event.items() if value is not None}


def epcis(*events):
    """A document of them."""
    document = example("sources/epcis/inbound-receipt.json")
    document["epcisBody"]["eventList"] = list(events)
    return document


def dcsa(**changes):
    """The example of a carrier's event, changed; None takes a field away."""
    event = {**example("sources/dcsa/vessel-arrival-estimate.json"), **changes}
    return {name: value for name, value in event.items() if value is not None}


def grouped(kind, code, **more):
    """An event as DCSA 3.0 writes it."""
    return {
        "eventID": f"e-{code}",
        "eventRouting": {},
        "eventDateTime": "2026-01-20T18:00:00Z",
        "eventClassification": {
            "eventTypeCode": kind,
            "eventClassifierCode": "ACT",
            f"{kind.lower()}EventTypeCode": code,
        },
        "equipmentDetails": {"equipmentReference": "APZU4812090"},
        **more,
    }
