"""The operator's reference file: which feeds tell every change, which tables are which entities."""

import difflib
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from services.assessor.domain.joining import ATTRIBUTES, Type
from services.chassis import documents
from services.chassis.errors import Rejected

# The same as in intake's sources: part of keys, where "|" and ":" separate.
TENANT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"

_Tenant = Annotated[str, StringConstraints(pattern=f"^{TENANT}$")]
_Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChangeFeed(_Strict):
    """A feed that tells every change: what it has not changed still holds."""

    tenant: _Tenant
    type: Type


class Table(_Strict):
    """A database table, as Debezium names it, and what a row of it is."""

    table: Annotated[str, StringConstraints(pattern=r"^[^\s.]+(\.[^\s.]+)*$")]
    tenant: _Tenant
    type: Type
    id: str
    attributes: Annotated[Mapping[str, _Column], Field(min_length=1)]

    @field_validator("type")
    @classmethod
    def _flat(cls, type_: Type) -> Type:
        if type_ is Type.SLA_POLICY:
            raise ValueError("a row holds no office hours: publish the policy as an event")
        return type_

    @field_validator("id")
    @classmethod
    def _of_columns(cls, template: str) -> str:
        try:
            columns = [each for each in string.Formatter().parse(template) if each[1] is not None]
        except ValueError as error:
            raise ValueError(f"not a template: {error}; write {{column}}") from error
        plain = all(name and not spec and not conversion for _, name, spec, conversion in columns)
        if not columns or not plain or any(set(".[") & set(name or "") for _, name, *_ in columns):
            raise ValueError('name the columns of the record\'s key, such as "{sku}@{location}"')
        return template

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the record's key that make the id, in their order."""
        parsed = string.Formatter().parse(self.id)
        return tuple(name for _, name, _, _ in parsed if name is not None)

    def is_called(self, name: str) -> bool:
        """Whether a full name, such as `erp.public.orders`, is this table's."""
        return name == self.table or name.endswith(f".{self.table}")

    def named(self, columns: Mapping[str, Any], field: str) -> str:
        """The entity's id from the columns that make it. Raises `Rejected`."""
        for column in self.key:
            told = columns.get(column)
            if not isinstance(told, str | int) or isinstance(told, bool):
                raise Rejected(f"{field}.{column}: neither text nor a whole number")
        return self.id.format_map(columns)


class ReferenceFile(_Strict):
    """The file."""

    change_feeds: tuple[ChangeFeed, ...] = ()
    tables: tuple[Table, ...] = ()
    key_table: _Column | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """The file, ready to be asked. `key_table` is the field of a key that names its table."""

    tables: tuple[Table, ...] = ()
    feeds: frozenset[tuple[str, Type]] = frozenset()
    key_table: str | None = None

    def of_key(self, key: Mapping[str, Any]) -> Table:
        """The table that a record's key belongs to; of a tombstone nothing else is left.

        Raises:
            Rejected: to none, or it does not say.
        """
        if self.key_table is not None:
            return self.of_name(key.get(self.key_table), f"key.{self.key_table}")
        for table in self.tables:
            if set(table.key) == key.keys():
                return table
        columns = ", ".join(sorted(key))[:200] or "no columns"
        raise Rejected(f"key: no table of the reference file is keyed by {columns}; add it there")

    def of_name(self, name: object, field: str) -> Table:
        """The table of that full name. Raises `Rejected`."""
        for table in self.tables:
            if isinstance(name, str) and table.is_called(name):
                return table
        raise Rejected(f"{field}: names no table of the reference file; add it there")


_SAME_COLUMNS = (
    "{} is keyed by the same columns: the topic keeps one record per key, so let the connector put"
    " the table's name into the key, and say where with key_table"
)


def load(path: Path) -> Tables:
    """Read the file.

    Raises:
        ConfigurationError: one line per mistake, naming file, line and field.
    """
    file = documents.load(path, ReferenceFile, check=_misfits)
    feeds = {(feed.tenant, feed.type) for feed in file.change_feeds}
    told = {(table.tenant, table.type) for table in file.tables}
    return Tables(file.tables, frozenset(feeds | told), file.key_table)


def _misfits(file: ReferenceFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What no table can know alone."""
    for index, table in enumerate(file.tables):
        known = ATTRIBUTES[table.type]
        for name in table.attributes:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
                where = ("tables", index, "attributes", name)
                yield where, f"no fact is made of it; {hint}"
        for other in file.tables[:index]:
            if table.is_called(other.table) or other.is_called(table.table):
                yield ("tables", index, "table"), f"{other.table} is listed already"
            elif file.key_table is None and set(table.key) == set(other.key):
                yield ("tables", index, "id"), _SAME_COLUMNS.format(other.table)
