"""An event of ours becomes a case: cleaned, masked, with its subject and its id."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from schemas.automation.case import Case, Domain, Origin, SupplyFields, TicketFields
from schemas.supply import Reference, SupplyEventReceived
from schemas.support import Message, TicketReceived
from services.chassis.dead_letters import RecordOrigin
from services.chassis.identity import stable_id
from services.intake.domain.cleaning import bound, clean
from services.intake.domain.masking import Masked, Masker
from services.intake.domain.subjects import choose
from services.intake.formats.base import Mapped
from services.intake.sources import Source


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one event of a record came in."""

    source: Source
    origin: RecordOrigin
    index: int
    event_id: str
    batch_id: str | None
    mapping: str


def case_of(mapped: Mapped, entry: Entry, masker: Masker) -> Case:
    """The case of one event."""
    match mapped.event:
        case TicketReceived() as ticket:
            return _ticket(ticket, entry, masker)
        case SupplyEventReceived() as event:
            return _supply(event, entry, masker)


def _ticket(ticket: TicketReceived, entry: Entry, masker: Masker) -> Case:
    message = ticket.message
    parts = [ticket.subject or "", message.text if message else ""]
    masked, truncated = _text(parts, masker)
    ticket_id = masker.identifier(ticket.ticket_id)
    requester = ticket.requester
    return _case(
        entry,
        Domain.SUPPORT,
        ("ticket", f"{entry.source.name}/{ticket_id}"),
        masked,
        truncated=truncated,
        occurred_at=_first(message.sent_at if message else None, ticket.updated_at, entry),
        revision=ticket.revision,
        echo=_echo(message, entry.source),
        declared_language=ticket.language,
        ticket=TicketFields(
            ticket_id=ticket_id,
            revision=ticket.revision,
            status=ticket.status,
            priority=ticket.priority,
            channel=ticket.channel,
            queue=masker.identifier(ticket.queue) if ticket.queue else None,
            vip=requester.vip if requester else None,
            requester_ref=masker.reference(requester.id) if requester and requester.id else None,
            order_id=masker.identifier(ticket.order_id) if ticket.order_id else None,
            message_id=masker.identifier(message.id) if message else None,
            message_direction=message.direction if message else None,
            message_author_kind=message.author_kind if message else None,
            message_automatic=message.automatic if message else False,
            tags=tuple(masker.identifier(tag) for tag in ticket.tags),
        ),
    )


def _supply(event: SupplyEventReceived, entry: Entry, masker: Masker) -> Case:
    masked, truncated = _text([event.text or ""], masker)
    refs = tuple(Reference(type=r.type, value=masker.identifier(r.value)) for r in event.refs)
    return _case(
        entry,
        Domain.SUPPLY,
        choose([(ref.type, ref.value) for ref in refs]),
        masked,
        truncated=truncated,
        occurred_at=event.occurred_at,
        declared_language=event.language,
        supply=SupplyFields(
            **event.model_dump(include=_COPIED),
            refs=refs,
            delay_days=_delay(event),
        ),
    )


_COPIED = {
    "source_code",
    "family",
    "milestone",
    "classifier",
    "previous_time",
    "new_time",
    "place",
    "quantities",
    "measurements",
    "reason_code",
    "disposition",
    "corrects",
}


def _case(
    entry: Entry,
    domain: Domain,
    subject: tuple[str, str],
    masked: Masked,
    **fields: object,
) -> Case:
    kind, value = subject
    source, origin = entry.source, entry.origin
    truncated = fields.pop("truncated")
    return Case.model_validate(
        {
            "case_id": stable_id(source.tenant, source.name, entry.event_id, entry.index),
            "tenant": source.tenant,
            "source": source.name,
            "domain": domain,
            "subject": f"{source.tenant}|{kind}:{value}",
            "subject_kind": kind,
            "subject_id": value,
            "event_id": entry.event_id,
            "origin": Origin(
                topic=origin.topic,
                partition=origin.partition,
                offset=origin.offset,
                index=entry.index,
                timestamp=origin.timestamp,
            ),
            "batch_id": entry.batch_id,
            "text": masked.text,
            "text_truncated": truncated,
            "text_sha256": hashlib.sha256(masked.text.encode()).hexdigest()
            if masked.text
            else None,
            "masked": masked.counts,
            "mapping": entry.mapping,
            **fields,
        }
    )


def _text(parts: list[str], masker: Masker) -> tuple[Masked, bool]:
    # Cut before masking, so that no text costs more than its bound, and after it, since a
    # placeholder may be longer than what it stands for.
    raw, cut = bound("\n\n".join(part for part in parts if part))
    masked = masker.mask(clean(raw))
    text, cut_again = bound(masked.text)
    return Masked(text, masked.counts), cut or cut_again


def _echo(message: Message | None, source: Source) -> bool:
    return (
        message is not None
        and message.author_id is not None
        and message.author_id in source.integration_users
    )


def _first(sent: object, updated: object, entry: Entry) -> object:
    return sent or updated or entry.origin.timestamp


def _delay(event: SupplyEventReceived) -> Decimal | None:
    if event.previous_time is None or event.new_time is None:
        return None
    days = (event.new_time - event.previous_time).total_seconds() / 86_400
    return Decimal(str(round(days, 2)))
