"""An event of ours becomes a case: cleaned, masked, with its subject and its id."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from schemas.automation.case import Case, Domain, Origin, SupplyFields, TicketFields
from schemas.supply import Measurement, Place, Quantity, Reference, SupplyEventReceived
from schemas.support import TicketReceived
from services.chassis.dead_letters import RecordOrigin
from services.chassis.errors import Rejected
from services.chassis.identity import stable_id
from services.intake import naming, people
from services.intake.domain.bounds import DIGITS, MAX_REVISION, number_fits, time_fits
from services.intake.domain.cleaning import MAX_BYTES, clean, shorten, shorten_masked
from services.intake.domain.masking import Masked, Masker
from services.intake.domain.subjects import choose, fitting
from services.intake.formats.base import Mapped
from services.intake.sources import Source

# What is masked ends within so many characters, a private key included.
_BEYOND = 8 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one event of a record came in. `time` is the envelope's, where it gave one."""

    source: Source
    origin: RecordOrigin
    index: int
    event_id: str
    batch_id: str | None
    mapping: str
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A case, and what its placeholders stand for where the customer told us in their own words."""

    case: Case
    told: Mapping[str, str] = field(default_factory=dict, repr=False)


def accepted(mapped: Mapped, entry: Entry, masker: Masker) -> Accepted:
    """The case of one event.

    Raises:
        Rejected: a number or a time that nobody could work with.
    """
    match mapped.event:
        case TicketReceived() as ticket:
            return _ticket(ticket, entry, masker)
        case SupplyEventReceived() as event:
            happened = event.occurred_at if mapped.dated else entry.time or entry.origin.timestamp
            return Accepted(_supply(event, happened, entry, masker))


def _ticket(ticket: TicketReceived, entry: Entry, masker: Masker) -> Accepted:
    if ticket.revision > MAX_REVISION:
        raise Rejected(f"revision: must be at most {MAX_REVISION}; a time in ms fits")
    message, requester = people.by_staff(ticket.message, entry.source), ticket.requester
    masked, truncated = _text([ticket.subject or "", message.text if message else ""], masker)
    ticket_id = masker.identifier(ticket.ticket_id)
    occurred_at = message.sent_at if message and message.sent_at else ticket.updated_at
    case = _case(
        entry,
        masker,
        Domain.SUPPORT,
        ("ticket", fitting(f"{entry.source.name}/{ticket_id}")),
        masked,
        customer_ref=people.customer_ref(requester, entry.source, masker),
        text_truncated=truncated or (message is not None and message.truncated),
        occurred_at=_fit("updated_at", occurred_at) or entry.time or entry.origin.timestamp,
        revision=ticket.revision,
        echo=people.is_echo(ticket, entry.source),
        declared_language=ticket.language,
        ticket=TicketFields(
            ticket_id=ticket_id,
            revision=ticket.revision,
            status=ticket.status,
            priority=ticket.priority,
            channel=ticket.channel,
            queue=_id(ticket.queue, masker),
            vip=requester.vip if requester else None,
            requester_ref=masker.reference(requester.id) if requester and requester.id else None,
            order_id=_id(_order(ticket, entry.source), masker),
            message_id=_id(message.id, masker) if message else None,
            message_direction=message.direction if message else None,
            message_author_kind=message.author_kind if message else None,
            message_automatic=message.automatic if message else False,
            tags=tuple(masker.identifier(tag) for tag in ticket.tags),
        ),
    )
    own = message is not None and not case.echo and people.is_customers(message)
    return Accepted(case, masked.restorable if own else {})


def _supply(event: SupplyEventReceived, happened: datetime, entry: Entry, masker: Masker) -> Case:
    for path, number in _numbers(event):
        if not number_fits(number):
            raise Rejected(f"{path}: has more than {DIGITS} digits; round it")
    masked, truncated = _text([event.text or ""], masker)
    refs = tuple(_reference(ref, masker) for ref in event.refs)
    return _case(
        entry,
        masker,
        Domain.SUPPLY,
        choose([(ref.type, ref.value) for ref in refs]),
        masked,
        text_truncated=truncated,
        occurred_at=_fit("occurred_at", happened),
        declared_language=event.language,
        supply=SupplyFields(
            source_code=_id(event.source_code, masker),
            family=event.family,
            milestone=event.milestone,
            classifier=event.classifier,
            previous_time=_fit("previous_time", event.previous_time),
            new_time=_fit("new_time", event.new_time),
            refs=refs,
            place=_place(event.place, masker),
            quantities=tuple(_quantity(each, masker) for each in event.quantities),
            measurements=tuple(
                _measurement(each, f"measurements[{n}]", masker)
                for n, each in enumerate(event.measurements)
            ),
            reason_code=_id(event.reason_code, masker),
            disposition=_id(event.disposition, masker),
            persistent_dispositions=tuple(
                masker.identifier(each) for each in event.persistent_dispositions
            ),
            corrects=_event_id(event.corrects, masker),
            correction=event.correction,
            delay_days=_delay(event),
        ),
    )


def _case(
    entry: Entry,
    masker: Masker,
    domain: Domain,
    subject: tuple[str, str],
    masked: Masked,
    *,
    occurred_at: datetime | None,
    **fields: object,
) -> Case:
    kind, value = subject
    source, origin = entry.source, entry.origin
    return Case.model_validate(
        {
            "case_id": stable_id(source.tenant, source.name, entry.event_id, entry.index),
            "tenant": source.tenant,
            "source": source.name,
            "domain": domain,
            "subject": f"{source.tenant}|{kind}:{value}",
            "subject_kind": kind,
            "subject_id": value,
            "event_id": _event_id(entry.event_id, masker),
            "origin": Origin(
                topic=origin.topic,
                partition=origin.partition,
                offset=origin.offset,
                index=entry.index,
                timestamp=origin.timestamp,
            ),
            "batch_id": _event_id(entry.batch_id, masker),
            "text": masked.text,
            "text_sha256": hashlib.sha256(masked.text.encode()).hexdigest()
            if masked.text
            else None,
            "occurred_at": occurred_at,
            **naming.named(masked.text, domain, occurred_at),
            "masked": masked.counts,
            "mapping": entry.mapping,
            **fields,
        }
    )


def _text(parts: list[str], masker: Masker) -> tuple[Masked, bool]:
    """The parts as one text, masked, and whether it had to be cut.

    Bounded before it is masked, so that no text costs more than its bound, and after it, since a
    placeholder may be longer than what it stands for.
    """
    raw = "\n\n".join(part for part in parts if part)
    whole = clean(raw[:MAX_BYTES])
    kept = shorten(whole)
    cut = len(raw) > MAX_BYTES or len(kept) < len(whole)
    if cut:
        masked = masker.mask(whole + clean(raw[MAX_BYTES : MAX_BYTES + _BEYOND]), len(kept))
    else:
        masked = masker.mask(whole)
    text = shorten_masked(masked.text)
    if len(text) == len(masked.text):
        return masked, cut
    left = {name: value for name, value in masked.restorable.items() if name in text}
    return Masked(text, masked.counts, left), True


def _id(value: str | None, masker: Masker) -> str | None:
    return masker.identifier(value) if value else None


def _event_id(value: str | None, masker: Masker) -> str | None:
    return fitting(masker.identifier(value)) if value else None


def _reference(ref: Reference, masker: Masker) -> Reference:
    return Reference(
        type=masker.identifier(ref.type),
        value=masker.identifier(ref.value),
        role=_id(ref.role, masker),
        source_type=_id(ref.source_type, masker),
    )


def _place(place: Place | None, masker: Masker) -> Place | None:
    return place and Place(
        unlocode=_id(place.unlocode, masker),
        gln=_id(place.gln, masker),
        facility=_id(place.facility, masker),
        latitude=place.latitude,
        longitude=place.longitude,
    )


def _quantity(quantity: Quantity, masker: Masker) -> Quantity:
    return Quantity(
        value=quantity.value,
        uom=_id(quantity.uom, masker),
        of=quantity.of and _reference(quantity.of, masker),
    )


def _measurement(found: Measurement, path: str, masker: Masker) -> Measurement:
    return found.model_copy(
        update={
            **{name: _id(getattr(found, name), masker) for name in _MEASURED_WORDS},
            **{name: _fit(f"{path}.{name}", getattr(found, name)) for name in _MEASURED_TIMES},
        }
    )


_MEASURED_WORDS = ("kind", "source_kind", "uom", "device", "alert", "text")
_MEASURED_TIMES = ("at", "start", "end")


def _numbers(event: SupplyEventReceived) -> Iterator[tuple[str, Decimal]]:
    for name in ("latitude", "longitude"):
        number = getattr(event.place, name, None)
        if number is not None:
            yield f"place.{name}", number
    for n, quantity in enumerate(event.quantities):
        yield f"quantities[{n}].value", quantity.value
    for n, found in enumerate(event.measurements):
        for name in ("value", "minimum", "maximum", "mean"):
            number = getattr(found, name)
            if number is not None:
                yield f"measurements[{n}].{name}", number


def _fit(path: str, time: datetime | None) -> datetime | None:
    if time is not None and not time_fits(time):
        raise Rejected(f"{path}: no such year; correct it")
    return time


def _order(ticket: TicketReceived, source: Source) -> str | None:
    """The source's own link, or the field that the operator named."""
    named = ticket.custom_fields.get(source.order_field) if source.order_field else None
    return ticket.order_id or (fitting(named) if named else None)


def _delay(event: SupplyEventReceived) -> Decimal | None:
    if event.previous_time is None or event.new_time is None:
        return None
    days = (event.new_time - event.previous_time).total_seconds() / 86_400
    return Decimal(str(round(days, 2)))
