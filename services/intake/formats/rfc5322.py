"""An e-mail as RFC 5322, 2045 and 3834 write it, read without trusting it.

The standard library parses; what takes it quadratic time (many boundaries, headers without end) is
refused or cut before. Header text is in RFC 2047's words or, as RFC 6532 allows, in UTF-8.
"""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parseaddr, parsedate_to_datetime

from services.chassis.errors import Rejected
from services.intake.formats import markup

_MAX_LINES = 60_000
_MAX_PARTS = 40
_MAX_HEADERS = 500
# What a header's words are decoded of, and addresses and dates read of.
_MAX_WORDS = 2_000

_TEXTS = ("text/plain", "text/html")  # in this order

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")
_FOLD = re.compile(r"\r?\n[ \t]?")
# A mailbox as nearly all are written: an address, or one in brackets behind a name.
_MAILBOX = re.compile(
    r'(?:"[^"\\]*"\s*|[^"()<>@,:;\\]*)(?<![^\s"])'
    r'(?:<([^\s<>()",:;@]+@[^\s<>()",:;@]+)>|([^\s<>()",:;@]+@[^\s<>()",:;@]+))'
)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")


@dataclass(frozen=True, slots=True)
class Text:
    """The part of a mail that is read: plain text, or HTML where there is no other."""

    text: str
    html: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """Header fields by lower-case name, in their order; the text; how many parts are none of it."""

    headers: dict[str, tuple[str, ...]]
    text: Text
    attachments: int
    content_type: str

    def one(self, name: str) -> str | None:
        """The first field of a name, unfolded, as it was written."""
        found = self.headers.get(name)
        return found[0] if found else None

    def words(self, name: str) -> str | None:
        """The same in words: what is encoded is decoded."""
        said = self.one(name)
        return _decoded(said[:_MAX_WORDS]) if said else None

    def address(self, name: str) -> str | None:
        """The address alone, in lower case."""
        said = (self.one(name) or "")[:_MAX_WORDS]
        plain = _MAILBOX.fullmatch(said)
        address = (plain[1] or plain[2] if plain else parseaddr(said)[1]).lower()
        return address if _ADDRESS.fullmatch(address) else None

    def date(self, name: str) -> datetime | None:
        """A date, or that of a trace field, which follows its last semicolon."""
        said = self.one(name)
        return _date(said.rpartition(";")[2].strip()[:_MAX_WORDS]) if said else None

    def ids(self, name: str) -> Sequence[str]:
        """Message ids, without their brackets."""
        return _MESSAGE_ID.findall(self.one(name) or "")


def read(raw: bytes) -> Mail:
    """Parse a mail.

    Raises:
        Rejected: no header field that a mail has, or built to take for ever.
    """
    if raw.count(b"\n") + raw.count(b"\r") > 2 * _MAX_LINES:
        raise Rejected(f"value: more than {_MAX_LINES} lines; leave attachments out")
    if raw.lower().count(b"boundary") > _MAX_PARTS:
        raise Rejected(f"value: more than {_MAX_PARTS} boundaries; leave attachments out")
    try:
        message = BytesParser(policy=compat32).parsebytes(raw)
        headers = _headers(message)
        parts = [(_kind(part), part) for part in _leaves(message)]
    except (MessageError, RecursionError, LookupError, ValueError) as error:
        raise Rejected("value: is no message that RFC 5322 and MIME allow") from error
    if headers.keys().isdisjoint({"from", "date", "message-id", "subject", "received"}):
        raise Rejected("value: has no From, Date or Message-ID; send the mail with its header")
    shown = [(kind, part) for kind, part in parts if kind is not None]
    return Mail(headers, _chosen(shown), len(parts) - len(shown), message.get_content_type())


def _headers(message: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    items = list(message.raw_items())
    if len(items) > _MAX_HEADERS:
        raise Rejected(f"value: more than {_MAX_HEADERS} header fields; leave those of relays out")
    for name, value in items:
        key, said = name.lower(), _unicode(str(value))
        if "\n" in said:
            said = _FOLD.sub(" ", said)
        found[key] = (*found.get(key, ()), said.strip())
    return found


def _unicode(value: str) -> str:
    """Bytes that are not ASCII are UTF-8 (RFC 6532), or something that nobody can read."""
    if value.isascii():
        return value
    return value.encode("ascii", "surrogateescape").decode("utf-8", "replace")


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value))) or value
    except (MessageError, LookupError, ValueError, binascii.Error):
        return value


def _date(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # "-0000": UTC, and nothing said of where (RFC 5322 §3.3).
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _leaves(part: Message) -> Iterator[Message]:
    """The parts that hold something; a mail within a mail is one, and attached."""
    # Asked for only of what has parts: else it is decoded, in vain, and not by every charset.
    inner = part.get_payload() if part.is_multipart() else None
    if isinstance(inner, list) and part.get_content_maintype() == "multipart":
        # Of a delivery report the first part is for people (RFC 3462).
        only = 1 if part.get_content_subtype() == "report" else len(inner)
        for each in inner[:only]:
            if isinstance(each, Message):
                yield from _leaves(each)
    else:
        yield part


def _kind(part: Message) -> str | None:
    """The type of text that is shown to a reader, None of what is attached."""
    kind = part.get_content_type()
    if kind.startswith("multipart/"):
        return "text/plain"  # one that has no parts: what stands there was written all the same
    if kind not in _TEXTS:
        return None
    disposition, declared = part.get("content-disposition"), part.get("content-type") or ""
    if disposition is None and "name" not in str(declared).lower():
        return kind
    attached = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    return None if attached else kind


def _chosen(parts: Sequence[tuple[str, Message]]) -> Text:
    """All plain text; the HTML where there is none or where it is blank."""
    for wanted in _TEXTS:
        texts = [_content(part) for kind, part in parts if kind == wanted]
        if text := "\n\n".join(each for each in texts if each.strip()):
            return Text(text, html=wanted == "text/html")
    return Text("", html=False)


def _content(part: Message) -> str:
    try:
        raw = part.get_payload(decode=True)
    except (ValueError, LookupError, binascii.Error):
        raw = None
    if not isinstance(raw, bytes):
        return ""
    # Markup is bounded where it is read; plain text where it is cleaned.
    raw = raw[: 4 * markup.MAX_MARKUP]
    try:
        charset = part.get_content_charset("utf-8")
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")
