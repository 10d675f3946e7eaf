"""Rows of a table become documents: a template whose strings name the columns.

    times: ["%d-%b-%y"]                        # how the table writes times; ISO 8601 is always read
    zone: "+01:00"                             # of times that say none; UTC by default
    empty: [N/A, Not Captured]                 # what stands for an empty cell
    documents:                                 # what every row becomes: one document of each
      - ticket_id: "line-{ID}"                 # {ID}: what stands in that column; {#}: the row
        revision: 1
        created_at: {$time: Opened}            # a time, written as RFC 3339
        message: {id: "{ID}", text: "{Text}"}

What names columns that are all empty is left out, an object or an array as a whole, too.
"""

import csv
import difflib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.chassis import documents
from services.chassis.errors import ConfigurationError

_COLUMN = re.compile(r"\{([^{}]+)\}")
_ROW = "#"
_TIME = "$time"
_NOTHING = object()

Row = Mapping[str, str]


class _Fault(Exception):  # noqa: N818 - of a row, never of ours
    """A cell cannot be what the template says it is."""


def _zone(text: str) -> str:
    try:
        datetime.strptime(text, "%z")
    except ValueError as error:
        raise ValueError("must be an offset like +05:30") from error
    return text


class _File(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    times: tuple[str, ...] = ()
    zone: Annotated[str, AfterValidator(_zone)] = "+00:00"
    empty: frozenset[str] = frozenset()
    documents: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Columns:
    """The template, ready for rows. `name` stands for it in errors."""

    name: str
    templates: tuple[Any, ...]
    times: tuple[str, ...] = ()
    zone: str = "+00:00"
    empty: frozenset[str] = frozenset()

    def check(self, table: str, found: Sequence[tuple[int, Row]]) -> None:
        """Raises ConfigurationError where the template names a column that no row has."""
        there = dict.fromkeys(column for _, row in found for column in row)
        for column in _columns(self.templates):
            if found and column not in there:
                near = difflib.get_close_matches(column, there, n=1)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(there)}"
                raise ConfigurationError(f"{self.name}: {table} has no column {column}; {hint}")

    def documents(self, row: Row, number: int) -> Iterator[bytes | str]:
        """What the row becomes, JSON each; a string says why one cannot be made."""
        filled = {
            column: "" if value.strip() in self.empty else value.strip()
            for column, value in row.items()
        } | {_ROW: str(number)}
        for template in self.templates:
            try:
                made = self._fill(template, filled)
            except _Fault as fault:
                yield str(fault)
            else:
                said = {} if made is _NOTHING else made
                yield json.dumps(said, ensure_ascii=False).encode()

    def _fill(self, node: Any, row: Row) -> Any:
        named = _columns(node)
        if named and not any(row.get(column) for column in named):
            return _NOTHING
        match node:
            case str():
                return _COLUMN.sub(lambda found: row.get(found[1], ""), node)
            case {"$time": str(column)}:
                return self._time(column, row[column])
            case dict():
                pairs = {name: self._fill(inner, row) for name, inner in node.items()}
                return {name: value for name, value in pairs.items() if value is not _NOTHING}
            case list() | tuple():
                return [value for each in node if (value := self._fill(each, row)) is not _NOTHING]
            case _:
                return node

    def _time(self, column: str, said: str) -> str:
        found = None
        for form in self.times:
            try:
                found = datetime.strptime(said, form)  # noqa: DTZ007 - the zone comes below
            except ValueError:
                continue
            break
        try:
            found = found or datetime.fromisoformat(said)
        except ValueError:
            raise _Fault(
                f"{column}: is no time as `times` of {self.name} says; add how it is written"
            ) from None
        zone = datetime.strptime(self.zone, "%z").tzinfo
        assert isinstance(zone, timezone)  # noqa: S101 - the file was checked
        return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()


def load(path: Path) -> Columns:
    """Read a columns file; raises ConfigurationError naming file, line and field."""
    file = documents.load(path, _File, check=_misfits)
    return Columns(str(path), file.documents, file.times, file.zone, file.empty)


def texts(format_name: str, *, text: str, ident: str | None, table: str) -> Columns:
    """What --text and --id say. Without an id it is the table's name and the row.

    Raises:
        ConfigurationError: no template fits the format.
    """
    own = f"{{{ident}}}" if ident else f"{table}-{{{_ROW}}}"
    message = {"id": own, "text": f"{{{text}}}"}
    known: dict[str, dict[str, Any]] = {
        "sluice-ticket": {"ticket_id": own, "revision": 1, "message": message},
        "notice": message,
    }
    if format_name not in known:
        raise ConfigurationError(
            f"--text makes documents of {' or '.join(known)}, and the source's format is"
            f" {format_name}; say --columns"
        )
    return Columns("--text, --id", (known[format_name],))


def rows(name: str, raw: bytes, delimiter: str) -> list[tuple[int, dict[str, str]]]:
    """The rows of a table with a header, each with its line.

    Raises:
        ConfigurationError: it is no such table in UTF-8.
    """
    try:
        reader = csv.DictReader(
            io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True
        )
        names = list(reader.fieldnames or ())
        doubled = [each for each in names if names.count(each) > 1]
        if doubled or not names:
            what = f"two columns are called {doubled[0]}" if doubled else "no header"
            raise ConfigurationError(f"{name}: {what}; name every column once in the first line")
        return [(reader.line_num, _cells(name, reader.line_num, row)) for row in reader]
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name}: not UTF-8; convert it, e.g. with iconv") from error
    except csv.Error as error:
        raise ConfigurationError(f"{name}: no table: {error}") from error


def _cells(name: str, line: int, row: dict[str | Any, str | Any]) -> dict[str, str]:
    if None in row:
        raise ConfigurationError(f"{name}:{line}: more cells than columns; quote what has commas")
    return {column: cell or "" for column, cell in row.items()}


def _columns(node: Any) -> dict[str, None]:
    """The columns that a template names, in its order."""
    match node:
        case str():
            found = _COLUMN.findall(node)
        case {"$time": str(column)}:
            found = [column]
        case dict():
            found = [column for inner in node.values() for column in _columns(inner)]
        case list() | tuple():
            found = [column for inner in node for column in _columns(inner)]
        case _:
            found = []
    return dict.fromkeys(column for column in found if column != _ROW)


def _misfits(file: _File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from _strange(file.documents, ("documents",))


def _strange(node: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What begins with $ and is no `{$time: Column}`."""
    if isinstance(node, dict):
        if any(str(name).startswith("$") for name in node) and not (
            node.keys() == {_TIME} and isinstance(node[_TIME], str)
        ):
            yield at, "what begins with $ is {$time: Column}, alone"
        for name, inner in node.items():
            yield from _strange(inner, (*at, name))
    elif isinstance(node, list | tuple):
        for n, inner in enumerate(node):
            yield from _strange(inner, (*at, n))
