"""Files as producers have them, read into the documents that they would send one by one."""

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from infra.replay.columns import Columns, rows
from services.chassis.errors import ConfigurationError
from services.intake.formats.base import Format

Form = Literal["json", "jsonl", "csv", "tsv", "eml", "text"]
FORMS: tuple[Form, ...] = get_args(Form)

_BY_ENDING: dict[str, Form] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".eml": "eml",
    ".txt": "text",
}
_CONTENT_TYPES: dict[Form, str] = {"eml": "message/rfc822", "text": "text/plain"}
_TABLES = ("csv", "tsv")


@dataclass(frozen=True, slots=True)
class Document:
    """One value to send. `fault`: why it cannot be made, then it has none.

    `id` is the same however often the file is read: who sends it again repeats the same event.
    """

    place: str
    id: str
    value: bytes
    content_type: str = "application/json"
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, what it was taken for, and what it holds."""

    name: str
    taken_for: str
    documents: Iterator[Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """How files are to be taken, where their ending and their content do not say enough.

    `each`: the path of an array; every element of it is sent in a document of its own.
    """

    shape: Format | None
    form: Form | None = None
    each: str | None = None
    columns: Columns | None = None


def read(path: Path, taking: Taking) -> Opened:
    """Open a file; "-" is standard input.

    Raises:
        ConfigurationError: it cannot be read, or not in the way that was asked for.
    """
    name = "standard input" if str(path) == "-" else path.name
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    form = taking.form or _BY_ENDING.get(path.suffix.lower()) or _guess(raw, taking.shape)
    if taking.columns is not None or form in _TABLES:
        return _table(name, raw, form, taking)
    if form in _CONTENT_TYPES:
        what = "an e-mail" if form == "eml" else "plain text"
        return _opened(name, what, [(name, raw)], _CONTENT_TYPES[form])
    return _json(name, raw, form, taking)


def _guess(raw: bytes, shape: Format | None) -> Form:
    """What comes without an ending, by what its source sends."""
    if shape is None or shape.name not in ("email", "notice"):
        return "json"
    if shape.name == "email":
        return "eml"
    return "json" if raw.lstrip()[:1] in (b"{", b"[", b'"') else "text"


def _json(name: str, raw: bytes, form: Form, taking: Taking) -> Opened:
    try:
        data = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        if taking.each is not None:
            raise ConfigurationError(f"{name}: not JSON, so --each finds no array in it") from None
        lines = _lines(raw)
        if form == "jsonl" or (len(lines) > 1 and _is_json(lines[0][1])):
            return _opened(
                name,
                f"JSON Lines of {_count(lines, 'document')}",
                [(f"{name}:{number}", line) for number, line in lines],
            )
        # Not JSON at all: the refusal will say where.
        return _opened(name, "one document", [(name, raw)])
    if taking.each is not None:
        parts = [(f"{name} {at}", _dump(part)) for at, part in _each(name, data, taking.each)]
        return _opened(name, f"{_count(parts, 'document')} of one element each", parts)
    if _is_array_of_documents(data, taking.shape):
        parts = [(f"{name}[{n}]", _dump(part)) for n, part in enumerate(data)]
        return _opened(name, f"an array of {_count(parts, 'document')}", parts)
    return _opened(name, "one document", [(name, raw)])


def _is_array_of_documents(data: Any, shape: Format | None) -> bool:
    """Whether the elements are documents, and not the array: its source sends no such arrays."""
    if not isinstance(data, list) or not data:
        return False
    return shape is None or not shape.recognise(data)


def _opened(
    name: str, what: str, parts: Sequence[tuple[str, bytes]], kind: str = "application/json"
) -> Opened:
    documents = (
        Document(place, f"{_digest(value)}-{n}", value, kind)
        for n, (place, value) in enumerate(parts)
    )
    return Opened(name, what, documents)


def _table(name: str, raw: bytes, form: Form, taking: Taking) -> Opened:
    if taking.columns is None:
        raise ConfigurationError(
            f"{name}: a table; say with --text or --columns what its columns mean"
        )
    if form not in (*_TABLES, "json", "jsonl"):
        raise ConfigurationError(f"{name}: --text and --columns read tables and JSON Lines")
    if form in _TABLES:
        found = rows(name, raw, "\t" if form == "tsv" else ",")
    else:
        found = _objects(name, raw)
    taking.columns.check(name, found)
    return Opened(name, f"a table of {_count(found, 'row')}", _made(name, found, taking.columns))


def _objects(name: str, raw: bytes) -> list[tuple[int, dict[str, str]]]:
    """JSON Lines, or a JSON array of objects, as rows."""
    try:
        whole = orjson.loads(raw)
        items = list(enumerate(whole, start=1)) if isinstance(whole, list) else [(1, whole)]
    except orjson.JSONDecodeError:
        items = []
        for number, line in _lines(raw):
            try:
                items.append((number, orjson.loads(line)))
            except orjson.JSONDecodeError as error:
                raise ConfigurationError(f"{name}:{number}: not JSON; mend the line") from error
    for number, item in items:
        if not isinstance(item, dict):
            raise ConfigurationError(f"{name}:{number}: a row must be a JSON object")
    return [(number, {key: _word(value) for key, value in item.items()}) for number, item in items]


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _made(
    name: str, found: Sequence[tuple[int, dict[str, str]]], columns: Columns
) -> Iterator[Document]:
    number = 0
    for line, row in found:
        for value in columns.documents(row, line):
            if isinstance(value, str):
                yield Document(f"{name}:{line}", "", b"", fault=value)
            else:
                yield Document(f"{name}:{line}", f"{_digest(value)}-{number}", value)
            number += 1


def _each(name: str, data: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The document again and again, each time with one element of that array."""
    steps = [] if path == "." else path.split(".")
    elements = data
    for step in steps:
        elements = elements.get(step) if isinstance(elements, dict) else None
    if not isinstance(elements, list):
        raise ConfigurationError(f"{name}: --each: there is no array at {path}")
    for n, element in enumerate(elements):
        yield f"{'' if path == '.' else path}[{n}]", _with(data, steps, element)


def _with(data: Any, steps: Sequence[str], element: Any) -> Any:
    if not steps:
        return [element]
    return {**data, steps[0]: _with(data[steps[0]], steps[1:], element)}


def _lines(raw: bytes) -> list[tuple[int, bytes]]:
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [(n, line.strip()) for n, line in enumerate(lines, start=1) if line.strip()]


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _dump(part: Any) -> bytes:
    try:
        return json.dumps(part, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ConfigurationError("nested too deeply to be taken apart") from error


def _digest(value: bytes) -> str:
    return hashlib.blake2b(value, digest_size=12).hexdigest()


def _count(items: Sequence[object], what: str) -> str:
    return f"{len(items)} {what}" + ("" if len(items) == 1 else "s")
