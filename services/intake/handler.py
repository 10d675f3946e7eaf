"""Records in, cases out: unwrap, find the source, map, mask, key."""

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from typing_extensions import override

from schemas.automation.case import CaseAccepted, Origin
from schemas.automation.feedback import FeedbackAccepted, OutcomeReported, ReviewGiven
from services.chassis import envelope as out
from services.chassis.dead_letters import RecordOrigin, origin_of
from services.chassis.errors import Rejected, Undecodable
from services.chassis.names import Attr
from services.chassis.outcome import DeadLetter, Done, Outcome
from services.chassis.ports import Attribute, Delivery, Handler, Lane, Metrics, Trace
from services.chassis.record import Message
from services.intake import envelope
from services.intake.cases import Entry, case_of
from services.intake.domain.masking import Masker
from services.intake.formats import ALL
from services.intake.formats.base import Mapped, validated
from services.intake.sources import FEEDBACK, Source, Sources
from topics.automation import CASE_ACCEPTED, FEEDBACK_ACCEPTED, OUTCOME_REPORTED
from topics.dead_letters import INTAKE_RETRY

SOURCE = "/sluice/intake"
TRUSTED = frozenset({INTAKE_RETRY.name})

_MAJOR = re.compile(r"\.v\d+$")


class Accept(Handler):
    """Pure but for the keys: the same record always gives the same outcome."""

    def __init__(self, sources: Sources, maskers: Mapping[str, Masker], metrics: Metrics) -> None:
        self._sources = sources
        self._maskers = maskers
        self._metrics = metrics

    @override
    async def prepare(self, lane: Lane) -> None:
        pass

    @override
    async def tick(self, lane: Lane) -> None:
        pass

    @override
    async def release(self, number: int) -> None:
        pass

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        return [self._outcome(delivery) for delivery in deliveries]

    def _outcome(self, delivery: Delivery) -> Outcome:
        try:
            return Done(self._accept(delivery))
        except Undecodable as error:
            return DeadLetter("undecodable", str(error))
        except Rejected as error:
            return DeadLetter("rejected", str(error))

    def _accept(self, delivery: Delivery) -> tuple[Message, ...]:
        origin = origin_of(delivery.record, TRUSTED)
        came = envelope.read(delivery.record)
        _refuse_other_major(came.type, origin.topic)
        source = self._sources.of(origin.topic, came)
        if source.format == FEEDBACK:
            return (self._feedback(came, source, origin, delivery.trace),)
        shape = ALL[source.format]
        mapped = shape.map(came.data)
        document = came.id or origin.id
        entries = [
            Entry(
                source,
                origin,
                index,
                # A document's events have ids of their own; the record's names the document.
                (each.event_id if shape.split or came.id is None else came.id) or document,
                document if len(mapped) > 1 else None,
                shape.id,
            )
            for index, each in enumerate(mapped)
        ]
        return tuple(
            self._case(each, entry, delivery.trace)
            for each, entry in zip(mapped, entries, strict=True)
        )

    def _case(self, mapped: Mapped, entry: Entry, trace: Trace) -> Message:
        try:
            case = case_of(mapped, entry, self._maskers[entry.source.tenant])
        except ValidationError as error:
            fields = "; ".join(".".join(str(p) for p in f["loc"]) for f in error.errors()[:5])
            raise Rejected(f"{fields}: too long or malformed once accepted; shorten it") from error
        attributes: dict[str, Attribute] = {
            Attr.TENANT: case.tenant,
            Attr.CASE_ID: str(case.case_id),
            Attr.DOMAIN: case.domain.value,
            Attr.MASKED: sum(case.masked.values()),
        }
        for kind, count in case.masked.items():
            self._metrics.count("sluice_masked_spans_total", count, **{"class": kind})
        if entry.batch_id is None:
            trace.note(attributes)
            traceparent = trace.traceparent
        else:
            with trace.case(
                "accept case", {**attributes, Attr.BATCH_DOCUMENT: entry.batch_id}
            ) as root:
                traceparent = root.traceparent
        return Message(
            CASE_ACCEPTED.name,
            case.subject.encode(),
            CaseAccepted(case=case).to_json(),
            out.headers(
                CaseAccepted.event_type,
                str(case.case_id),
                SOURCE,
                entry.origin.timestamp,
                case.subject,
                traceparent,
            ),
        )

    def _feedback(
        self, came: envelope.Envelope, source: Source, origin: RecordOrigin, trace: Trace
    ) -> Message:
        place = Origin(
            topic=origin.topic,
            partition=origin.partition,
            offset=origin.offset,
            timestamp=origin.timestamp,
        )
        if origin.topic == OUTCOME_REPORTED.name:
            outcome = validated(OutcomeReported, came.data).outcome
            event = FeedbackAccepted(
                tenant=source.tenant, source=source.name, origin=place, outcome=outcome
            )
        else:
            review = validated(ReviewGiven, came.data).review
            event = FeedbackAccepted(
                tenant=source.tenant, source=source.name, origin=place, review=review
            )
        return Message(
            FEEDBACK_ACCEPTED.name,
            source.tenant.encode(),
            event.to_json(),
            out.headers(
                FeedbackAccepted.event_type,
                origin.id,
                SOURCE,
                origin.timestamp,
                source.tenant,
                trace.traceparent,
            ),
        )


def _refuse_other_major(kind: str | None, topic: str) -> None:
    """A v2 event on a v1 topic is not what the topic's contract promises."""
    if kind is not None and kind != topic and _MAJOR.sub("", kind) == _MAJOR.sub("", topic):
        raise Undecodable(
            f"ce_type: another major version than this topic's; publish to {kind[:80]}"
        )
