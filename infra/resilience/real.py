"""Public data sets as records, where they are at hand: what others have written, not we."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

from infra.replay import columns
from infra.replay.source_files import Document, Taking, read
from infra.resilience.load import TENANTS, Given, headers
from infra.resilience.varied import Fixture, sound
from services.intake.formats import ALL

_EPCIS = "openepcis/core/src/main/resources/2.0/EPCIS/JSON"
_CHAIN = "openepcis/testdata-generator/examples/design test data ui/Generated Events.json"
# What every id of such a record begins with.
MARK = "public-"
_ORDER_LINES = Path(columns.__file__).with_name("scms-order-lines.yaml")


def records(home: Path, *, order_lines: int, texts: int, seed: int) -> Iterator[Given]:
    """The standards' documents for every tenant, a chain of events, order lines, questions."""
    for tenant in TENANTS:
        yield from _standards(home, tenant)
    chain = home / _CHAIN
    if chain.is_file():
        yield from _of(chain, "epcis", TENANTS[0], each="epcisBody.eventList")
        yield from _of(chain, "epcis", TENANTS[1])
    rng = random.Random(seed)  # noqa: S311 - reproducible load, not a secret
    for table in sorted(home.glob("scms/*.csv")):
        lines = _of(table, "sluice-supply", rng.choice(TENANTS), by=columns.load(_ORDER_LINES))
        yield from itertools.islice(lines, order_lines)
    questions = itertools.chain.from_iterable(
        _of(table, "sluice-ticket", rng.choice(TENANTS), by=_questions(table))
        for table in sorted(home.glob("hint3/*/*.csv"))
    )
    yield from itertools.islice(questions, texts)


def _questions(table: Path) -> columns.Columns:
    return columns.texts("sluice-ticket", text="sentence", ident=None, table=table.stem)


def _standards(home: Path, tenant: str) -> Iterator[Given]:
    for folder in ("Capture/Documents", "Capture/Events", "Query"):
        for file in sorted(home.glob(f"{_EPCIS}/{folder}/*.json")):
            yield from _of(file, "epcis", tenant)
    for folder in ("Capture/Invalid", "Query/Invalid"):
        for file in sorted(home.glob(f"{_EPCIS}/{folder}/*.json")):
            yield from _of(file, "epcis", tenant, is_sound=False)
    for file in sorted(home.glob("dcsa/messages/*.json")):
        yield from _of(file, "dcsa", tenant)


def _of(
    file: Path,
    format_name: str,
    tenant: str,
    *,
    each: str | None = None,
    by: columns.Columns | None = None,
    is_sound: bool = True,
) -> Iterator[Given]:
    shape = ALL[format_name]
    for document in read(file, Taking(shape=shape, each=each, columns=by)).documents:
        name = f"{MARK}{tenant}-{file.stem.lower().replace(' ', '-')}-{document.id}"
        if is_sound:
            yield sound(name, tenant, Fixture(shape, document.value, document.content_type))
        else:
            yield _invalid(name, tenant, format_name, document)


def _invalid(name: str, tenant: str, format_name: str, document: Document) -> Given:
    topic = ALL[format_name].topic
    said = headers(topic, f"/{format_name}/{tenant}", name)
    return Given(name, topic, document.value, said, "dead-letter", tenant, format_name)
