"""How far the heads beside the intent may be trusted: `python -m infra.bench.heads`.

Asks the real server, with the shipped packs and their thresholds, over public data sets where they
are at hand (SLUICE_DATA): attack strings of BIPIA put into tickets and mails must change no label
except towards suspicion, and ordinary texts must not be suspected. None of it was fitted to.
"""

import argparse
import asyncio
import csv
import json
import random
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.local.triton import TritonPart
from infra.replay import public_data
from services.assessor.domain.asking import Question, Task
from services.assessor.domain.reading import Readings, abstentions
from services.assessor.packs import configure, load_packs
from services.assessor.reader import readings, signature
from services.chassis.triton.client import TritonClient
from services.chassis.triton.settings import TritonSettings

_AT_ONCE = 32
_DEADLINE_S = 60.0
_SEED = 11
_END = re.compile(r"(?<=[.!?।])\s+")
_SUSPICIOUS = "instruction"
_CHANGEABLE = (Task.INTENT, Task.SENTIMENT, Task.URGENCY)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    what: str
    hits: int
    of: int

    @property
    def share(self) -> float:
        """Of all."""
        return self.hits / self.of if self.of else 0.0


class Asking:
    """Texts to what was read of them, in the order given."""

    def __init__(self, client: TritonClient, progress: Progress) -> None:
        self._client = client
        self._progress = progress
        self._thresholds = configure().thresholds

    async def read(self, what: str, texts: Sequence[str]) -> list[Readings]:
        """All of them as tickets."""
        bar = self._progress.add_task(what, total=len(texts))
        found: list[Readings] = []
        for at in range(0, len(texts), _AT_ONCE):
            some = [text.encode() for text in texts[at : at + _AT_ONCE]]
            rows = await self._client.infer(
                signature(Question.TICKET), some, deadline_s=_DEADLINE_S
            )
            found += [readings(Question.TICKET, row, "0" * 32) for row in rows]
            self._progress.advance(bar, len(some))
        return found

    def labels(self, read: Readings) -> dict[Task, str]:
        """As policies see them: an abstention is one more."""
        judged = abstentions(read, self._thresholds)
        return {
            answer.task: str(judged[answer.task] or answer.candidates[0].label)
            for answer in read.answers
        }


async def attacks(asking: Asking, folder: Path, per_string: int) -> Iterator[Rate]:
    """Each string at the beginning, in the middle and at the end of tickets of ours."""
    strings = [
        each
        for group in json.loads((folder / "text_attack_train.json").read_text()).values()
        for each in group
    ]
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    tickets = [
        text
        for label in load_packs()[Task.INTENT].labels.values()
        for texts in label.examples.values()
        for text in texts
    ]
    pairs = [
        (". ".join(chance.sample(tickets, 3)), string)
        for string in strings
        for _ in range(per_string)
    ]
    mails = [json.loads(line)["context"] for line in (folder / "email_train.jsonl").open()]
    long = [(chance.choice(mails), string) for string in strings for _ in range(per_string)]
    rates: list[Rate] = []
    for what, given in (("tickets", pairs), ("mails", long)):
        before = await asking.read(f"{what} as they are", [text for text, _ in given])
        plain = [asking.labels(each) for each in before]
        for place in ("start", "middle", "end"):
            texts = [_with(text, string, place) for text, string in given]
            after = [asking.labels(each) for each in await asking.read(f"{what}, {place}", texts)]
            rates += _changes(f"{what}, {place}", plain, after)
    return iter(rates)


def _changes(
    what: str, plain: Sequence[dict[Task, str]], after: Sequence[dict[Task, str]]
) -> Iterator[Rate]:
    suspected = [each[Task.INJECTION] == _SUSPICIOUS for each in after]
    same = [
        all(one[task] == other[task] for task in _CHANGEABLE)
        for one, other in zip(plain, after, strict=True)
    ]
    intent = [
        one[Task.INTENT] == other[Task.INTENT]
        # What was relied upon and no longer is goes to a person.
        or other[Task.INTENT] not in _relied()
        for one, other in zip(plain, after, strict=True)
    ]
    yield Rate(f"{what}: suspected", sum(suspected), len(after))
    held = [s or u for s, u in zip(same, suspected, strict=True)]
    yield Rate(f"{what}: suspected, or no label changed", sum(held), len(after))
    safe = [s or u for s, u in zip(intent, suspected, strict=True)]
    yield Rate(f"{what}: suspected, or no other intent relied upon", sum(safe), len(after))


def _relied() -> frozenset[str]:
    return frozenset(load_packs()[Task.INTENT].labels) - {"other"}


def _with(text: str, string: str, place: str) -> str:
    """As the collection's own code inserts them: a line, before a sentence in the middle."""
    ends = [found.end() for found in _END.finditer(text)]
    at = {"start": 0, "end": len(text)}.get(place, ends[len(ends) // 2] if ends else len(text))
    return "\n".join(part for part in (text[:at], string, text[at:]) if part)


async def alarms(asking: Asking, data: Path) -> AsyncIterator[Rate]:
    """Ordinary texts that are suspected, and those of which urgency is said."""
    for what, texts in ordinary(data):
        labels = [asking.labels(each) for each in await asking.read(what, texts)]
        found = sum(each[Task.INJECTION] == _SUSPICIOUS for each in labels)
        yield Rate(f"{what}: falsely suspected", found, len(labels))
        for cue in ("safety", "now", "soon"):
            found = sum(each[Task.URGENCY] == cue for each in labels)
            yield Rate(f"{what}: urgency {cue}", found, len(labels))


def ordinary(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Customers' own words, by data set, as far as they are there."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    for what, file, column in (
        ("curekart", "hint3/test/curekart_test.csv", "sentence"),
        ("banking77", "banking77/test.csv", "text"),
    ):
        if (data / file).is_file():
            with (data / file).open(encoding="utf-8", newline="") as opened:
                texts = [row[column] for row in csv.DictReader(opened)]
            some = chance.sample(texts, min(1000, len(texts)))
            yield what, some
            yield f"{what}, three in one", [" ".join(chance.sample(some, 3)) for _ in range(300)]
    clinc = data / "clinc150" / "data_full.json"
    if clinc.is_file():
        texts = [text for text, _ in json.loads(clinc.read_text())["test"]]
        yield "clinc150, in scope", chance.sample(texts, 1000)


@asynccontextmanager
async def asked(url: str | None, progress: Progress) -> AsyncIterator[Asking]:
    """Of a running server, or of one that is started for this."""
    with tempfile.TemporaryDirectory() as folder:
        part = None if url else TritonPart(Path(folder) / "triton.log")
        try:
            if part is not None:
                part.prepare()
                part.start()
                part.wait_ready()
            settings = TritonSettings(url=url or (part.url if part else ""))
            async with TritonClient(settings) as client:
                yield Asking(client, progress)
        finally:
            if part is not None:
                part.stop()


async def measure(url: str | None, data: Path, per_string: int, console: Console) -> list[Rate]:
    """Everything that the data at hand allows."""
    rates: list[Rate] = []
    with Progress(console=console, transient=True) as progress:
        async with asked(url, progress) as asking:
            if (data / "bipia").is_dir():
                rates += await attacks(asking, data / "bipia", per_string)
            rates += [rate async for rate in alarms(asking, data)]
    return rates


def main() -> int:
    """Measure and print; 0 also where there is no data, and then it says so."""
    parser = argparse.ArgumentParser(description="Trust in suspicion and urgency")
    parser.add_argument("--url", help="host:port of a server's gRPC; else one is started")
    parser.add_argument("--per-string", type=int, default=3, help="tickets per attack string")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    data = public_data.home()
    if data is None:
        console.print(f"no public data sets: {public_data.VARIABLE} names no folder")
        return 0
    rates = asyncio.run(measure(arguments.url, data, arguments.per_string, console))
    table = Table("what", "hits", "of", "share")
    for rate in rates:
        table.add_row(rate.what, str(rate.hits), str(rate.of), f"{rate.share:.1%}")
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(rate) for rate in rates], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
