"""Labelled files: a table or lines of JSON, a text and a label per row; mistakes by their place."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.chassis.errors import ConfigurationError

_SHOWN = 10
# What the services themselves cut off from a text; see DESIGN §3.
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was written; `line` is where it begins in its file."""

    line: int
    text: str
    label: str


def read(file: Path, text: str, label: str) -> list[Row]:
    """All rows.

    Raises:
        ConfigurationError: one line per mistake, with file, line, column and remedy.
    """
    if file.suffix not in _READERS:
        raise ConfigurationError(f"{file}: not .csv, .tsv or .jsonl: convert it to one of them")
    rows, wrong = [], []
    for line, found in _READERS[file.suffix](file, (text, label)):
        if isinstance(found, str):
            wrong.append(f"{file}:{line}: {found}")
            continue
        values = {name: _plain(found.get(name)) for name in (text, label)}
        mistakes = [f"{file}:{line}: {name}: {said}" for name, said in _mistakes(values, text)]
        wrong += mistakes
        if not mistakes:
            rows.append(Row(line, values[text] or "", values[label] or ""))
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise ConfigurationError("\n".join([*wrong[:_SHOWN], *more]))
    if not rows:
        raise ConfigurationError(f"{file}: no rows: a text and a label per row are needed")
    return rows


def digest(*files: Path) -> str:
    """One sha256 for the bytes of all of them."""
    found = hashlib.sha256()
    for file in files:
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def _mistakes(values: Mapping[str, str | None], text: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if value is None:
            yield name, "is neither text nor a number: flatten it first"
        elif not value.strip():
            yield name, "is empty: fill it in or leave the row out"
        elif name == text and len(value.encode()) > MOST_BYTES:
            yield name, f"is longer than {MOST_BYTES // 1024} KiB: cut it, as intake would"


def _plain(value: Any) -> str | None:
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else None


def _missing(columns: list[str], wanted: tuple[str, str]) -> str | None:
    lacking = [name for name in wanted if name not in columns]
    if not lacking:
        return None
    return (
        f"there is no column {', '.join(map(repr, lacking))}; there are "
        f"{', '.join(map(repr, columns)) or 'none'}: name them by --text and --label"
    )


def _table(file: Path, wanted: tuple[str, str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            delimiter = "\t" if file.suffix == ".tsv" else ","
            table = csv.reader(opened, delimiter=delimiter, strict=True)
            header = next(table, [])
            if said := _missing(header, wanted):
                yield 1, said
                return
            begins = table.line_num + 1
            for cells in table:
                if cells:  # an empty line is none
                    yield begins, dict(zip(header, cells, strict=False))
                begins = table.line_num + 1
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read as UTF-8 text: {error}") from error
    except csv.Error as error:
        raise ConfigurationError(f"{file}:{table.line_num}: not a CSV table: {error}") from error


def _lines(file: Path, wanted: tuple[str, str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            yield number, f"not JSON: {error}"
            continue
        if not isinstance(found, dict):
            yield number, "not a JSON object: one object per line is needed"
        else:
            yield number, _missing(list(found), wanted) or found


_READERS = {".csv": _table, ".tsv": _table, ".jsonl": _lines}
