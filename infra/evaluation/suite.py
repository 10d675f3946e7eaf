"""`make evaluate`: the public sets of SLUICE_DATA, fitted and evaluated, as in docs/models.md.

    python -m infra.evaluation.suite [--only NAME ...] [--write] [--keep FOLDER]

What is absent is named and left out; no test row is ever fitted to.
"""

import argparse
import contextlib
import csv
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.evaluation import fitting, household, run
from infra.evaluation.domain.metrics import Figures
from infra.evaluation.report import number, percent
from infra.replay import public_data
from services.chassis.errors import SluiceError

_DOCS = Path(__file__).parents[2] / "docs" / "models.md"
_BEGIN, _END = "<!-- make evaluate -->", "<!-- end of make evaluate -->"
_MAP = Path(__file__).parent / "maps" / "hint3-curekart-to-retail.yaml"
# English sentences per wish to fit to, and sentences per wish and language to ask.
_TAUGHT, _ASKED = 120, 40

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table."""

    what: str
    aim: str
    figures: Figures


class Absent(Exception):  # noqa: N818 - it is no error
    """The data are not here; the message says which and how to get them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where public data are, where ours go, and who is told how far it is."""

    data: Path | None
    work: Path
    say: Callable[[str], None]

    def public(self, name: str) -> Path:
        """A file of the public data."""
        if self.data is None or not (self.data / name).is_file():
            raise Absent(f"{name} (in the folder that {public_data.VARIABLE} names)")
        return self.data / name

    def rows(self, name: str, pairs: Iterable[Pair]) -> Path:
        """A labelled file of ours."""
        file = self.work / f"{name}.jsonl"
        lines = (json.dumps({"text": text, "label": label}) for text, label in pairs)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def fit(
        self,
        name: str,
        data: Path,
        licence: str,
        outside: str | None = None,
        per_class: int | None = None,
    ) -> Path:
        """The folder of a fitted pack."""
        into = self.work / "packs" / name
        fitting.fit(
            fitting.Wanted(
                (data,), "text", "label", into, name, licence, outside, per_class=per_class
            ),
            self.say,
        )
        return into

    def ask(
        self,
        pack: Path,
        data: Path,
        outside: str | None = None,
        mapped: Path | None = None,
        grade: run.Grade | None = None,
    ) -> Figures:
        """The figures of a pack on a labelled file."""
        wanted = run.Wanted(pack, (data,), "text", "label", mapped, outside, grade)
        return run.evaluate(wanted, self.say).whole


def table(lines: Sequence[Line]) -> str:
    """Markdown."""
    head = (
        "| set | to reach | rows in / out of scope | accuracy | macro F1 | coverage at 95 % "
        "precision | AUROC | ECE |\n|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *(_row(line) for line in lines)])


def _row(line: Line) -> str:
    found = line.figures
    between = f"{percent(found.accuracy_low)} to {percent(found.accuracy_high)}"
    cells = (
        line.what,
        line.aim,
        f"{found.inside} / {found.rows - found.inside}",
        f"{percent(found.accuracy)} ({between})",
        number(found.macro_f1),
        percent(found.coverage),
        number(found.auroc),
        number(found.ece),
    )
    return f"| {' | '.join(cells)} |"


def _banking(place: Place, per_class: int | None) -> Iterator[Line]:
    train = place.rows("banking77", _table(place.public("banking77/train.csv"), "text", "category"))
    test = place.rows(
        "banking77-test", _table(place.public("banking77/test.csv"), "text", "category")
    )
    name = "banking77" if per_class is None else f"banking77_{per_class}_each"
    pack = place.fit(name, train, "CC BY 4.0 (PolyAI)", per_class=per_class)
    what = "banking77, fitted" if per_class is None else f"banking77, {per_class} per class"
    aim = "≥ 93.5 %" if per_class is None else "≥ 86 %"
    yield Line(what, f"{aim}, ECE ≤ 0.05", place.ask(pack, test))


def _clinc(place: Place) -> Iterator[Line]:
    parts = json.loads(place.public("clinc150/data_full.json").read_text(encoding="utf-8"))
    taught = [
        tuple(pair) for part in ("train", "val", "oos_train", "oos_val") for pair in parts[part]
    ]
    train = place.rows("clinc150", taught)
    test = place.rows(
        "clinc150-test", [tuple(pair) for part in ("test", "oos_test") for pair in parts[part]]
    )
    pack = place.fit("clinc150", train, "CC BY 3.0 (Clinc)", "oos")
    aim = "≥ 96 %, AUROC ≥ 0.95"
    yield Line("CLINC150 with out of scope, fitted", aim, place.ask(pack, test))


def _curekart(place: Place) -> Iterator[Line]:
    names = ("sentence", "label")
    test = place.rows("curekart-test", _table(place.public("hint3/test/curekart_test.csv"), *names))
    train = place.rows("curekart", _table(place.public("hint3/train/curekart_train.csv"), *names))
    pack = place.fit("curekart", train, "ODbL 1.0 (HINT3)")
    found = place.ask(pack, test, "NO_NODES_DETECTED")
    yield Line("HINT3 curekart, fitted", "≥ 90 %, coverage ≥ 60 %", found)
    for grade, what in (
        (run.Grade.FEW_SHOT, "HINT3 curekart by the shipped retail pack"),
        (run.Grade.ZERO_SHOT, "the same, without the pack's examples"),
    ):
        found = place.ask(Path("retail"), test, mapped=_MAP, grade=grade)
        yield Line(what, "≥ 60 %" if grade is run.Grade.FEW_SHOT else "–", found)  # noqa: RUF001


def _household(place: Place) -> Iterator[Line]:
    """Per language a head fitted to English alone, for the intents that the language has."""
    data = household.folder()
    if data is None:
        raise Absent("the package home-assistant-intents (.venv/bin/uv pip install it)")
    for language in household.LANGUAGES[1:]:
        asked = _intents(household.sentences(data, language, _ASKED, seed=2))
        known = set(asked.values())
        english = {seed: household.sentences(data, "en", count, seed=seed)
                   for seed, count in ((1, _TAUGHT), (2, _ASKED))}  # fmt: skip
        taught = {text: one for text, one in _intents(english[1]).items() if one in known}
        fair = {text: one for text, one in _intents(english[2]).items() if one in known}
        name = f"household_{language}"
        pack = place.fit(name, place.rows(name, taught.items()), "Apache-2.0")
        for spoken, rows in (("English", fair), (language, asked)):
            pairs = [pair for pair in rows.items() if pair[0] not in taught]
            test = place.rows(f"{name}_{spoken}", pairs)
            what = f"home-assistant-intents, {len(known)} intents, fitted to English: {spoken}"
            aim = "" if spoken == "English" else "within 12 points of English"
            yield Line(what, aim, place.ask(pack, test))


def _intents(drawn: Iterable[Pair]) -> dict[str, str]:
    """Sentences by intent; the kind of device, which divides wishes further, is not told apart."""
    return {text: wish.partition("/")[0] for text, wish in drawn}


_SETS: dict[str, Callable[[Place], Iterator[Line]]] = {
    "banking77": partial(_banking, per_class=None),
    "banking77-few": partial(_banking, per_class=10),
    "clinc150": _clinc,
    "curekart": _curekart,
    "household": _household,
}


def _table(file: Path, text: str, label: str) -> Iterator[Pair]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for row in csv.DictReader(opened):
            if row[text].strip():
                yield row[text], row[label]


def main() -> int:
    """Run what is asked for; exit code 1 when nothing could be."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make evaluate")
    parser.add_argument("--only", nargs="+", choices=_SETS, default=list(_SETS))
    parser.add_argument("--write", action="store_true", help="into docs/models.md")
    parser.add_argument("--keep", type=Path, help="folder for packs and rows; else thrown away")
    given = parser.parse_args()
    if given.write and set(given.only) != set(_SETS):
        parser.error("--write takes the whole table: leave --only out")
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    lines: list[Line] = []
    absences = 0
    with contextlib.ExitStack() as stack:
        work = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        place = Place(public_data.home(), work, say)
        for name in given.only:
            say(f"--- {name}")
            try:
                for line in _SETS[name](place):
                    say(_row(line))
                    lines.append(line)
            except Absent as absent:
                absences += 1
                print(f"{name}: absent: {absent}")
            except SluiceError as error:
                print(f"{name}: {error}", file=sys.stderr)
                return 1
    if not lines:
        print("nothing to evaluate: no public data here")
        return 0
    print(table(lines))
    if given.write and absences:
        print(f"{_DOCS.name} is left as it is: a part of the table is absent")
    elif given.write:
        before, _, rest = _DOCS.read_text(encoding="utf-8").partition(_BEGIN)
        _, _, after = rest.partition(_END)
        _DOCS.write_text(f"{before}{_BEGIN}\n{table(lines)}\n{_END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
