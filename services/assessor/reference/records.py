"""What a record of the reference topic says: an entity as it is now, or that it is gone.

Forms: the event itself (bare, CloudEvents binary or structured, with a schema registry's frame)
and Debezium's envelope. The record's key says which entity, as a tombstone has nothing else; where
the value says so, too, they must agree.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pydantic import ValidationError
from typing_extensions import override

from schemas.reference import ReferenceEntityChanged
from services.assessor.domain import sla
from services.assessor.domain.joining import ATTRIBUTES, Entity, Type
from services.assessor.reference.tables import TENANT, Table, Tables
from services.chassis.errors import Rejected, Undecodable
from services.chassis.record import Record

_KEY = re.compile(rf"({TENANT})\|([a-z][a-z_]*):(.{{1,200}})", re.DOTALL)

_TYPES = {each.value: each for each in Type}

# Confluent's wire format: version byte, then a 4-byte schema id (V0) or a 16-byte GUID (V1).
_FRAMES = {0x00: 5, 0x01: 17}

_GONE, _THERE = "d", ("r", "c", "u")
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Name:
    """Whose and what it is. `type` is None for one that we know nothing about: nobody asks it."""

    tenant: str
    type: Type | None
    id: str

    @override
    def __str__(self) -> str:
        return f"{self.tenant}|{self.type}:{self.id}"


def name_of(record: Record, tables: Tables) -> Name:
    """The entity that a record is about, by its key alone.

    Raises:
        Undecodable, Rejected: it cannot be told; says what to send, and quotes nothing.
    """
    key = record.key or b""
    told = _text(key)
    if told is None:
        columns = _unwrapped(_object("key", key))
        table = tables.of_key(columns)
        return Name(table.tenant, table.type, table.named(columns, "key"))
    found = _KEY.fullmatch(told)
    if found is None:
        raise Rejected("key: neither tenant|type:id nor the key of a Debezium record")
    return Name(found[1], _TYPES.get(found[2]), found[3])


def entity_of(record: Record, name: Name, tables: Tables) -> Entity | None:
    """The entity as the record tells of it, with the attributes that facts are made of.

    None where it is gone.

    Raises:
        Undecodable, Rejected: it cannot be read; names the field, and quotes nothing.
    """
    if record.value is None or name.type is None:
        return None
    value = _unwrapped(_object("value", record.value))
    if "op" in value and ("after" in value or "before" in value):
        return _of_row(value, name, name.type, tables)
    return _of_event(_data(value), name, name.type)


def _text(key: bytes) -> str | None:
    """A key of plain text, also one that a JSON converter put in quotes; None for an object."""
    if key[:1] == b"{" or (key and key[0] in _FRAMES):
        return None
    try:
        if key[:1] == b'"':
            told = orjson.loads(key)
            return told if isinstance(told, str) else ""
        return key.decode()
    except (orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise Undecodable("key: not text in UTF-8") from error


def _object(what: str, sent: bytes) -> dict[str, Any]:
    start = _FRAMES.get(sent[0], 0) if sent else 0
    try:
        read = orjson.loads(sent[start:] if start else sent)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"{what}: not JSON in UTF-8, at character {start + error.pos}") from error
    if not isinstance(read, dict):
        raise Undecodable(f"{what}: not a JSON object")
    return read


def _unwrapped(sent: dict[str, Any]) -> dict[str, Any]:
    """Without the schema that a JSON converter may send along."""
    inner = sent.get("payload")
    return inner if sent.keys() == {"schema", "payload"} and isinstance(inner, dict) else sent


def _data(value: dict[str, Any]) -> Any:
    """The event of a structured CloudEvent, or the value itself."""
    return value["data"] if "specversion" in value and "data" in value else value


def _of_event(data: Any, name: Name, type_: Type) -> Entity:
    try:
        event = ReferenceEntityChanged.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        fields = {
            f"{each['loc'][0] if each['loc'] else 'value'}: {each['type']}" for each in faults
        }
        raise Rejected("; ".join(sorted(fields))) from error
    for field, told, keyed in (
        ("tenant", event.tenant, name.tenant),
        ("type", event.type.value, type_),
        ("id", event.id, name.id),
    ):
        if told != keyed:
            raise Rejected(f"{field}: not the one in the key; send both alike")
    known = ATTRIBUTES[type_]
    kept = {attribute: told for attribute, told in event.attributes.items() if attribute in known}
    if type_ is Type.SLA_POLICY:
        try:
            sla.read(kept)
        except ValueError as error:
            raise Rejected(f"attributes.{error}") from error
    return Entity(type_, event.id, event.as_of, kept)


def _of_row(
    change: Mapping[str, Any],
    name: Name,
    type_: Type,
    tables: Tables,
) -> Entity | None:
    """A change of a database row (Debezium's envelope), true since the database says so."""
    source = change.get("source")
    if not isinstance(source, dict):
        raise Rejected("source: missing; it names the table")
    table = tables.of_name(_full_name(source), "source.table")
    if (table.tenant, table.type) != (name.tenant, type_):
        raise Rejected("source.table: not the one in the key")
    if change["op"] == _GONE:
        return None
    row = change.get("after")
    if change["op"] not in _THERE or not isinstance(row, dict):
        raise Rejected("op: neither r, c, u with the row after it, nor d")
    if table.named(row, "after") != name.id:
        raise Rejected(f"after.{table.key[0]}: not the one in the key")
    return Entity(type_, name.id, _since(change, source), _attributes(table, row))


def _full_name(source: Mapping[str, Any]) -> str:
    parts = (source.get(each) for each in ("db", "schema", "table"))
    return ".".join(part for part in parts if isinstance(part, str) and part)


def _since(change: Mapping[str, Any], source: Mapping[str, Any]) -> datetime:
    told = source.get("ts_ms") or change.get("ts_ms")
    if not isinstance(told, int) or isinstance(told, bool):
        raise Rejected("source.ts_ms: missing; it says since when the row is so")
    since = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        since += timedelta(milliseconds=told)
    except OverflowError as error:
        raise Rejected("source.ts_ms: no such time") from error
    if since > _LAST:
        raise Rejected("source.ts_ms: no such time")
    return since


def _attributes(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    missing = [column for column in table.attributes.values() if column not in row]
    if missing:
        raise Rejected(f"after.{missing[0]}: no such column; correct the reference file")
    return {name: row[column] for name, column in table.attributes.items()}
