"""How dead letters look: as a table, one by one, as JSON. Never a value, keys only of one."""

import base64
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.chassis.record import Record
from services.chassis.redrive import Letter

# A file or a pipe has no width; a line must not break where a program reads it.
_WIDE = 250


def console() -> Console:
    """For tables of any width."""
    usual = Console(highlight=False)
    return usual if usual.is_terminal else Console(highlight=False, width=_WIDE)


def table(letters: Iterable[Letter]) -> Table:
    """A line each."""
    made = Table(box=None, pad_edge=False)
    for column in ("written", "service", "partition", "offset", "reason", "tenant", "origin"):
        made.add_column(column, no_wrap=column != "origin", overflow="fold")
    made.add_column("bytes", justify="right", no_wrap=True)
    made.add_column("detail", overflow="fold")
    for each in letters:
        made.add_row(
            f"{each.written_at:%Y-%m-%d %H:%M:%S}",
            each.service,
            str(each.partition),
            str(each.offset),
            *(Text(clean(word)) for word in (each.reason, each.tenant or "-", _origin(each))),
            "omitted" if each.omitted else "null" if each.size is None else str(each.size),
            Text(clean(each.detail)),
        )
    return made


def summary(counts: Counter[tuple[str, str]]) -> Table:
    """How many there are by service and reason."""
    made = Table("service", "reason", "count", box=None, pad_edge=False)
    for (service, reason), count in sorted(counts.items()):
        made.add_row(service, Text(clean(reason)), f"{count:,}")
    return made


def explain(letter: Letter, record: Record) -> None:
    """Print all but the value; what came from outside as it came."""
    size = "null" if letter.size is None else f"{letter.size} bytes (--value prints them)"
    if letter.omitted:
        size = "too large to be written again; it is at its origin as long as that topic keeps it"
    rows = [
        ("reason", letter.reason),
        ("detail", letter.detail or "-"),
        ("written", letter.written_at.isoformat()),
        ("origin", _origin(letter)),
        ("came", letter.origin.timestamp.isoformat() if letter.origin else "-"),
        ("tenant", letter.tenant or "unknown"),
        ("key", "null" if record.key is None else _text(record.key)),
        ("value", size),
        *((f"header {name}", _text(value)) for name, value in record.headers),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{clean(name):<{width}}  {clean(value)}")


def _origin(letter: Letter) -> str:
    origin = letter.origin
    return f"{origin.topic}[{origin.partition}]@{origin.offset}" if origin else "unknown"


def clean(text: str) -> str:
    """Foreign text must not steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _text(value: bytes | None) -> str:
    return "null" if value is None else value.decode(errors="backslashreplace")


def plain(letter: Letter) -> dict[str, Any]:
    """For JSON."""
    origin = letter.origin
    return {
        "service": letter.service,
        "partition": letter.partition,
        "offset": letter.offset,
        "written_at": letter.written_at.isoformat(),
        "reason": letter.reason,
        "detail": letter.detail,
        "tenant": letter.tenant,
        "bytes": letter.size,
        "origin": origin
        and {
            "topic": origin.topic,
            "partition": origin.partition,
            "offset": origin.offset,
            "timestamp": origin.timestamp.isoformat(),
        },
    }


def content(record: Record) -> dict[str, Any]:
    """Key and headers exactly: as text where they are, else in base64."""
    headers: Sequence[tuple[str, bytes | None]] = record.headers
    return {
        "key": _exact(record.key),
        "headers": [{"name": name, "value": _exact(value)} for name, value in headers],
    }


def _exact(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
