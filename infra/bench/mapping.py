"""How fast intake maps: `python -m infra.bench.mapping`, on one core, without a stack.

Each format's own examples are mapped, from a record's bytes to events of ours, and then go through
the whole handler, to the accepted case's bytes: mapped, cleaned, masked, searched for what they
name, keyed. What is measured is CPU time of this one process, of the best of several rounds, so
that other programs disturb it little.
"""

import argparse
import asyncio
import gc
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.chassis.outcome import Done
from services.chassis.ports import Attribute, Delivery, Trace
from services.chassis.record import Headers, Record
from services.intake import envelope, sources
from services.intake.app import maskers_of
from services.intake.formats import ALL
from services.intake.formats.base import Format
from services.intake.handler import Accept
from topics.automation import CASE_ACCEPTED

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
TARGET = 5_000  # events mapped per second and core, of every format of tickets
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Measured:
    """One format: how many different records, of what size, and the seconds that each event took.

    A record may be a page of tickets or a document of events.
    """

    format: Format
    records: int
    bytes: int
    mapping: float
    whole: float

    @property
    def per_s(self) -> float:
        """Events mapped per second and core."""
        return 1 / self.mapping


class _Span:
    """A span that nobody looks at."""

    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    trace_id = "0af7651916cd43dd8448eb211c80319c"

    def note(self, attributes: dict[str, Attribute]) -> None:
        pass

    @contextmanager
    def child(self, *_: object, **__: object) -> Iterator[Trace]:
        yield self

    case = child


class _Metrics:
    """Numbers that nobody looks at."""

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        pass

    gauge = observe = count


class _Lane:
    """A partition that stays."""

    number = generation = 0

    def held(self) -> bool:
        return True


def measure(shape: Format, seconds: float) -> Measured:
    """Map a format's examples over and over for about so many seconds."""
    given = list(_records(shape))
    chunk = [Delivery(given[n % len(given)], _Span()) for n in range(_CHUNK)]
    handler = _handler(shape)

    def mapped() -> float:
        began = time.process_time()
        events = sum(len(shape.map(envelope.read(each.record).data)) for each in chunk)
        return (time.process_time() - began) / events

    async def accepted() -> float:
        began = time.process_time()
        outcomes = await handler.handle(_Lane(), chunk)
        spent = time.process_time() - began
        cases = 0
        for each in outcomes:
            if not isinstance(each, Done):
                raise SystemExit(f"{shape.name}: an example is refused: {each}")
            cases += sum(message.topic == CASE_ACCEPTED.name for message in each.messages)
        return spent / cases

    async def best() -> tuple[float, float]:
        until = time.monotonic() + seconds
        found = mapped(), await accepted()
        while time.monotonic() < until:
            found = min(found[0], mapped()), min(found[1], await accepted())
        return found

    size = sum(len(each.value or b"") for each in given) // len(given)
    return Measured(shape, len(given), size, *asyncio.run(best()))


@contextmanager
def _collected_as_in_a_service() -> Iterator[None]:
    """What is loaded is not looked at again, what is new is rarely (services.chassis.process)."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _handler(shape: Format) -> Accept:
    """Intake, for one source of that format, with the business patterns of the shipped file."""
    shipped = sources.load(Path(sources.__file__).with_name("sources.yaml"))
    tenant = shipped.tenants["acme"]
    source = sources.Source(
        name="bench", tenant="acme", topic=shape.topic, format=shape.name, ce_source="/bench"
    )
    known = sources.Sources({"acme": tenant}, {shape.topic: (source,)})
    return Accept(known, maskers_of(secrets.token_hex(32), known), _Metrics())


def _records(shape: Format) -> Iterator[Record]:
    own = EXAMPLES / "sources" / shape.name
    folder = own if own.is_dir() else EXAMPLES / shape.topic
    for n, path in enumerate(sorted(folder.iterdir())):
        headers: Headers = (
            ("content-type", _CONTENT_TYPES[path.suffix]),
            *((f"ce_{name}", value) for name, value in _ATTRIBUTES.items()),
            ("ce_id", str(n).encode()),
        )
        yield Record(shape.topic, 0, n, 1_764_000_000_000, None, path.read_bytes(), headers)


_CONTENT_TYPES = {
    ".json": b"application/json",
    ".eml": b"message/rfc822",
    ".txt": b"text/plain",
}
_ATTRIBUTES = {"specversion": b"1.0", "source": b"/bench", "type": b"bench"}


def show(found: Sequence[Measured], console: Console) -> None:
    """Print a line per format."""
    table = Table(title="Events on one core: mapped, and through the whole of intake")
    table.add_column("format")
    for name in ("examples", "bytes", "µs to map", "mapped/s", f"at least {TARGET:,}"):
        table.add_column(name, justify="right")
    table.add_column("µs in all", justify="right")
    table.add_column("in all/s", justify="right")
    for each in found:
        judged = each.format.topic.startswith("support.")
        table.add_row(
            each.format.name,
            str(each.records),
            f"{each.bytes:,}",
            f"{each.mapping * 1e6:.0f}",
            f"{each.per_s:,.0f}",
            ("yes" if each.per_s >= TARGET else "no") if judged else "",
            f"{each.whole * 1e6:.0f}",
            f"{1 / each.whole:,.0f}",
        )
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; with --check, 1 where a format of tickets is too slow."""
    parser = argparse.ArgumentParser(prog="python -m infra.bench.mapping", description=__doc__)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help="all of them by default")
    parser.add_argument("--seconds", type=float, default=1.0, help="per format (%(default)s)")
    parser.add_argument("--check", action="store_true", help="end with 1 when too slow")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.formats) - set(ALL)):
        parser.error(f"no such format: {', '.join(unknown)}; known: {', '.join(ALL)}")
    found: list[Measured] = []
    with _collected_as_in_a_service():
        for name in given.formats or ALL:
            sys.stderr.write(f"{name} ...\n")
            found.append(measure(ALL[name], given.seconds))
    show(found, Console())
    slow = [m for m in found if m.format.topic.startswith("support.") and m.per_s < TARGET]
    return 1 if given.check and slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
