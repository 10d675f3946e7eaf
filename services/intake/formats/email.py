"""E-mail as it came: the value is the message's bytes, the content type `message/rfc822`.

Follows RFC 5322 (format, threads §3.6.4), RFC 2045 to 2047 (MIME), RFC 3834 (automatic answers),
RFC 2369 and 2919 (lists), RFC 3464 (delivery reports), and Microsoft's X-Auto-Response-Suppress.

A ticket is a thread: the oldest of its references, or what it answers, or the message itself. The
revision is when our own server took it in, by the topmost trace field, or else its date. The event
id is the Message-ID with a hash of what it says: what comes by two ways is one, what a careless
program sends under an id that it used before is another.

Who wrote is an address. Whose address it is, colleagues' (`staff`) or our robot's
(`integration_users`), is the operator's word; anybody can write any address into a mail.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats import quotes, rfc5322
from services.intake.formats.base import Format, Mapped
from services.intake.formats.rfc5322 import Mail
from services.intake.formats.tickets import language, left_over, mapped, person, plain, revision_of
from topics.support import TICKET_RECEIVED

_PRIORITIES = {
    "1": "high",
    "2": "high",
    "3": "normal",
    "4": "low",
    "5": "low",
    "high": "high",
    "urgent": "high",
    "normal": "normal",
    "low": "low",
    "non-urgent": "low",
}
_ROBOTS = re.compile(r"(?:mailer-daemon|postmaster|(?:no|do-?not)[-_.]?reply)\b[^@]{0,60}@")
_LISTS = ("list-id", "list-post", "list-help", "list-subscribe", "list-unsubscribe", "list-owner")
_ANSWERERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply")
_BULK = {"bulk", "list", "junk", "auto_reply"}
_FORWARDED = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|i)\s*:", re.IGNORECASE)
# The mark of what our own actions send.
_ACTION = "sluice-action-id"

_TAKEN = dict.fromkeys(("message-id", "subject", "date"))


def _map(data: Any) -> Sequence[Mapped]:
    if not isinstance(data, bytes):
        raise Rejected("value: must be an e-mail's bytes, with content-type message/rfc822")
    mail = rfc5322.read(data)
    thread = (*mail.ids("references"), *mail.ids("in-reply-to"))
    said = _text(mail, replies=bool(thread))
    own = next(iter(mail.ids("message-id")), None) or _nameless(data)
    author = mail.address("from")
    sent = mail.date("date")
    received = mail.date("received") or sent
    importance = mail.one("x-priority") or mail.one("importance") or mail.one("priority")
    action = mail.one(_ACTION)
    fields = {
        "ticket_id": fitting(thread[0] if thread else own),
        "revision": revision_of(received),
        "subject": mail.words("subject"),
        "status": "open" if thread else "new",
        "priority": _priority(importance),
        "source_priority": importance,
        "channel": "email",
        "requester": person(fitting(author), author) if author else None,
        "message": {
            "id": fitting(own),
            "author_kind": "system" if _is_robot(mail, author) else "customer",
            "author_id": fitting(author) if author else None,
            **said,
            "sent_at": sent,
            "automatic": _is_automatic(mail, author),
            "attachments": mail.attachments,
        },
        "language": language(mail.one("content-language")),
        "updated_at": received,
        "action_id": fitting(action) if action else None,
    }
    headers = {name: "\n".join(values) for name, values in mail.headers.items()}
    return [mapped(fields, left_over(headers, _TAKEN), _event_id(own, mail, said["text"]))]


def _text(mail: Mail, *, replies: bool) -> dict[str, Any]:
    """What is new; what somebody forwards is what they want read."""
    cut = replies and not _FORWARDED.match(mail.words("subject") or "")
    said = plain(mail.text.text, html=mail.text.html, without_quotes=cut)
    return {**said, "text": quotes.newest(said["text"], replies=cut)}


def _nameless(raw: bytes) -> str:
    return f"mail-{hashlib.blake2b(raw, digest_size=16).hexdigest()}"


def _event_id(own: str, mail: Mail, text: str) -> str:
    said = "\0".join((mail.one("from") or "", mail.one("subject") or "", text))
    digest = hashlib.blake2b(said.encode(errors="replace"), digest_size=8).hexdigest()
    return f"{own}#{digest}"


def _priority(said: str | None) -> str | None:
    """A number, perhaps with a word behind it, or a word."""
    words = said.lower().split() if said else []
    return _PRIORITIES.get(words[0], "other") if words else None


def _is_robot(mail: Mail, author: str | None) -> bool:
    return mail.one("return-path") == "<>" or bool(author and _ROBOTS.match(author))


def _is_automatic(mail: Mail, author: str | None) -> bool:
    """No person waits for an answer to it, or a robot would answer the answer."""
    submitted = (mail.one("auto-submitted") or "no").partition(";")[0].strip().lower()
    suppressed = (mail.one("x-auto-response-suppress") or "none").lower()
    return (
        submitted != "no"
        or suppressed != "none"
        or (mail.one("precedence") or "").lower() in _BULK
        or not mail.headers.keys().isdisjoint((*_LISTS, *_ANSWERERS))
        or mail.content_type == "multipart/report"
        or _is_robot(mail, author)
    )


FORMAT = Format(
    "email", 1, TICKET_RECEIVED.name, lambda data: isinstance(data, bytes), _map, split=True
)
