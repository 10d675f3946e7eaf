"""What came in, whichever way it is wrapped: CloudEvents binary or structured, framed, bare."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from services.chassis.errors import Rejected, Undecodable
from services.chassis.record import Record

Form = Literal["binary", "structured", "bare"]

# Confluent's wire format: version byte, then a 4-byte schema id (V0) or a 16-byte GUID (V1).
_FRAMES = {0x00: 5, 0x01: 17}


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event's attributes, as far as its producer gave them, and its data, parsed."""

    form: Form
    data: Any
    id: str | None = None
    source: str | None = None
    type: str | None = None
    time: str | None = None


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
        raise Rejected("content-type: a CloudEvents batch; Kafka carries one event per record")
    value = _unframed(record.value)
    if content_type.startswith("application/cloudevents"):
        return _structured(value)
    if record.header("ce_specversion") is not None:
        return _binary(record, value, content_type)
    return Envelope("bare", _json(value))


def _unframed(value: bytes) -> bytes:
    # JSON text never begins with these bytes; other encodings need a registry we do not ask.
    length = _FRAMES.get(value[0]) if value else None
    return value if length is None else value[length:]


def _binary(record: Record, value: bytes, content_type: str) -> Envelope:
    if content_type and "json" not in content_type:
        raise Undecodable(f"content-type: {content_type[:60]}; send application/json")
    names = ("id", "source", "type", "specversion")
    found = {name: record.header(f"ce_{name}") for name in names}
    _mandatory(found)
    return Envelope(
        "binary",
        _json(value),
        found["id"],
        found["source"],
        found["type"],
        record.header("ce_time"),
    )


def _structured(value: bytes) -> Envelope:
    event = _json(value)
    if not isinstance(event, dict):
        raise Rejected("value: a structured CloudEvent is a JSON object")
    found = {name: event.get(name) for name in ("id", "source", "type", "specversion")}
    _mandatory(found)
    if "data" not in event:
        raise Rejected("data: missing; a structured CloudEvent carries its event there")
    time = event.get("time")
    return Envelope(
        "structured",
        event["data"],
        found["id"],
        found["source"],
        found["type"],
        time if isinstance(time, str) else None,
    )


def _mandatory(found: dict[str, Any]) -> None:
    """CloudEvents 1.0 §3.1: never guess when the sender claims the standard."""
    for name, value in found.items():
        if not isinstance(value, str) or not value:
            raise Rejected(f"ce_{name}: missing; CloudEvents 1.0 requires it as a non-empty string")
    if found["specversion"] != "1.0":
        raise Rejected("ce_specversion: only 1.0 is known")


def _json(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        # The message quotes no payload: it says where.
        raise Undecodable(f"value: not JSON in UTF-8 at byte {error.pos}") from error


def instant(text: str | None) -> datetime | None:
    """An RFC 3339 time, or None where it is absent, malformed or without an offset."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
