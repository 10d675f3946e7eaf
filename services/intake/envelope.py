"""What came in, whichever way it is wrapped: CloudEvents binary or structured, framed, bare."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from services.chassis.errors import Rejected, Undecodable
from services.chassis.record import Record

# What intake writes says that it is from here.
SOURCE = "/sluice/intake"

Form = Literal["binary", "structured", "bare"]

_MANDATORY = ("id", "source", "type", "specversion")
_BOM = b"\xef\xbb\xbf"

# Content that is handed on as it is, in bytes or as a string: no JSON at all.
_VERBATIM = ("message/rfc822",)
_TEXT = ("text/plain",)
_OTHER_THAN_JSON = _VERBATIM + _TEXT

# Confluent's wire format: version byte, then a 4-byte schema id (V0) or a 16-byte GUID (V1).
_FRAMES = {0x00: 5, 0x01: 17}


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event's attributes, as far as its producer gave them, and its data, parsed.

    The data of a content type that is not JSON is its bytes, of plain text a string.
    """

    form: Form
    data: Any
    id: str | None = None
    source: str | None = None
    type: str | None = None
    time: datetime | None = None


def read(record: Record) -> Envelope:
    """Unwrap a record.

    Raises:
        Undecodable: null, not UTF-8, not JSON, an encoding other than JSON.
        Rejected: a CloudEvents batch, or a CloudEvent without a mandatory attribute.
    """
    if record.value is None:
        raise Undecodable("value: null; this topic keeps no tombstones, send the event itself")
    content_type = (record.header("content-type") or "").lower()
    if content_type.startswith("application/cloudevents-batch"):
        raise Rejected("content-type: a CloudEvents batch; send one event per record")
    if content_type.startswith("application/cloudevents"):
        return _structured(_json(record.value))
    found = {name: record.header(f"ce_{name}") for name in _MANDATORY}
    # One attribute is a claim to be a CloudEvent; what is not complete is never guessed.
    if any(value is not None for value in found.values()):
        return _binary(record, found, content_type)
    return Envelope("bare", _data(record.value, content_type))


def _binary(record: Record, found: Mapping[str, str | None], content_type: str) -> Envelope:
    attributes = _attributes(found, "ce_")
    if (
        content_type
        and "json" not in content_type
        and not content_type.startswith(_OTHER_THAN_JSON)
    ):
        raise Undecodable("content-type: is not JSON; send application/json")
    assert record.value is not None  # noqa: S101 - `read` refused null
    data = _data(record.value, content_type)
    return Envelope("binary", data, **attributes, time=_time(record.header("ce_time")))


def _structured(event: Any) -> Envelope:
    if not isinstance(event, dict):
        raise Rejected("value: a structured CloudEvent is a JSON object")
    attributes = _attributes(event, "")
    data_type = event.get("datacontenttype")
    if isinstance(data_type, str) and data_type.lower().startswith(_VERBATIM):
        data: Any = _verbatim(event)
    elif "data" in event:
        data = event["data"]
    else:
        raise Rejected("data: missing; a structured CloudEvent carries its event there, as JSON")
    return Envelope("structured", data, **attributes, time=_time(event.get("time")))


def _verbatim(event: Mapping[str, Any]) -> bytes:
    """CloudEvents' JSON format §3.1: as a string, or where it is none, in base 64."""
    data, encoded = event.get("data"), event.get("data_base64")
    if isinstance(data, str):
        return data.encode()
    if not isinstance(encoded, str):
        raise Rejected("data_base64: missing; send the content there in base 64, or as a string")
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise Rejected("data_base64: is not base 64") from error


def _attributes(found: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """CloudEvents 1.0 §3.1."""
    for name in _MANDATORY:
        if not isinstance(found.get(name), str) or not found[name]:
            raise Rejected(
                f"{prefix}{name}: missing; CloudEvents 1.0 requires it as a non-empty string"
            )
    if found["specversion"] != "1.0":
        raise Rejected(f"{prefix}specversion: only 1.0 is known")
    return {name: found[name] for name in ("id", "source", "type")}


def _time(text: object) -> datetime | None:
    """An optional attribute: where it is no RFC 3339 time, the record's own stands for it."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _data(value: bytes, content_type: str) -> Any:
    if content_type.startswith(_TEXT):
        return _text(value)
    return value if content_type.startswith(_VERBATIM) else _json(value)


def _text(value: bytes) -> str:
    try:
        return value.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise Undecodable(f"value: not UTF-8 at byte {error.start}; send text in UTF-8") from error


def _json(value: bytes) -> Any:
    # JSON text never begins with a frame's bytes; other encodings need a registry we do not ask.
    frame = _FRAMES.get(value[0], 0) if value else 0
    start = frame or (len(_BOM) if value.startswith(_BOM) else 0)
    try:
        return orjson.loads(memoryview(value)[start:] if start else value)
    except orjson.JSONDecodeError as error:
        # Its own words may quote the payload: where it is says enough.
        framed = " behind a schema registry's frame" if frame else ""
        raise Undecodable(
            f"value: not JSON in UTF-8{framed}, at character {start + error.pos}; send JSON text"
        ) from error
