"""Freshdesk: ticket objects with their conversations, product events, and automation webhooks.

Follows "API v2: Tickets, Conversations" (developers.freshdesk.com/api), "Product events:
onTicketCreate, onTicketUpdate, onConversationCreate" (developers.freshworks.com) and "Using
webhooks in automation rules" (support.freshdesk.com, article 132589). Priorities are a closed set,
as numbers or as words; accounts add statuses and sources of their own.

Nothing has an event id: the ticket, its `updated_at` and the content make it. An automation
webhook in Freshdesk's own form says neither when nor by whom the ticket was changed: it has no
revision, and its latest comment no author that could be answered.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.intake.domain.echoes import action_of
from services.intake.formats.base import Format, Mapped, Reader
from services.intake.formats.tickets import (
    FIRST,
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
)
from topics.support import TICKET_RECEIVED

# Codes and words as the API and the placeholders write them; 6 and 7 are there by default.
_STATUSES = (
    dict.fromkeys(("2", "open"), "open")
    | dict.fromkeys(("3", "pending", "6", "waiting on customer"), "pending_customer")
    | dict.fromkeys(("4", "resolved"), "resolved")
    | dict.fromkeys(("5", "closed"), "closed")
    | dict.fromkeys(("7", "waiting on third party"), "on_hold")
)
_PRIORITIES = (
    dict.fromkeys(("1", "low"), "low")
    | dict.fromkeys(("2", "medium"), "normal")
    | dict.fromkeys(("3", "high"), "high")
    | dict.fromkeys(("4", "urgent"), "urgent")
)
_OUTBOUND = ("10", "outbound email")
_SOURCES = (
    dict.fromkeys(("1", "email", *_OUTBOUND), "email")
    | dict.fromkeys(("2", "portal", "9", "feedback widget"), "web")
    | dict.fromkeys(("3", "phone"), "phone")
    | dict.fromkeys(("5", "twitter", "6", "facebook"), "social")
    | dict.fromkeys(("7", "chat"), "chat")
    | dict.fromkeys(("8", "mobihelp"), "in_app")
    | dict.fromkeys(("13", "whatsapp"), "messaging")
)

_TICKET: Taken = {
    **dict.fromkeys(("id", "subject", "status", "priority", "source", "requester_id", "group_id")),
    **dict.fromkeys(("tags", "created_at", "updated_at")),
    "custom_fields": {},
}
_CONVERSATION: Taken = dict.fromkeys(("id", "ticket_id", "user_id", "created_at"))
_SIMPLE: Taken = {
    **dict.fromkeys(("ticket_id", "ticket_subject", "ticket_status", "ticket_priority")),
    **dict.fromkeys(("ticket_source", "ticket_group_name", "ticket_tags")),
}


def _recognise(data: Any) -> bool:
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict):
        return False
    inner = first.get("data")
    return (
        "freshdesk_webhook" in first
        or (isinstance(inner, dict) and not {"ticket", "conversation"}.isdisjoint(inner))
        or {"responder_id", "fr_escalated"} <= first.keys()
    )


def _map(data: Any) -> Sequence[Mapped]:
    if isinstance(data, dict) and "freshdesk_webhook" in data:
        return [_simple(Reader(data, ""))]
    if isinstance(data, dict) and isinstance(data.get("data"), dict):
        return [_product_event(Reader(data, ""))]
    return [_object(each) for each in pages(data)]


def _object(ticket: Reader) -> Mapped:
    if "ticket_id" in ticket.data and "body" in ticket.data:
        return _conversation_alone(ticket)
    fields, used = _fields(ticket), dict(_TICKET)
    fields["message"] = _of_snapshot(fields, ticket, used)
    custom = left_over(ticket.data, used)
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, ticket.data)
    return mapped(fields, custom, event_id, ticket.at)


def _conversation_alone(said: Reader) -> Mapped:
    """A conversation of the API."""
    fields = _of_conversation(said) | {"message": _conversation(said)}
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, said.data)
    return mapped(fields, left_over(said.data, _said(said)), event_id, said.at)


def _of_conversation(said: Reader) -> dict[str, Any]:
    """What was said, and of the ticket its id alone."""
    changed = said.instant("updated_at") or said.instant("created_at")
    return {
        "ticket_id": required_ident(said, "ticket_id"),
        "revision": revision_of(changed),
        "status": "other",
        "updated_at": changed,
    }


def _product_event(event: Reader) -> Mapped:
    inner = event.child("data") or Reader({}, event.path("data"))
    actor = inner.child("actor")
    conversation, ticket = inner.child("conversation"), inner.child("ticket")
    used: dict[str, Taken | None] = {"actor": {"id": None}}
    if ticket is not None:
        fields, of_ticket = _fields(ticket), dict(_TICKET)
        fields["message"] = _of_snapshot(fields, ticket, of_ticket)
        used["ticket"] = of_ticket
    elif conversation is not None:
        fields = _of_conversation(conversation)
    else:
        raise inner.refuse("ticket", "is required, or a conversation")
    if conversation is not None:
        fields["message"], used["conversation"] = _conversation(conversation), _said(conversation)
    fields["changed_by"] = ident(actor, "id") if actor is not None else None
    fields["action_id"] = _mark(inner)
    custom = left_over(event.data, {"data": used})
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, event.data)
    return mapped(fields, custom, event_id)


def _simple(webhook: Reader) -> Mapped:
    """The form that Freshdesk makes where the operator picks placeholders from its list."""
    hook = webhook.child("freshdesk_webhook")
    if hook is None:
        raise webhook.refuse("freshdesk_webhook", "is required")
    number = required_ident(hook, "ticket_id").lstrip("#")
    created = "created" in (hook.text("triggered_event") or "")
    name = "ticket_description" if created else "ticket_latest_public_comment"
    text = hook.text(name)
    tags = (hook.text("ticket_tags") or "").split(",")
    kind = "customer" if created else "other"
    status, priority = ident(hook, "ticket_status"), ident(hook, "ticket_priority")
    channel = ident(hook, "ticket_source")
    fields = {
        "ticket_id": number,
        "revision": 0,
        "subject": hook.text("ticket_subject"),
        "status": _STATUSES.get((status or "").lower(), "other"),
        "source_status": status,
        "priority": _priority(hook, "ticket_priority", priority),
        "source_priority": priority,
        "channel": _SOURCES.get((channel or "").lower(), "other"),
        "source_channel": channel,
        "queue": ident(hook, "ticket_group_name"),
        "requester": person(None, hook.text("ticket_requester_email")),
        "tags": labels((tag.strip() for tag in tags), hook, "ticket_tags"),
        "message": text
        and {
            "id": "description" if created else _digest(text),
            "author_kind": kind,
            "direction": "inbound" if created else "other",
            **plain(text),
        },
    }
    taken = {**_SIMPLE, name: None} if text else _SIMPLE
    return mapped(fields, left_over(webhook.data, {"freshdesk_webhook": taken}), None)


def _digest(text: str) -> str:
    """Of a comment that comes without an id."""
    return (derived_id("comment", 1, text) or "").rpartition(":")[2]


def _fields(ticket: Reader) -> dict[str, Any]:
    updated = ticket.instant("updated_at")
    status, priority = ident(ticket, "status"), ident(ticket, "priority")
    channel = ident(ticket, "source")
    return {
        "ticket_id": required_ident(ticket, "id"),
        "revision": revision_of(updated),
        "subject": ticket.text("subject"),
        "status": _status(ticket, status),
        "source_status": status,
        "priority": _priority(ticket, "priority", priority),
        "source_priority": priority,
        "channel": _SOURCES.get((channel or "").lower(), "other"),
        "source_channel": channel,
        "queue": ident(ticket, "group_id"),
        "requester": _requester(ticket),
        "tags": labels(ticket.array("tags"), ticket, "tags"),
        "created_at": ticket.instant("created_at"),
        "updated_at": updated,
    }


def _requester(ticket: Reader) -> dict[str, Any] | None:
    """By id, with the addresses that the API includes or the ticket was made with."""
    told = ticket.child("requester") or ticket
    phone = told.text("phone") or told.text("mobile")
    return person(ident(ticket, "requester_id"), told.text("email"), phone)


def _status(ticket: Reader, status: str | None) -> str:
    if flag(ticket, "deleted"):
        return "deleted"
    if flag(ticket, "spam"):
        return "spam"
    return _STATUSES.get((status or "").lower(), "other")


def _priority(reader: Reader, name: str, said: str | None) -> str | None:
    if said is None:
        return None
    if said.lower() not in _PRIORITIES:
        raise reader.refuse(name, f"must be one of {', '.join(_PRIORITIES)}")
    return _PRIORITIES[said.lower()]


def _of_snapshot(
    fields: Mapping[str, Any], ticket: Reader, used: dict[str, Taken | None]
) -> dict[str, Any] | None:
    """The conversation that a ticket was changed by, or the description of a new one."""
    newest = _newest(ticket, fields["updated_at"])
    if newest is not None:
        return _conversation(newest)
    described = ticket.text("description_text") or ticket.text("description")
    if described is None or not is_first(fields["created_at"], fields["updated_at"]):
        return None
    name = "description_text" if ticket.text("description_text") else "description"
    used |= {name: None}
    requester = fields["requester"] or {}
    # We wrote first; the requester is whom we wrote to.
    ours = (fields["source_channel"] or "").lower() in _OUTBOUND
    return {
        "id": "description",
        "author_kind": "agent" if ours else "customer",
        "direction": "outbound" if ours else "inbound",
        "author_id": None if ours else requester.get("id"),
        **plain(described, html=name == "description"),
        "sent_at": fields["created_at"],
        "attachments": len(ticket.array("attachments")),
    }


def _newest(ticket: Reader, changed: datetime | None) -> Reader | None:
    """Stays among what is left over, with those before it."""
    dated = [(said.instant("created_at"), said) for said in ticket.items("conversations")]
    times = [(at, said) for at, said in dated if at is not None]
    if not times or changed is None:
        return None
    at, newest = max(times, key=lambda pair: pair[0])
    return newest if changed - at <= FIRST else None


def _conversation(said: Reader) -> dict[str, Any]:
    incoming, private = flag(said, "incoming"), flag(said, "private")
    direction = "internal" if private else "inbound" if incoming else "outbound"
    text = said.text("body_text")
    return {
        "id": required_ident(said, "id"),
        "author_kind": "customer" if incoming else "agent",
        "direction": direction,
        "author_id": ident(said, "user_id"),
        **(plain(text, html=False) if text else plain(said.text("body") or "", html=True)),
        "sent_at": said.instant("created_at"),
        "attachments": len(said.array("attachments")),
    }


def _said(said: Reader) -> Taken:
    name = "body_text" if said.text("body_text") else "body"
    return {**_CONVERSATION, name: None}


def _mark(inner: Reader) -> str | None:
    """Our mark, if it is this change that brought it: `changes` has what was and what is."""
    changes = inner.child("changes")
    match changes.array("tags") if changes is not None else []:
        case [list() as was, list() as now]:
            added = (tag for tag in now if isinstance(tag, str) and tag not in was)
            return next((mark for tag in added if (mark := action_of(tag))), None)
        case _:
            return None


FORMAT = Format("freshdesk", 1, TICKET_RECEIVED.name, _recognise, _map, split=True)
