"""What is shown of an evaluation: table, JSON and page say the same."""

import json
from io import StringIO

from rich.console import Console

from infra.evaluation import page, report
from infra.evaluation.asking import Said
from infra.evaluation.domain.metrics import Judged
from infra.evaluation.show import show

ABOUT = report.About(
    "shop:1", "d" * 64, "fitted", "intent", "<rows>.csv", "f" * 64, "sluice evaluate", "a Triton"
)


def made(count: int = 40) -> report.Report:
    """Half in English and half in Hindi, a quarter out of scope."""
    judged = [
        Judged(
            frozenset({"refund"} if place % 4 else ()), "refund" if place % 3 else "parcel",
            0.5 + place / 100, 0.4 + place / 100, answered=place > 20,
            language="en" if place % 2 else "hi",
        )
        for place in range(count)
    ]  # fmt: skip
    model = {"name": "encoder", "version": "1", "digest": "e" * 64, "quantization": None,
             "runtime": "openvino"}  # fmt: skip
    return report.make(ABOUT, Said(judged, 400, 80_000, 2.0, [model]))


def test_json_has_the_figures_and_what_answered():
    """For whoever compares two runs."""
    said = json.loads(json.dumps(made().to_json()))
    assert said["about"]["pack"] == "shop:1"
    assert said["figures"]["inside"] == 30
    assert set(said["by_language"]) == {"en", "hi"}
    assert said["cost"]["texts_per_s"] == 20.0
    assert said["models"][0]["digest"] == "e" * 64
    assert sum(each["count"] for each in said["reliability"]) == 30


def test_the_table_names_every_figure():
    """With what it is of."""
    out = StringIO()
    show(made(), Console(file=out, width=160))
    for told in ("accuracy", "coverage at 95 % precision", "AUROC", "hi", "parcel", "20 texts/s"):
        assert told in out.getvalue()


def test_the_page_is_whole_in_itself():
    """No script and nothing from elsewhere; what came from files is text, not markup."""
    html = page.page(made())
    assert "<script" not in html
    assert "http" not in html
    assert "&lt;rows&gt;.csv" in html
    drawings = [part.split("</svg>")[0] for part in html.split("<svg ")[1:]]
    assert len(drawings) == 3
    for value in (part for drawing in drawings for part in drawing.split("points='")[1:]):
        points = [float(n) for pair in value.split("'")[0].split() for n in pair.split(",")]
        assert points
        assert all(0 <= each <= 400 for each in points)


def test_nothing_to_say_is_said_as_that():
    """A file without rows out of scope has no AUROC, not a zero."""
    rows = [Judged(frozenset({"a"}), "a", 0.9, None, answered=True)] * 3
    found = report.make(ABOUT, Said(rows, 3, 3, 1.0))
    told = {name: value for name, value, _ in report.lines(found.whole)}
    assert told["AUROC"] == "–"  # noqa: RUF001
    assert found.by_language == {}
