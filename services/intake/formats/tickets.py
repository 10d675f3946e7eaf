"""What the mappings of helpdesks share: ids, times, words, what is left over, the event itself."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from schemas.support import TicketReceived
from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats import markup
from services.intake.formats.base import Mapped, Reader, validated

# A snapshot says nothing of what was new: one this young is taken for the ticket's first.
FIRST = timedelta(minutes=1)

_SHORT, _LONG = 500, 65_536
_LATEST_EPOCH_S = 253_402_300_799  # the last second of the year 9999
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")

# Which fields a mapping takes: None whole, a mapping the named ones within an object; where a
# source writes an object or one of its fields alone, that one is taken, too.
Taken = Mapping[str, "Taken | None"]


def ident(reader: Reader, name: str) -> str | None:
    """An optional id, written as a string or as a whole number."""
    value = reader.data.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise reader.refuse(name, "must be a string or a whole number")
    return fitting(str(value))


def required_ident(reader: Reader, name: str) -> str:
    """An id that must be there."""
    found = ident(reader, name)
    if found is None:
        raise reader.refuse(name, "is required")
    return found


def flag(reader: Reader, name: str) -> bool | None:
    """An optional boolean."""
    value = reader.data.get(name)
    if value is not None and not isinstance(value, bool):
        raise reader.refuse(name, "must be true or false")
    return value


def word(reader: Reader, name: str, meanings: Mapping[str, str]) -> str | None:
    """What a word of a closed vocabulary means here, whatever its case."""
    said = reader.text(name)
    if said is None:
        return None
    meaning = meanings.get(said.lower())
    if meaning is None:
        raise reader.refuse(name, f"must be one of {', '.join(meanings)}")
    return meaning


def whole(reader: Reader, name: str) -> int | None:
    """An optional whole number."""
    value = reader.data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise reader.refuse(name, "must be a whole number")
    return value


def epoch(reader: Reader, name: str, *, per_second: int = 1) -> datetime | None:
    """An optional time in seconds since 1970, or in parts of them."""
    number = whole(reader, name)
    if number is None:
        return None
    if not 0 <= number <= _LATEST_EPOCH_S * per_second:
        raise reader.refuse(name, "is no time that there is")
    return datetime.fromtimestamp(number // per_second, UTC) + timedelta(
        seconds=number % per_second / per_second
    )


def revision_of(changed: datetime | None) -> int:
    """The time of the change in milliseconds: what grows with every change of a ticket."""
    if changed is None:
        return 0
    return max(0, (changed - _EPOCH) // timedelta(milliseconds=1))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_first(created: datetime | None, changed: datetime | None) -> bool:
    """Whether a snapshot can be the ticket's first."""
    return created is not None and changed is not None and changed - created <= FIRST


def language(said: str | None) -> str | None:
    """A language as BCP 47 writes it, or None where it is no such tag."""
    if said is None or not _LANGUAGE.fullmatch(said):
        return None
    first, _, rest = said.replace("_", "-").partition("-")
    return f"{first.lower()}-{rest}" if rest else first.lower()


def person(
    known_as: str | None,
    email: str | None = None,
    phone: str | None = None,
    *,
    vip: bool | None = None,
) -> dict[str, Any] | None:
    """A requester, as far as the source tells; what is longer than an address is none."""
    told = {"email": email, "phone": phone}
    said = {name: value for name, value in told.items() if value and len(value) <= _SHORT}
    return {"id": known_as, "vip": vip, **said} if known_as or said else None


def labels(values: Iterable[Any], reader: Reader, name: str) -> list[str]:
    """Tags; empty ones are none."""
    found = []
    for n, value in enumerate(values):
        if not isinstance(value, str):
            raise reader.refuse(f"{name}[{n}]", "must be a string")
        if value:
            found.append(fitting(value))
    return found


def plain(text: str, *, html: bool | None = None, without_quotes: bool = False) -> dict[str, Any]:
    """A message's text without markup, and whether the markup was longer than what is read.

    `html` None: it may be either, and is HTML where it begins with a tag. `without_quotes`: nor
    what a mail program quoted, unless that is all there is.
    """
    if not (markup.is_markup(text) if html is None else html):
        return {"text": text}
    found = markup.text_of(text, without_quotes=without_quotes)
    return {
        "text": found or markup.text_of(text),
        "truncated": len(text) > markup.MAX_MARKUP,
    }


def left_over(
    data: Mapping[str, Any], taken: Taken, at: str = "", found: dict[str, str] | None = None
) -> dict[str, str]:
    """The fields that no mapping took, by path; what is null or empty says nothing.

    Objects and arrays within are JSON. A name with a dot in it may equal a path: both are kept.
    """
    found = {} if found is None else found
    for name, value in data.items():
        below = taken.get(name, ...)
        if below is None or (not value and value is not False and value != 0):
            continue
        path = at + name
        if below is not ...:
            if isinstance(value, dict):
                left_over(value, below, f"{path}.", found)
                continue
            if below:
                continue
        key = fitting(path) or "?"
        while key in found:
            key = fitting(f"{key}'")
        found[key] = _written(value, path)
    return found


def _written(value: Any, path: str) -> str:
    kind = type(value)  # one look, from the most frequent on: this runs for every field there is
    if kind is str:
        text: str = value
        return text[:_LONG]
    if kind is int:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    return as_json(value, path)[:_LONG]


def as_json(value: Any, path: str) -> str:
    """Compact JSON.

    Raises:
        Rejected: nested too deeply for anybody to write it.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError as error:
        raise Rejected(f"{path or 'value'}: nested too deeply; flatten it") from error


def derived_id(ticket_id: str, revision: int | None, data: Any) -> str | None:
    """The event id where the source gives none: the same revision with the same content is one.

    Where no revision is known there is no such id: the same may be said twice and meant so.
    """
    if revision is None:
        return None
    content = as_json(data, "").encode()
    digest = hashlib.blake2b(content, digest_size=12).hexdigest()
    return f"{ticket_id}:{revision}:{digest}"


def mapped(
    fields: Mapping[str, Any], custom: dict[str, str], event_id: str | None, at: str = ""
) -> Mapped:
    """The event. What is too long for its field is cut there and kept whole among the custom."""
    body = {name: value for name, value in fields.items() if value is not None}
    for name in ("subject", "source_status", "source_priority", "source_channel"):
        said = body.get(name)
        if isinstance(said, str) and len(said) > _SHORT:
            custom[name] = said[:_LONG]
            body[name] = said[:_SHORT]
    body["custom_fields"] = custom
    return Mapped(validated(TicketReceived, body, f"{at}: " if at else ""), event_id)


def pages(data: Any, *names: str) -> Sequence[Reader]:
    """The documents of a page: an array, or an object that holds one, or one, under a name."""
    if isinstance(data, list):
        found = [Reader(each, f"[{n}]") for n, each in enumerate(data)]
    elif isinstance(data, dict) and (name := next((n for n in names if n in data), None)):
        inner = data[name]
        if not isinstance(inner, list):
            return [Reader(inner, name)]
        found = Reader(data, "").items(name)
    else:
        return [Reader(data, "")]
    if not found:
        raise Rejected("value: is an empty page; there is no ticket to accept")
    return found
