"""Records in, cases out: unwrap, find the source, map, mask, key."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from typing_extensions import override

from schemas.automation.case import CaseAccepted
from schemas.automation.feedback import FeedbackAccepted
from services.chassis import envelope as out
from services.chassis.dead_letters import ORIGIN, RecordOrigin, origin_of
from services.chassis.errors import Rejected, Undecodable
from services.chassis.names import Attr
from services.chassis.outcome import DeadLetter, Done, Outcome
from services.chassis.ports import Attribute, Delivery, Lane, Metrics, StatelessHandler, Trace
from services.chassis.record import Message
from services.intake import envelope
from services.intake.cases import Accepted, Entry, accepted
from services.intake.domain.masking import Masker
from services.intake.feedback import feedback_of
from services.intake.formats import ALL
from services.intake.formats.base import Mapped
from services.intake.sources import FEEDBACK, Source, Sources
from services.intake.vault import Vault
from topics.automation import CASE_ACCEPTED, FEEDBACK_ACCEPTED
from topics.catalog import ALL as ALL_TOPICS
from topics.dead_letters import INTAKE_RETRY

TRUSTED = frozenset({INTAKE_RETRY.name})

_MAJOR = re.compile(r"\.v[0-9]+\Z")
_OURS = frozenset(topic.name for topic in ALL_TOPICS)
_TURN_S = 0.005
# What a record costs on the wire beside its value: headers, key, the batch around it.
_OVERHEAD = 4 * 1024


class Accept(StatelessHandler):
    """The same record always gives the same outcome. Without a vault no clear value is kept."""

    def __init__(
        self,
        sources: Sources,
        maskers: Mapping[str, Masker],
        metrics: Metrics,
        vault: Vault | None = None,
    ) -> None:
        self._sources = sources
        self._maskers = maskers
        self._metrics = metrics
        self._vault = vault

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        began = time.monotonic()
        for delivery in deliveries:
            outcomes.append(self._outcome(delivery))
            # A hostile text takes a tenth of a second, a chunk has many: others get their turn.
            if time.monotonic() - began > _TURN_S:
                await asyncio.sleep(0)
                began = time.monotonic()
        return outcomes

    def _outcome(self, delivery: Delivery) -> Outcome:
        try:
            return Done(self._accept(delivery))
        except Undecodable as error:
            return DeadLetter("undecodable", str(error))
        except Rejected as error:
            return DeadLetter("rejected", str(error))

    def _accept(self, delivery: Delivery) -> tuple[Message, ...]:
        origin = origin_of(delivery.record, TRUSTED)
        if origin.topic in TRUSTED:
            raise Rejected(f"{ORIGIN}topic: missing; redrive with `sluice dead-letters redrive`")
        came = envelope.read(delivery.record)
        _refuse_other_type(came.type, origin.topic)
        source = self._sources.of(origin.topic, came)
        if source.format == FEEDBACK:
            return (self._feedback(came, source, origin, delivery.trace),)
        cases = self._cases(came, source, origin)
        # One that does not fit refuses the document whole, before anything was said of the rest.
        values = [_within_limit(each) for each in cases]
        return tuple(
            message
            for each, value in zip(cases, values, strict=True)
            for message in self._messages(each, value, delivery.trace)
        )

    def _cases(
        self, came: envelope.Envelope, source: Source, origin: RecordOrigin
    ) -> list[Accepted]:
        shape = ALL[source.format]
        mapped = shape.map(came.data)
        record_id = came.id or origin.id
        cases: list[Accepted] = []
        for index, each in enumerate(mapped):
            # A document's events have ids of their own; the record's names the document.
            own = each.event_id if shape.split or came.id is None else came.id
            batch_id = record_id if len(mapped) > 1 else None
            entry = Entry(source, origin, index, own or record_id, batch_id, shape.id, came.time)
            cases.append(self._case(each, entry))
        return cases

    def _case(self, mapped: Mapped, entry: Entry) -> Accepted:
        try:
            return accepted(mapped, entry, self._maskers[entry.source.tenant])
        except ValidationError as error:
            fields = "; ".join(".".join(str(p) for p in f["loc"]) for f in error.errors()[:5])
            raise Rejected(f"{fields}: too long or malformed once accepted; shorten it") from error

    def _messages(self, each: Accepted, value: bytes, trace: Trace) -> list[Message]:
        """The case, and before it what nobody but the courier may read of it."""
        case = each.case
        attributes: dict[str, Attribute] = {
            Attr.TENANT: case.tenant,
            Attr.CASE_ID: str(case.case_id),
            Attr.DOMAIN: case.domain.value,
            Attr.MASKED: sum(case.masked.values()),
        }
        for kind, count in case.masked.items():
            self._metrics.count("sluice_masked_spans_total", count, **{"class": kind})
        if case.batch_id is None:
            trace.note(attributes)
            traceparent = trace.traceparent
        else:
            document: dict[str, Attribute] = {Attr.BATCH_DOCUMENT: case.batch_id}
            trace.note({Attr.TENANT: case.tenant, **document})
            with trace.case("accept case", attributes | document) as root:
                traceparent = root.traceparent
        kept = self._vault.messages(case, each.told, traceparent) if self._vault else []
        headers = out.headers(
            CaseAccepted.event_type,
            str(case.case_id),
            envelope.SOURCE,
            case.origin.timestamp,
            case.subject,
            traceparent,
        )
        return [*kept, Message(CASE_ACCEPTED.name, case.subject.encode(), value, headers)]

    def _feedback(
        self, came: envelope.Envelope, source: Source, origin: RecordOrigin, trace: Trace
    ) -> Message:
        event = feedback_of(came.data, source, origin, self._maskers[source.tenant])
        trace.note({Attr.TENANT: source.tenant})
        return Message(
            FEEDBACK_ACCEPTED.name,
            source.tenant.encode(),
            event.to_json(),
            out.headers(
                FeedbackAccepted.event_type,
                origin.id,
                envelope.SOURCE,
                origin.timestamp,
                source.tenant,
                trace.traceparent,
            ),
        )


def _refuse_other_type(kind: str | None, topic: str) -> None:
    """A type of ours is published to its topic; what sources call theirs is their own affair."""
    if kind is None or kind == topic:
        return
    if _MAJOR.sub("", kind) == _MAJOR.sub("", topic):
        raise Undecodable("ce_type: another major version; publish it to the topic of that name")
    if kind in _OURS:
        raise Rejected(
            f"ce_type: {kind} does not belong here; publish it to the topic of that name"
        )


def _within_limit(accepted: Accepted) -> bytes:
    """The case's value. What the broker would refuse for ever is its record's own fault."""
    value = CaseAccepted(case=accepted.case).to_json()
    room = CASE_ACCEPTED.max_message_bytes - _OVERHEAD
    if len(value) > room:
        raise Rejected(
            f"refs, quantities, measurements, tags: {len(value)} bytes once accepted, at most"
            f" {room}; send fewer of them in one event"
        )
    return value
