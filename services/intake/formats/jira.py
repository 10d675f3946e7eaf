"""Jira Service Management: issue and comment events of webhooks, issues, one or a page of them.

Follows "Jira webhooks" and "Issue", "Comment", "Status" of the REST API v2 and v3, and the
Atlassian Document Format (developer.atlassian.com/cloud/jira). Events, status categories and
account types are closed sets there; names of statuses and priorities are an administrator's, of
whom the ones that Jira comes with are known.

There is no event id in the payload: the issue, its last change and the content make it. That time
is the revision; where a comment's event has no `updated`, its own `timestamp` stands for it. Jira
tells a comment twice, as its own event and as the issue's: its message id is the same.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.intake.domain.echoes import action_of
from services.intake.formats.base import Format, Mapped, Reader
from services.intake.formats.tickets import (
    Taken,
    derived_id,
    epoch,
    flag,
    ident,
    is_first,
    labels,
    language,
    left_over,
    mapped,
    pages,
    person,
    required_ident,
    revision_of,
    word,
)
from topics.support import TICKET_RECEIVED

_EVENTS = (
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
)
_CATEGORIES = {"new": "new", "indeterminate": "open", "done": "resolved", "undefined": "other"}
# Of Jira Service Management's own workflows, where the category says less.
_STATUSES = {
    "waiting for customer": "pending_customer",
    "pending": "on_hold",
    "on hold": "on_hold",
    "waiting for approval": "on_hold",
    "closed": "closed",
    "canceled": "closed",
    "cancelled": "closed",
    "declined": "closed",
    "reopened": "open",
}
_PRIORITIES = {
    "blocker": "urgent",
    "critical": "urgent",
    "highest": "urgent",
    "high": "high",
    "major": "high",
    "medium": "normal",
    "minor": "low",
    "low": "low",
    "lowest": "low",
    "trivial": "low",
}
_ACCOUNTS = {"customer": "customer", "atlassian": "agent", "app": "bot", "unknown": "other"}
_INTERNAL = "sd.public.comment"
# Blocks of the Atlassian Document Format that begin a line.
_LINES = ("paragraph", "heading", "listItem", "codeBlock", "tableRow", "rule", "hardBreak")

_FIELDS: Taken = {
    "summary": None,
    "status": {"name": None},
    "priority": {"name": None},
    "labels": None,
    "created": None,
    "updated": None,
}
_COMMENT: Taken = {"id": None, "body": None, "created": None}


def _recognise(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    first = data.get("issues") or [data]
    first = first[0] if isinstance(first, list) else first
    return data.get("webhookEvent") in _EVENTS or (
        isinstance(first, dict)
        and {"id", "key", "fields"} <= first.keys()
        and isinstance(first["fields"], dict)
    )


def _map(data: Any) -> Sequence[Mapped]:
    if isinstance(data, dict) and "webhookEvent" in data:
        return [_event(Reader(data, ""))]
    return [_issue(each) for each in pages(data, "issues")]


def _event(event: Reader) -> Mapped:
    kind = event.one_of("webhookEvent", _EVENTS) or ""
    issue = event.child("issue")
    if issue is None:
        raise event.refuse("issue", "is required")
    happened = epoch(event, "timestamp", per_second=1000)
    fields, details = _fields(issue, happened)
    taken: dict[str, Taken | None] = dict(_FIELDS)
    used: dict[str, Taken | None] = {"issue": {"id": None, "fields": taken}}
    comment = event.child("comment")
    if kind == "jira:issue_created":
        fields["message"] = _described(fields, details, taken)
    elif comment is not None and kind in ("comment_created", "jira:issue_updated"):
        fields["message"] = _commented(comment, details)
        used["comment"] = _COMMENT
    if kind == "jira:issue_deleted":
        fields["status"] = "deleted"
    user = event.child("user")
    fields["changed_by"] = _account(user) if user is not None else None
    fields["action_id"] = _mark(event)
    custom = left_over(event.data, used)
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, event.data)
    return mapped(fields, custom, event_id)


def _issue(issue: Reader) -> Mapped:
    """As automation rules send it, without what happened to it: see `tickets.FIRST`."""
    fields, details = _fields(issue, None)
    taken: dict[str, Taken | None] = dict(_FIELDS)
    if is_first(fields["created_at"], fields["updated_at"]):
        fields["message"] = _described(fields, details, taken)
    custom = left_over(issue.data, {"id": None, "fields": taken})
    event_id = derived_id(fields["ticket_id"], fields["revision"] or None, issue.data)
    return mapped(fields, custom, event_id, issue.at)


def _fields(issue: Reader, happened: datetime | None) -> tuple[dict[str, Any], Reader]:
    details = issue.child("fields") or Reader({}, issue.path("fields"))
    status, category = _named(details, "status"), _category(details)
    priority = _named(details, "priority")
    changed = details.instant("updated") or happened
    return {
        "ticket_id": required_ident(issue, "id"),
        "revision": revision_of(changed),
        "subject": details.text("summary"),
        "status": _STATUSES.get((status or "").lower(), category),
        "source_status": status,
        "priority": _PRIORITIES.get(priority.lower(), "other") if priority else None,
        "source_priority": priority,
        "requester": _requester(details),
        "language": _language(details),
        "tags": labels(details.array("labels"), details, "labels"),
        "created_at": details.instant("created"),
        "updated_at": changed,
    }, details


def _requester(details: Reader) -> dict[str, Any] | None:
    reporter = details.child("reporter")
    if reporter is None:
        return None
    return person(_account(reporter), reporter.text("emailAddress"))


def _named(details: Reader, field: str) -> str | None:
    found = details.child(field)
    return found.text("name") if found is not None else None


def _category(details: Reader) -> str:
    status = details.child("status")
    category = status.child("statusCategory") if status is not None else None
    return (word(category, "key", _CATEGORIES) if category is not None else None) or "other"


def _account(user: Reader) -> str | None:
    """Cloud has account ids, Data Center keys and names."""
    return ident(user, "accountId") or ident(user, "key") or ident(user, "name")


def _language(details: Reader) -> str | None:
    """The request's language is a custom field, which nothing but its shape gives away."""
    for value in details.data.values():
        if isinstance(value, dict) and isinstance(value.get("languageCode"), str):
            return language(value["languageCode"])
    return None


def _described(
    fields: dict[str, Any], details: Reader, taken: dict[str, Taken | None]
) -> dict[str, Any] | None:
    text = _text(details, "description")
    if not text:
        return None
    taken |= {"description": None}
    author = details.child("creator") or details.child("reporter")
    return {
        "id": "description",
        **_author(author, details, public=True),
        "text": text,
        "sent_at": fields["created_at"],
        "attachments": len(details.array("attachment")),
    }


def _commented(comment: Reader, details: Reader) -> dict[str, Any]:
    return {
        "id": required_ident(comment, "id"),
        **_author(comment.child("author"), details, public=_public(comment)),
        "text": _text(comment, "body") or "",
        "sent_at": comment.instant("created"),
    }


def _public(comment: Reader) -> bool:
    """A note among colleagues is marked in one of three ways."""
    if flag(comment, "jsdPublic") is False or comment.data.get("visibility") is not None:
        return False
    for each in comment.items("properties"):
        value = each.data.get("value")
        if each.text("key") == _INTERNAL and isinstance(value, dict):
            return value.get("internal") is not True
    return True


def _author(author: Reader | None, details: Reader, *, public: bool) -> dict[str, Any]:
    if author is None:
        return {"author_kind": "other", "direction": "other" if public else "internal"}
    account = _account(author)
    reporter = details.child("reporter")
    # Colleagues ask for help, too: then they are the customer.
    asks = reporter is not None and account is not None and account == _account(reporter)
    kind = "customer" if asks else word(author, "accountType", _ACCOUNTS) or "other"
    direction = {"customer": "inbound", "other": "other"}.get(kind, "outbound")
    return {
        "author_kind": kind,
        "author_id": account,
        "direction": direction if public else "internal",
    }


def _text(reader: Reader, name: str) -> str | None:
    """Wiki markup as it is, a document of the Atlassian Document Format as its text."""
    value = reader.data.get(name)
    return _document(value) if isinstance(value, dict) else reader.text(name)


def _document(root: dict[str, Any]) -> str:
    """Without recursion: documents may be nested deeper than Python can."""
    parts: list[str] = []
    left: list[Any] = [root]
    while left:
        node = left.pop()
        if not isinstance(node, dict):
            continue
        attributes = node.get("attrs")
        shown = attributes.get("text") if isinstance(attributes, dict) else None
        if node.get("type") in _LINES:
            parts.append("\n")
        # A mention's or an emoji's text is an attribute.
        parts += [text for text in (node.get("text"), shown) if isinstance(text, str)]
        content = node.get("content")
        left += reversed(content) if isinstance(content, list) else ()
    return "".join(parts).strip()


def _mark(event: Reader) -> str | None:
    """Our mark, if it is this change that brought it."""
    changelog = event.child("changelog")
    for item in changelog.items("items") if changelog is not None else ():
        if item.text("field") == "labels":
            was = (item.text("fromString") or "").split()
            added = [each for each in (item.text("toString") or "").split() if each not in was]
            return next((mark for label in added if (mark := action_of(label))), None)
    return None


FORMAT = Format("jira", 1, TICKET_RECEIVED.name, _recognise, _map, split=True)
