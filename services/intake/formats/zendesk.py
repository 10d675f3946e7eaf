"""Zendesk: ticket events of webhooks, and ticket objects, one or a page of them.

Follows "Webhook event types: ticket events" and "messaging ticket events", and "Tickets: JSON
format" (developer.zendesk.com/api-reference). Statuses, priorities and ticket types are closed
sets there, in capitals in events; channels are not.

A webhook repeats an event under its `id`. Events of one update share `updated_at`, the revision.
What is new in an event is its comment or, on creation, the description, which is the first
comment's text; a ticket object says nothing of what is new, see `tickets.FIRST`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.intake.domain.echoes import action_of
from services.intake.formats.base import Format, Mapped, Reader
from services.intake.formats.tickets import (
    Taken,
    derived_id,
    flag,
    ident,
    is_first,
    labels,
    left_over,
    mapped,
    pages,
    person,
    plain,
    required_ident,
    revision_of,
    word,
)
from topics.support import TICKET_RECEIVED

_EVENT = "zen:event-type:"
_STATUSES = {
    "new": "new",
    "open": "open",
    "pending": "pending_customer",
    "hold": "on_hold",
    "solved": "resolved",
    "closed": "closed",
    "archived": "closed",
    "deleted": "deleted",
    "scrubbed": "deleted",
}
# What an event did to the ticket, whatever status it had before.
_ENDS = {
    "marked_as_spam": "spam",
    "soft_deleted": "deleted",
    "permanently_deleted": "deleted",
}
_PRIORITIES = {name: name for name in ("low", "normal", "high", "urgent")}
_CHANNELS = {
    "email": "email",
    "web": "web",
    "web_form": "web",
    "web_widget": "web",
    "help_center": "web",
    "web_service": "api",
    "api": "api",
    "chat": "chat",
    "native_messaging": "messaging",
    "messaging": "messaging",
    "whatsapp": "messaging",
    "line": "messaging",
    "sms": "messaging",
    "text": "messaging",
    "voice": "phone",
    "phone": "phone",
    "voicemail": "phone",
    "twitter": "social",
    "x": "social",
    "facebook": "social",
    "instagram_dm": "social",
    "any_channel": "social",
    "mobile": "in_app",
    "mobile_sdk": "in_app",
}
# The author of what Zendesk itself does.
_SYSTEM = "-1"

_TICKET: Taken = {
    "id": None,
    "subject": None,
    "status": None,
    "priority": None,
    "requester_id": None,
    "group_id": None,
    "tags": None,
    "created_at": None,
    "updated_at": None,
    "actor_id": None,
    "via": {"channel": None},
    "custom_fields": None,
}
_DESCRIBED: Taken = {**_TICKET, "description": None}
_COMMENT: Taken = {
    "id": None,
    "body": None,
    "author": {"id": None},
}
_SAID: Taken = {"id": None, "body": None}


def _recognise(data: Any) -> bool:
    if isinstance(data, dict) and str(data.get("type", "")).startswith(_EVENT):
        return True
    if isinstance(data, dict):
        data = data.get("ticket") or data.get("tickets") or data
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, dict) and {"submitter_id", "requester_id"} <= first.keys()


def _map(data: Any) -> Sequence[Mapped]:
    if isinstance(data, dict) and isinstance(data.get("type"), str) and "detail" in data:
        return [_event(Reader(data, ""))]
    return [_object(each) for each in pages(data, "tickets", "ticket")]


def _event(event: Reader) -> Mapped:
    family, _, kind = event.required("type").removeprefix(_EVENT).partition(".")
    if family not in ("ticket", "messaging_ticket"):
        raise event.refuse("type", "is no ticket event; subscribe the webhook to ticket events")
    detail = event.child("detail")
    if detail is None:
        raise event.refuse("detail", "is required")
    fields = _fields(detail)
    happened = event.instant("time")
    if fields["updated_at"] is None:  # messaging events carry the ticket's id alone
        fields["updated_at"], fields["revision"] = happened, revision_of(happened)
    fields["status"] = _ENDS.get(kind, fields["status"])
    change = event.child("event") or Reader({}, event.path("event"))
    taken, told = _new_message(kind, fields, detail, change)
    if fields.get("message") is not None:
        fields["message"].setdefault("sent_at", happened)
    fields["action_id"] = _mark(change)
    custom = left_over(event.data, {"id": None, "detail": taken, "event": told})
    _custom_fields(detail, custom)
    return mapped(fields, custom, ident(event, "id"))


def _object(ticket: Reader) -> Mapped:
    fields = _fields(ticket)
    description = ticket.text("description")
    first = description is not None and is_first(fields["created_at"], fields["updated_at"])
    if first:
        fields["message"] = _described(fields, ticket)
    custom = left_over(ticket.data, _DESCRIBED if first else _TICKET)
    _custom_fields(ticket, custom)
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, ticket.data)
    return mapped(fields, custom, event_id, ticket.at)


def _fields(ticket: Reader) -> dict[str, Any]:
    """What an event's detail and a ticket object have in common."""
    via = ticket.child("via")
    channel = via.text("channel") if via is not None else None
    updated = ticket.instant("updated_at")
    return {
        "ticket_id": required_ident(ticket, "id"),
        "revision": revision_of(updated),
        "subject": ticket.text("subject"),
        "status": word(ticket, "status", _STATUSES) or "other",
        "source_status": ticket.text("status"),
        "priority": word(ticket, "priority", _PRIORITIES),
        "source_priority": ticket.text("priority"),
        "channel": _CHANNELS.get((channel or "").lower(), "other"),
        "source_channel": channel,
        "queue": ident(ticket, "group_id"),
        "requester": person(ident(ticket, "requester_id"), _sender(via)),
        "tags": labels(ticket.array("tags"), ticket, "tags"),
        "created_at": ticket.instant("created_at"),
        "updated_at": updated,
        "changed_by": ident(ticket, "actor_id"),
    }


def _sender(via: Reader | None) -> str | None:
    """The address that a ticket by mail came from."""
    source = via.child("source") if via is not None else None
    sender = source.child("from") if source is not None else None
    return sender.text("address") if sender is not None else None


def _new_message(
    kind: str, fields: dict[str, Any], detail: Reader, change: Reader
) -> tuple[Taken, Taken]:
    """Put the event's message among the fields; what of the detail and the change it took."""
    if kind == "created" and detail.text("description") is not None:
        fields["message"] = _described(fields, detail)
        return _DESCRIBED, {}
    comment = change.child("comment")
    if kind == "comment_added" and comment is not None:
        fields["message"] = _commented(fields, comment, detail)
        return _TICKET, {"comment": _COMMENT}
    said = change.child("message")
    if kind == "message_added" and said is not None:
        fields["message"] = _messaged(said, change)
        return _TICKET, {"message": _SAID, "actor": {"id": None}}
    return _TICKET, {}


def _described(fields: Mapping[str, Any], ticket: Reader) -> dict[str, Any]:
    author = ident(ticket, "submitter_id") or (fields["requester"] or {}).get("id")
    customer = fields["requester"] is None or author == fields["requester"]["id"]
    return {
        "id": "description",
        **_parties(_kind(author, staff=not customer), public=flag(ticket, "is_public")),
        "author_id": author,
        **plain(ticket.required("description"), html=False),
        "sent_at": fields["created_at"],
    }


def _commented(fields: Mapping[str, Any], comment: Reader, detail: Reader) -> dict[str, Any]:
    author = comment.child("author") or Reader({}, comment.path("author"))
    author_id = ident(author, "id")
    body = comment.text("body") or ""
    # The first comment is the description once more, and is told both ways.
    first = body == detail.text("description") and is_first(
        fields["created_at"], fields["updated_at"]
    )
    kind = _kind(author_id, staff=flag(author, "is_staff") is True)
    return {
        "id": "description" if first else required_ident(comment, "id"),
        **_parties(kind, public=flag(comment, "is_public")),
        "author_id": author_id,
        **plain(body, html=False),
        "attachments": len(comment.array("attachments")),
    }


_ACTORS = {"end_user": "customer", "agent": "agent", "bot": "bot", "system": "system"}


def _messaged(said: Reader, change: Reader) -> dict[str, Any]:
    actor = change.child("actor") or Reader({}, change.path("actor"))
    kind = word(actor, "type", _ACTORS) or "other"
    return {
        "id": required_ident(said, "id"),
        **_parties(kind, public=True),
        "author_id": ident(actor, "id"),
        "text": said.text("body") or "",
    }


def _kind(author: str | None, *, staff: bool) -> str:
    if author == _SYSTEM:
        return "system"
    return "agent" if staff else "customer"


def _parties(kind: str, *, public: bool | None) -> dict[str, str]:
    if public is False:
        return {"author_kind": kind, "direction": "internal"}
    return {"author_kind": kind, "direction": "inbound" if kind == "customer" else "outbound"}


def _mark(change: Reader) -> str | None:
    """Our mark, if it is this very change that brought it: tags stay for ever."""
    added = change.child("added")
    tags = labels(added.array("tags"), added, "tags") if added is not None else []
    return next((mark for tag in tags if (mark := action_of(tag))), None)


def _custom_fields(ticket: Reader, custom: dict[str, str]) -> None:
    """An array of {id, value}, kept by id."""
    for field in ticket.items("custom_fields"):
        name, value = required_ident(field, "id"), field.data.get("value")
        if value not in (None, "", []):
            left_over({f"custom_fields.{name}": value}, {}, found=custom)


FORMAT = Format("zendesk", 1, TICKET_RECEIVED.name, _recognise, _map, split=True)
