"""Supplier notices: free text about an order or a delivery, for a model to read.

A value is one of three:

- plain text (content type `text/plain`, or a JSON string);
- an e-mail's bytes (content type `message/rfc822`), read as email.py reads it: the sender is the
  supplier, what is quoted is left out;
- an object, as a supplier portal sends it:

      {
        "id": "portal-20261119-42",                                    optional
        "supplier": "SUP-208",                                         optional
        "subject": "Order PO-4711",                                    optional
        "text": "We will be about two weeks late ...",
        "sent_at": "2026-11-19T14:05:00+01:00",                        optional
        "language": "en",                                              optional
        "references": [{"type": "po", "value": "PO-4711"}]             optional
      }

The numbers that a text names are references too, where it says what they are
(domain/mentions.py). The event id is the object's `id`, or the mail's Message-ID with a hash of
what it says; plain text has none, nor a time: where and when it came stands for them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from schemas.supply import SupplyEventReceived
from services.chassis.errors import Rejected
from services.intake.domain.mentions import mentioned
from services.intake.domain.subjects import fitting
from services.intake.formats import quotes, rfc5322
from services.intake.formats.base import Format, Mapped, Reader, validated
from services.intake.formats.leftovers import read_whole
from services.intake.formats.tickets import language, left_over, plain
from topics.supply import SUPPLY_EVENT_RECEIVED

# Stands where the source says no time; the record's own takes its place.
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = (
    *("po", "so", "shipment", "container", "booking", "bl", "asn", "invoice", "sku", "gtin"),
    *("lot", "serial", "sscc", "supplier", "carrier", "vessel", "voyage", "location", "party"),
    *("asset", "document", "other"),
)
_TAKEN = dict.fromkeys(("id", "supplier", "subject", "text", "sent_at", "language"))

_MAIL_TAKEN = dict.fromkeys(("message-id", "subject", "from", "date", "content-language"))

_Pairs = list[tuple[str, str]]


def _recognise(data: Any) -> bool:
    if isinstance(data, dict):
        return (
            "text" in data and "family" not in data and not {"supplier", "sent_at"}.isdisjoint(data)
        )
    return isinstance(data, str | bytes)


def _map(data: Any) -> Sequence[Mapped]:
    match data:
        case bytes():
            return [_mail(rfc5322.read(data))]
        case str():
            return [_notice("text", data, [], None, None, {})]
        case dict():
            return [_object(Reader(data, ""))]
        case _:
            raise Rejected("value: must be a text, an e-mail's bytes or an object with a text")


def _object(notice: Reader) -> Mapped:
    said = "\n\n".join(filter(None, (notice.text("subject"), notice.text("text"))))
    if notice.text("text") is None:
        raise notice.refuse("text", "is required")
    named: _Pairs = []
    for each in notice.items("references"):
        named.append((each.one_of("type", _TYPES) or "", each.required("value")))
    if supplier := notice.text("supplier"):
        named.append(("supplier", supplier))
    given = notice.text("language")
    if given is not None and language(given) is None:
        raise notice.refuse("language", "must be a BCP 47 tag, e.g. en")
    taken = _TAKEN | read_whole(notice, {"references": ("type", "value")})
    more = {"language": language(given), "custom_fields": left_over(notice.data, taken)}
    sent = notice.instant("sent_at")
    return _notice("portal", said, named, sent, notice.text("id"), more)


def _mail(mail: rfc5322.Mail) -> Mapped:
    thread = (*mail.ids("references"), *mail.ids("in-reply-to"))
    body = plain(mail.text.text, html=mail.text.html, without_quotes=bool(thread))["text"]
    text = quotes.newest(body, replies=bool(thread))
    said = "\n\n".join(filter(None, (mail.words("subject"), text)))
    sender = mail.address("from")
    own = next(iter(mail.ids("message-id")), None)
    digest = hashlib.blake2b(f"{sender}\0{said}".encode(), digest_size=8).hexdigest()
    headers = {name: "\n".join(lines) for name, lines in mail.headers.items()}
    more = {
        "language": language(mail.one("content-language")),
        "custom_fields": left_over(headers, _MAIL_TAKEN),
    }
    sent = mail.date("date") or mail.date("received")
    named = [("supplier", sender)] if sender else []
    return _notice("mail", said, named, sent, f"{own}#{digest}" if own else None, more)


def _notice(
    how: str,
    text: str,
    named: _Pairs,
    sent: datetime | None,
    event_id: str | None,
    more: Mapping[str, Any],
) -> Mapped:
    if not text.strip():
        raise Rejected("text: is empty; there is nothing to read")
    pairs = dict.fromkeys([*named, *mentioned(text)])
    if not pairs:
        # It is about nothing that it names: then about itself.
        pairs[("document", f"notice-{hashlib.sha256(text.encode()).hexdigest()[:16]}")] = None
    body = {
        "event_id": fitting(event_id) if event_id else None,
        "source_code": f"notice:{how}",
        "family": "notice",
        "milestone": "notice",
        "classifier": "estimated",
        "occurred_at": sent or _UNDATED,
        "refs": [{"type": kind, "value": fitting(value)} for kind, value in pairs],
        "text": text,
        **more,
    }
    return Mapped(validated(SupplyEventReceived, body), event_id, dated=sent is not None)


FORMAT = Format("notice", 1, SUPPLY_EVENT_RECEIVED.name, _recognise, _map, split=True)
