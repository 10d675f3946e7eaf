"""ServiceNow: incidents as the Table API and outbound rules write them, one or a page of them.

Follows "Table API" with every `sysparm_display_value` (false: values, true: words, all: both) and
the incident table of IT Service Management (docs.servicenow.com). Priorities are a closed set
there; states and contact types are an administrator's, of whom the base system's are known.

`sys_mod_count` is the revision, and with the record's id and content the event id. What is new is
the description of a record that was never changed, else the newest entry of the customer-visible
comments or of the work notes, as far as the record carries them.

A journal names its authors by user name, a caller is a reference: somebody who wrote is the
customer if `caller_id.user_name` (a dot-walked field) says so, or if they opened the record
themselves by portal, mail or chat. Dot-walked, too, are the caller's addresses.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from services.intake.domain.subjects import fitting
from services.intake.formats.base import Format, Mapped, Reader
from services.intake.formats.tickets import derived_id, left_over, mapped, pages, person
from topics.support import TICKET_RECEIVED

_STATES = {
    "1": "new",
    "2": "open",
    "3": "on_hold",
    "6": "resolved",
    "7": "closed",
    "8": "closed",
    "new": "new",
    "active": "open",
    "in progress": "open",
    "on hold": "on_hold",
    "awaiting user info": "pending_customer",
    "awaiting problem": "on_hold",
    "awaiting vendor": "on_hold",
    "awaiting evidence": "on_hold",
    "resolved": "resolved",
    "closed": "closed",
    "canceled": "closed",
    "cancelled": "closed",
}
_CALLER_IS_ASKED = {"1", "awaiting caller"}
_PRIORITIES = {"1": "urgent", "2": "high", "3": "normal", "4": "low", "5": "low"}
_CHANNELS = {
    "email": "email",
    "phone": "phone",
    "self-service": "web",
    "web": "web",
    "portal": "web",
    "chat": "chat",
    "virtual_agent": "chat",
    "virtual agent": "chat",
    "integration": "api",
    "api": "api",
    "monitoring": "api",
    "event management": "api",
}
_BY_THEMSELVES = {"email", "web", "chat"}
_DATE = "%Y-%m-%d %H:%M:%S"
_JOURNALS = (("comments", False), ("work_notes", True))
# "2026-11-20 09:15:00 - Meera Nair (Additional comments)": the newest entry stands first.
_ENTRY = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - [^\n]{1,200} \([^\n()]{1,60}\)$", re.MULTILINE
)

_TAKEN = (
    "sys_id",
    "sys_mod_count",
    "short_description",
    "state",
    "priority",
    "contact_type",
    "assignment_group",
    "caller_id",
    "sys_tags",
    "sys_created_on",
    "sys_updated_on",
    "sys_updated_by",
)


def _recognise(data: Any) -> bool:
    first = data.get("result", data) if isinstance(data, dict) else data
    first = first[0] if isinstance(first, list) and first else first
    return isinstance(first, dict) and {"number", "sys_mod_count"} <= first.keys()


def _map(data: Any) -> Sequence[Mapped]:
    return [_incident(each) for each in pages(data, "result")]


def _incident(record: Reader) -> Mapped:
    ticket_id = _value(record, "sys_id") or _value(record, "number")
    if ticket_id is None:
        raise record.refuse("sys_id", "is required, or number")
    contact = _value(record, "contact_type")
    channel = _CHANNELS.get((contact or "").lower(), "other")
    changes = _count(record)
    caller, tags = _value(record, "caller_id"), _value(record, "sys_tags") or ""
    fields: dict[str, Any] = {
        "ticket_id": fitting(ticket_id),
        "revision": changes,
        "subject": _value(record, "short_description"),
        **_state(record),
        **_priority(record),
        "channel": channel,
        "source_channel": contact,
        "queue": _fitting(_word(record, "assignment_group")),
        "requester": person(
            _fitting(caller),
            _value(record, "caller_id.email"),
            _value(record, "caller_id.mobile_phone") or _value(record, "caller_id.phone"),
        ),
        "tags": [fitting(tag.strip()) for tag in tags.split(",") if tag.strip()],
        "created_at": _time(record, "sys_created_on"),
        "updated_at": _time(record, "sys_updated_on"),
        "changed_by": _fitting(_value(record, "sys_updated_by")),
    }
    message, source = _message(record, fields)
    fields["message"] = message
    # Of an object only one of its two sides is taken: it is kept.
    taken = [name for name in (*_TAKEN, source) if not isinstance(record.data.get(name), dict)]
    custom = left_over(record.data, dict.fromkeys(taken))
    event_id = derived_id(fields["ticket_id"], changes, record.data)
    return mapped(fields, custom, event_id, record.at)


def _field(record: Reader, name: str, preferred: str) -> str | None:
    """A field is a text, or an object of its value and the word shown for it."""
    found = record.data.get(name)
    if isinstance(found, dict):
        inner = Reader(found, record.path(name))
        other = "value" if preferred == "display_value" else "display_value"
        return inner.text(preferred) or inner.text(other)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return record.text(name)


def _value(record: Reader, name: str) -> str | None:
    return _field(record, name, "value")


def _word(record: Reader, name: str) -> str | None:
    return _field(record, name, "display_value")


def _fitting(value: str | None) -> str | None:
    return fitting(value) if value else None


def _count(record: Reader) -> int:
    said = _value(record, "sys_mod_count")
    digits = (said or "").replace(",", "")  # a word shown has thousands
    if not digits.isascii() or not digits.isdigit() or len(digits) > len("1000000000000000"):
        raise record.refuse("sys_mod_count", "is required as a whole number")
    return int(digits)


def _state(record: Reader) -> dict[str, str | None]:
    said = _value(record, "state")
    status = _STATES.get((said or "").lower(), "other")
    hold = (_value(record, "hold_reason") or "").lower()
    if status == "on_hold" and hold in _CALLER_IS_ASKED:
        status = "pending_customer"
    return {"status": status, "source_status": said}


def _priority(record: Reader) -> dict[str, str | None]:
    """A number, or the word shown for it, which begins with the number."""
    said = _value(record, "priority")
    if said is None:
        return {}
    if said[:1] not in _PRIORITIES or said[1:2].isdigit():
        raise record.refuse("priority", "must begin with one of 1, 2, 3, 4, 5")
    return {"priority": _PRIORITIES[said[:1]], "source_priority": said}


def _time(record: Reader, name: str) -> datetime | None:
    """Values are UTC, without saying so; other ways of writing need an offset."""
    said = _value(record, name)
    if said is None:
        return None
    try:
        return datetime.strptime(said, _DATE).replace(tzinfo=UTC)
    except ValueError:
        return Reader({name: said}, record.at).instant(name)


def _message(record: Reader, fields: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """What is new, and the field that is told by it as a whole."""
    if fields["revision"] == 0:
        described = _value(record, "description") or _value(record, "short_description")
        if not described:
            return None, ""
        return {
            "id": "description",
            **_opened(record, fields["channel"]),
            "text": described,
            "sent_at": fields["created_at"],
        }, "description"
    for name, internal in _JOURNALS:
        journal = _word(record, name) or ""
        if entry := _newest(journal):
            return {
                "id": f"{name}:{fields['revision']}",
                **_written(record, fields["channel"], internal=internal),
                "text": entry,
                "sent_at": fields["updated_at"],
            }, name if entry == journal else ""
    return None, ""


def _newest(journal: str) -> str:
    """An entry that came alone has no heading."""
    headings = [found.span() for _, found in zip(range(2), _ENTRY.finditer(journal), strict=False)]
    if not headings or journal[: headings[0][0]].strip():
        return journal
    end = headings[1][0] if len(headings) > 1 else len(journal)
    return journal[headings[0][1] : end].strip()


def _opened(record: Reader, channel: str) -> dict[str, str | None]:
    caller, opener = _value(record, "caller_id"), _value(record, "opened_by")
    own = opener == caller if opener and caller else channel in _BY_THEMSELVES
    return _parties(_value(record, "sys_created_by"), customer=own, internal=False)


def _written(record: Reader, channel: str, *, internal: bool) -> dict[str, str | None]:
    writer = _value(record, "sys_updated_by")
    caller = _value(record, "caller_id.user_name")
    if caller is None and channel in _BY_THEMSELVES:
        caller = _value(record, "sys_created_by")
    return _parties(writer, customer=writer is not None and writer == caller, internal=internal)


def _parties(writer: str | None, *, customer: bool, internal: bool) -> dict[str, str | None]:
    direction = "internal" if internal else "inbound" if customer else "outbound"
    return {
        "author_kind": "customer" if customer else "agent",
        "direction": direction,
        "author_id": _fitting(writer),
    }


FORMAT = Format("servicenow", 1, TICKET_RECEIVED.name, _recognise, _map, split=True)
