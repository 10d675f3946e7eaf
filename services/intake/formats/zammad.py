"""Zammad: the payload of webhooks, `{"ticket": ..., "article": ...}`.

Follows "Webhook payload" (admin-docs.zammad.org/en/latest/manage/webhook/payload.html). Who sent
an article is a closed set there; states, priorities and article types are an administrator's, of
whom the ones that Zammad comes with are known. A trigger that no article fired has none.

There is no event id in the payload (the header X-Zammad-Delivery is none of a record): the ticket,
its `updated_at` and the content make it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.intake.formats.base import Format, Mapped, Reader
from services.intake.formats.tickets import (
    Taken,
    derived_id,
    flag,
    ident,
    labels,
    left_over,
    mapped,
    person,
    plain,
    required_ident,
    revision_of,
    word,
)
from topics.support import TICKET_RECEIVED

_STATES = {
    "new": "new",
    "open": "open",
    "pending reminder": "pending_customer",
    "pending close": "on_hold",
    "closed": "closed",
    "merged": "closed",
}
_PRIORITIES = {"1 low": "low", "2 normal": "normal", "3 high": "high"}
_CHANNELS = {
    "email": "email",
    "phone": "phone",
    "web": "web",
    "chat": "chat",
    "sms": "messaging",
    "whatsapp message": "messaging",
    "telegram personal-message": "messaging",
    "twitter status": "social",
    "twitter direct-message": "social",
    "facebook feed post": "social",
    "facebook feed comment": "social",
}
_SENDERS = {"customer": "customer", "agent": "agent", "system": "system"}
_DIRECTIONS = {"customer": "inbound", "agent": "outbound", "system": "outbound"}

_TICKET: Taken = {
    "id": None,
    "title": None,
    "state": {"name": None},
    "priority": {"name": None},
    "create_article_type": None,
    "group": {"name": None},
    "customer_id": None,
    "customer": {"vip": None},
    "tags": None,
    "created_at": None,
    "updated_at": None,
    "updated_by_id": None,
}
_ARTICLE: Taken = {
    "id": None,
    "body": None,
    "created_at": None,
}


def _recognise(data: Any) -> bool:
    ticket = data.get("ticket") if isinstance(data, dict) else None
    return isinstance(ticket, dict) and {"customer_id", "article_count"} <= ticket.keys()


def _map(data: Any) -> Sequence[Mapped]:
    payload = Reader(data, "")
    ticket, article = payload.child("ticket"), payload.child("article")
    if ticket is None:
        raise payload.refuse("ticket", "is required")
    fields = _fields(ticket)
    if article is not None and article.data:
        fields["message"] = _message(article)
    custom = left_over(payload.data, {"ticket": _TICKET, "article": _ARTICLE})
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, payload.data)
    return [mapped(fields, custom, event_id)]


def _fields(ticket: Reader) -> dict[str, Any]:
    state, priority = _name(ticket, "state"), _name(ticket, "priority")
    channel = ticket.text("create_article_type")
    updated = ticket.instant("updated_at")
    return {
        "ticket_id": required_ident(ticket, "id"),
        "revision": revision_of(updated),
        "subject": ticket.text("title"),
        "status": _STATES.get((state or "").lower(), "other"),
        "source_status": state,
        "priority": _PRIORITIES.get(priority.lower(), "other") if priority else None,
        "source_priority": priority,
        "channel": _CHANNELS.get((channel or "").lower(), "other"),
        "source_channel": channel,
        "queue": _queue(ticket),
        "requester": _requester(ticket),
        "tags": labels(ticket.array("tags"), ticket, "tags"),
        "created_at": ticket.instant("created_at"),
        "updated_at": updated,
        "changed_by": ident(ticket, "updated_by_id"),
    }


def _name(ticket: Reader, field: str) -> str | None:
    """Zammad writes what belongs to a ticket as an object or as its name."""
    if isinstance(ticket.data.get(field), dict):
        return Reader(ticket.data[field], ticket.path(field)).text("name")
    return ticket.text(field)


def _queue(ticket: Reader) -> str | None:
    if isinstance(ticket.data.get("group"), dict):
        return ident(Reader(ticket.data["group"], ticket.path("group")), "name")
    return ident(ticket, "group") or ident(ticket, "group_id")


def _requester(ticket: Reader) -> Mapping[str, Any] | None:
    known_as = ident(ticket, "customer_id")
    if not isinstance(ticket.data.get("customer"), dict):
        return person(known_as)
    customer = Reader(ticket.data["customer"], ticket.path("customer"))
    phone = customer.text("phone") or customer.text("mobile")
    return person(known_as, customer.text("email"), phone, vip=flag(customer, "vip"))


def _message(article: Reader) -> dict[str, Any]:
    sender = word(article, "sender", _SENDERS) or "other"
    direction = _DIRECTIONS.get(sender, "other")
    markup = (article.text("content_type") or "").lower() == "text/html"
    return {
        "id": required_ident(article, "id"),
        "author_kind": sender,
        "direction": "internal" if flag(article, "internal") else direction,
        # Who wrote it, also where an agent or a program put it in for a customer.
        "author_id": ident(article, "origin_by_id") or ident(article, "created_by_id"),
        **plain(article.text("body") or "", html=markup),
        "sent_at": article.instant("created_at"),
        "automatic": _automatic(article),
        "attachments": len(article.array("attachments")),
    }


def _automatic(article: Reader) -> bool:
    """As Zammad itself judged the mail's headers."""
    if not isinstance(article.data.get("preferences"), dict):
        return False
    preferences = Reader(article.data["preferences"], article.path("preferences"))
    return flag(preferences, "is-auto-response") is True


FORMAT = Format("zammad", 1, TICKET_RECEIVED.name, _recognise, _map, split=True)
