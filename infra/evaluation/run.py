"""One evaluation from a pack and a labelled file: finds a server for the pack, or starts one."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from infra.evaluation import asking, labelled, report, truth
from infra.evaluation.report import About, Report
from infra.local.home import Home
from infra.local.triton import serving
from services.assessor.domain.agreeing import PackId
from services.assessor.packs import choosing, configure, fitted, load_pack
from services.assessor.packs.pack import Pack
from services.chassis.errors import ConfigurationError, Outage

Say = Callable[[str], None]

_REQUEST = 32  # texts per request: one report of progress falls into each step


class Grade(StrEnum):
    """What a head is made from."""

    ZERO_SHOT = "zero-shot"  # titles and descriptions alone
    FEW_SHOT = "few-shot"  # the pack's examples, too
    FITTED = "fitted"  # a labelled file


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be evaluated on what."""

    pack: Path
    data: tuple[Path, ...]
    text: str
    label: str
    map: Path | None = None
    out_of_scope: str | None = None
    grade: str | None = None
    url: str | None = None
    command: str = ""


def pack_file(given: Path) -> Path:
    """The one file that a name, a file or a folder means.

    Raises:
        ConfigurationError: it is none, or several.
    """
    files = choosing.chosen(given)
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ConfigurationError(f"{given}: several packs ({names}): name one of the files")
    return files[0]


def evaluate(wanted: Wanted, say: Say) -> Report:
    """The report; every mistake in the files is found before a server is started.

    Raises:
        SluiceError: a file is wrong, or no server can be had; with the remedy.
    """
    file = pack_file(wanted.pack)
    pack = load_pack(file)
    if pack.task not in asking.QUESTIONS:
        raise ConfigurationError(f"{file}: task: {pack.task} cannot be evaluated by rows of text")
    rows = _rows(wanted, pack)
    with _graded(file, pack, wanted.grade) as (place, grade):
        configured = configure(place)
        identity = configured.packs[pack.task]
        with _server(wanted.url, place, pack, identity, say) as (url, server):
            step = max(1, len(rows) // 20)

            def told(done: int) -> None:
                if done % step < _REQUEST or done == len(rows):
                    say(f"{done} of {len(rows)} texts")

            said = asyncio.run(asking.ask(url, pack.task, rows, configured, told))
    about = About(
        pack=pack.id,
        pack_digest=identity.digest,
        grade=grade,
        task=pack.task.value,
        data=", ".join(each.name for each in wanted.data),
        data_sha256=labelled.digest(*wanted.data),
        command=wanted.command,
        server=server,
    )
    return report.make(about, said)


def _rows(wanted: Wanted, pack: Pack) -> Sequence[truth.Meant]:
    mapped = truth.read_map(wanted.map, pack) if wanted.map else None
    found: list[truth.Meant] = []
    for file in wanted.data:
        rows = labelled.read(file, wanted.text, wanted.label)
        found += truth.mean(rows, pack, mapped, wanted.out_of_scope, file=file)
    if not found:
        raise ConfigurationError("no row is left to score: the map leaves all of them out")
    return found


@contextlib.contextmanager
def _graded(file: Path, pack: Pack, grade: str | None) -> Iterator[tuple[Path, Grade]]:
    """Where the pack of that grade is: itself, or a copy without what the grade may not see."""
    has_head = fitted.read(file, pack) is not None
    has_examples = any(label.examples for label in pack.labels.values())
    best = Grade.FITTED if has_head else Grade.FEW_SHOT if has_examples else Grade.ZERO_SHOT
    wanted = Grade(grade) if grade else best
    if wanted is Grade.FITTED and not has_head:
        raise ConfigurationError(f"{file}: no fitted head beside it: run `sluice packs fit`")
    if wanted is Grade.FEW_SHOT and not has_examples:
        raise ConfigurationError(f"{file}: no label has examples: add some, or use zero-shot")
    if wanted is best:
        yield file, wanted
        return
    shown = pack if wanted is Grade.FEW_SHOT else pack.without_examples()
    with tempfile.TemporaryDirectory(prefix="sluice-pack-") as folder:
        copy = Path(folder) / file.name
        plain = shown.model_dump(mode="json", exclude_none=True)
        copy.write_text(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False), "utf-8")
        yield copy, wanted


@contextlib.contextmanager
def _server(
    url: str | None, place: Path, pack: Pack, identity: PackId, say: Say
) -> Iterator[tuple[str, str]]:
    if url is not None:
        asyncio.run(asking.require(url, pack.task, identity))
        yield url, url
        return
    running = Home().address("triton", "grpc")
    if running is not None:
        with contextlib.suppress(Outage):
            if asyncio.run(asking.served(running, pack.task)) == identity:
                say(f"asking the running stack's Triton at {running}")
                yield running, "the running stack's Triton"
                return
        say("the running stack serves another pack: starting a server of its own for this one")
    with serving(say, place) as started:
        yield started, "a Triton started for this run"
