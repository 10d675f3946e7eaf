"""What intake would make of a document: its own handler, with nothing before and behind it."""

import asyncio
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from typing_extensions import override

from infra.replay.source_files import Document
from schemas.automation.case import Case, CaseAccepted
from schemas.automation.feedback import FeedbackAccepted
from schemas.support import TicketReceived
from services.chassis.outcome import DeadLetter, Done, Outcome
from services.chassis.ports import Delivery, Lane
from services.chassis.record import Record
from services.chassis.spans import OtelTracing
from services.chassis.telemetry import PrometheusMetrics, TelemetrySettings, provider
from services.cli.chosen_source import Chosen
from services.intake import envelope
from services.intake.app import maskers_of
from services.intake.domain.cleaning import clean
from services.intake.domain.masking import Masker
from services.intake.formats.base import Mapped
from services.intake.handler import Accept
from topics.automation import FEEDBACK_ACCEPTED


@dataclass(frozen=True, slots=True)
class Accepted:
    """One case, and the canonical event that it was made of, masked.

    `own_id` False: the source gives the event no id, and the record's stands for it.
    """

    case: Case
    event: Mapping[str, Any]
    own_id: bool


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a document: its cases or the feedback it is, or why it was refused."""

    document: Document
    accepted: tuple[Accepted, ...] = ()
    feedback: FeedbackAccepted | None = None
    refused: DeadLetter | None = None


class _NoLane(Lane):
    """Intake asks nothing of it."""

    number = 0
    generation = 0

    @override
    def held(self) -> bool:
        """Nobody takes it away."""
        return True


class Rehearsal:
    """Masks with a key that it throws away: its placeholders are nobody else's."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        maskers = maskers_of(secrets.token_hex(32), chosen.known)
        self._masker = maskers[chosen.source.tenant]
        self._handler = Accept(chosen.known, maskers, PrometheusMetrics())
        settings = TelemetrySettings(otel_traces_exporter="none")
        self._tracing = OtelTracing(provider("rehearsal", "1", settings))

    def of(self, documents: Iterable[Document]) -> Iterator[Became]:
        """Each document's fate, in order."""
        now = datetime.now(UTC)
        with asyncio.Runner() as runner:
            for number, document in enumerate(documents):
                record = self._chosen.record(
                    document, number, int(now.timestamp() * 1000), now.isoformat()
                )
                if document.fault is not None:
                    yield Became(document, refused=DeadLetter("rejected", document.fault))
                else:
                    yield self._became(document, record, runner.run(self._outcome(record)))

    async def _outcome(self, record: Record) -> Outcome:
        with self._tracing.processing("intake", record) as trace:
            try:
                (outcome,) = await self._handler.handle(_NoLane(), [Delivery(record, trace)])
            except Exception as error:  # noqa: BLE001 - as the delivery boundary does
                return DeadLetter("crashed", type(error).__name__)
            return outcome

    def _became(self, document: Document, record: Record, outcome: Outcome) -> Became:
        match outcome:
            case DeadLetter():
                return Became(document, refused=outcome)
            case Done((message,)) if message.topic == FEEDBACK_ACCEPTED.name:
                return Became(document, feedback=FeedbackAccepted.from_json(message.value or b""))
            case Done(messages):
                cases = [CaseAccepted.from_json(each.value or b"").case for each in messages]
                shape = self._chosen.shape
                assert shape is not None  # noqa: S101 - feedback became feedback
                mapped = shape.map(envelope.read(record).data)
                return Became(
                    document,
                    tuple(
                        Accepted(
                            case, _event(each, case, self._masker), case.event_id != document.id
                        )
                        for case, each in zip(cases, mapped, strict=True)
                    ),
                )


def _event(mapped: Mapped, case: Case, masker: Masker) -> dict[str, Any]:
    """The canonical event: what its case says of it, and beside that what a case leaves out."""
    part = case.ticket or case.supply
    assert part is not None  # noqa: S101 - a case is one of the two
    event = mapped.event
    whole = event.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    said = {name: whole[name] for name in _TIMES if name in whole}
    said |= {name: _masked(whole[name], masker) for name in _WORDS if name in whole}
    if isinstance(event, TicketReceived) and event.changed_by:
        said["changed_by_ref"] = masker.reference(event.changed_by)
    if event.custom_fields:
        said["custom_fields"] = {
            _masked(name, masker): _masked(value, masker)
            for name, value in event.custom_fields.items()
        }
    return part.model_dump(mode="json", exclude_none=True) | said


def _masked(text: str, masker: Masker) -> str:
    return masker.mask(clean(text)).text


# What a case leaves out: times, and the source's own words beside what was made of them.
_TIMES = ("created_at", "updated_at", "recorded_at")
_WORDS = (
    "source_status",
    "source_priority",
    "source_channel",
    "source_milestone",
    "source_disposition",
    "action_id",
)
