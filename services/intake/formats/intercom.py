"""Intercom: notifications of webhooks about tickets and conversations, and the objects themselves.

Follows "Webhook notification object", "Webhook topics" and the models ticket, ticket part,
conversation and conversation part of the REST API 2.10 to 2.15 (developers.intercom.com). Kinds of
author, states, categories of ticket states and priorities are closed sets there; kinds of parts
and of sources are not.

A notification is repeated under its `id`, with another `delivery_attempts`; an object has none,
there its content makes one. `updated_at` is the revision.
"""

from collections.abc import Sequence
from typing import Any

from services.intake.domain.echoes import action_of
from services.intake.formats.base import Format, Mapped, Reader
from services.intake.formats.tickets import (
    FIRST,
    Taken,
    derived_id,
    epoch,
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

_CATEGORIES = {
    "submitted": "new",
    "in_progress": "open",
    "waiting_on_customer": "pending_customer",
    "resolved": "resolved",
}
_STATES = {"open": "open", "closed": "closed", "snoozed": "on_hold"}
_PRIORITIES = {"priority": "high", "not_priority": "normal"}
_AUTHORS = {
    "user": "customer",
    "lead": "customer",
    "contact": "customer",
    "admin": "agent",
    "team": "agent",
    "bot": "bot",
}
_CHANNELS = {
    "conversation": "messaging",
    "email": "email",
    "facebook": "social",
    "instagram": "social",
    "twitter": "social",
    "whatsapp": "messaging",
    "sms": "messaging",
    "phone_call": "phone",
    "phone_switch": "phone",
    "push": "in_app",
}
# Topics by which something begins, and endings of those that may bring what somebody said.
_BEGINNINGS = {
    "conversation.user.created",
    "conversation.contact.created",
    "conversation.admin.single.created",
    "ticket.created",
}
_SAYING = (
    ".replied",
    ".reply",
    ".noted",
    ".note.created",
    ".closed",
    ".opened",
    ".assigned",
    "snoozed",
)
_TITLE, _DESCRIPTION = "_default_title_", "_default_description_"

_COMMON: dict[str, Taken | None] = {
    "id": None,
    "team_assignee_id": None,
    "created_at": None,
    "updated_at": None,
}
_CONVERSATION: Taken = {
    **_COMMON,
    "title": None,
    "state": None,
    "priority": None,
    "tags": {},
    "custom_attributes": {},
    "source": {"type": None, "subject": None},
}
_TICKET: Taken = {
    **_COMMON,
    "ticket_attributes": {_TITLE: None},
    "ticket_state": {"category": None},
}


def _recognise(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    if data.get("type") == "notification_event":
        return True
    first = data.get("tickets") or data.get("conversations") or data
    first = first[0] if isinstance(first, list) and first else first
    return (
        isinstance(first, dict)
        and first.get("type") in ("ticket", "conversation")
        and "admin_assignee_id" in first
    )


def _map(data: Any) -> Sequence[Mapped]:
    if isinstance(data, dict) and data.get("type") == "notification_event":
        return [_notification(Reader(data, ""))]
    return [_object(each) for each in pages(data, "tickets", "conversations")]


def _notification(event: Reader) -> Mapped:
    inner = event.child("data")
    item = inner.child("item") if inner is not None else None
    if item is None:
        raise event.refuse("data.item", "is required")
    topic = event.required("topic")
    part = item.child("ticket_part")
    about = item.child("ticket") or item
    fields, taken = _fields(about, topic)
    if part is not None:
        fields["message"] = _said(part)
    used: Taken = {"ticket": taken, "ticket_part": _PART} if part is not None else taken
    fields["action_id"] = _mark(item, topic)
    if topic.endswith(".deleted"):
        fields["status"] = "deleted"
    custom = left_over(event.data, {"id": None, "data": {"item": used}})
    return mapped(fields, custom, ident(event, "id"))


def _object(item: Reader) -> Mapped:
    fields, taken = _fields(item, None)
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, item.data)
    return mapped(fields, left_over(item.data, taken), event_id, item.at)


def _fields(item: Reader, topic: str | None) -> tuple[dict[str, Any], Taken]:
    kind = item.one_of("type", ("ticket", "conversation"))
    changed = epoch(item, "updated_at") or epoch(item, "created_at")
    team = ident(item, "team_assignee_id")
    fields: dict[str, Any] = {
        "ticket_id": required_ident(item, "id"),
        "revision": revision_of(changed),
        "queue": team if team != "0" else None,
        "requester": _requester(item),
        "created_at": epoch(item, "created_at"),
        "updated_at": changed,
    }
    of_kind = _of_ticket if kind == "ticket" else _of_conversation
    return of_kind(fields, item, topic)


def _of_ticket(
    fields: dict[str, Any], item: Reader, topic: str | None
) -> tuple[dict[str, Any], Taken]:
    attributes = item.child("ticket_attributes") or Reader({}, item.path("ticket_attributes"))
    # Until 2.10 the state was its category alone.
    state = item.child("ticket_state") if isinstance(item.data.get("ticket_state"), dict) else item
    named = "category" if state is not item else "ticket_state"
    fields |= {
        "subject": attributes.text(_TITLE),
        "status": (word(state, named, _CATEGORIES) if state is not None else None) or "other",
        "source_status": state.text(named) if state is not None else None,
    }
    taken: dict[str, Taken | None] = dict(_TICKET)
    described = attributes.text(_DESCRIPTION)
    part = _newest(item, "ticket_parts", fields, topic)
    if part is not None:
        fields["message"] = _said(part)
    elif described is not None and _is_new(fields, topic):
        taken["ticket_attributes"] = {_TITLE: None, _DESCRIPTION: None}
        fields["message"] = {
            "id": "description",
            "author_id": (fields["requester"] or {}).get("id"),
            **plain(described),
            "sent_at": fields["created_at"],
        }
    return fields, taken


def _of_conversation(
    fields: dict[str, Any], item: Reader, topic: str | None
) -> tuple[dict[str, Any], Taken]:
    source = item.child("source") or Reader({}, item.path("source"))
    tags = item.child("tags")
    names = [tag.required("name") for tag in tags.items("tags")] if tags is not None else []
    fields |= {
        "subject": item.text("title") or source.text("subject"),
        "status": word(item, "state", _STATES) or "other",
        "source_status": item.text("state"),
        "priority": word(item, "priority", _PRIORITIES),
        "source_priority": item.text("priority"),
        "channel": _CHANNELS.get(source.text("type") or "", "other"),
        "source_channel": source.text("type"),
        "tags": labels(names, item, "tags"),
    }
    taken: dict[str, Taken | None] = dict(_CONVERSATION)
    part = _newest(item, "conversation_parts", fields, topic)
    if part is not None:
        fields["message"] = _said(part)
    elif source.data.get("body") is not None and _is_new(fields, topic):
        taken["source"] = {"type": None, "subject": None, "id": None, "body": None}
        fields["message"] = _said(source) | {"sent_at": fields["created_at"]}
    return fields, taken


def _is_new(fields: dict[str, Any], topic: str | None) -> bool:
    if topic is not None:
        return topic in _BEGINNINGS
    return is_first(fields["created_at"], fields["updated_at"])


_PART: Taken = {"id": None, "body": None, "created_at": None}


def _newest(item: Reader, name: str, fields: dict[str, Any], topic: str | None) -> Reader | None:
    """The part that made the change, if it says anything; it stays among what is left over.

    A notification brings what is new, an object every part there is.
    """
    listed = item.child(name)
    said = [part for part in listed.items(name) if part.text("body")] if listed is not None else []
    if not said or (topic is not None and not topic.endswith(_SAYING)):
        return None
    newest = said[-1]
    at, changed = epoch(newest, "created_at"), fields["updated_at"]
    if topic is None and (at is None or changed is None or changed - at > FIRST):
        return None
    return newest


def _said(part: Reader) -> dict[str, Any]:
    author = part.child("author") or Reader({}, part.path("author"))
    kind = word(author, "type", _AUTHORS) or "other"
    direction = {"customer": "inbound", "other": "other"}.get(kind, "outbound")
    note = "note" in (part.text("part_type") or "")
    return {
        "id": required_ident(part, "id"),
        "author_kind": kind,
        "author_id": ident(author, "id"),
        "direction": "internal" if note else direction,
        **plain(part.text("body") or ""),
        "sent_at": epoch(part, "created_at"),
        "attachments": len(part.array("attachments")),
    }


def _requester(item: Reader) -> dict[str, Any] | None:
    """The first contact; whoever began the conversation, if it is the same, has an address."""
    contacts = item.child("contacts")
    people = contacts.items("contacts") if contacts is not None else []
    first = ident(people[0], "id") if people else None
    source = item.child("source")
    author = source.child("author") if source is not None else None
    if author is None or ident(author, "id") != first:
        return person(first)
    return person(first, author.text("email"))


def _mark(item: Reader, topic: str) -> str | None:
    """Our mark, if it is this change that brought it."""
    if not topic.endswith(".tag.created"):
        return None
    added = item.child("tags_added")
    names = [tag.text("name") or "" for tag in added.items("tags")] if added is not None else []
    return next((mark for name in names if (mark := action_of(name))), None)


FORMAT = Format("intercom", 1, TICKET_RECEIVED.name, _recognise, _map, split=True)
