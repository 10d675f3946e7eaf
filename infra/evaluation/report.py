"""One evaluation: what was asked of what, the figures, and as JSON."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from infra.evaluation.asking import Said
from infra.evaluation.domain import metrics
from infra.evaluation.domain.metrics import Figures, Judged

# A language with fewer rows says nothing about the language.
_LEAST_ROWS = 10


@dataclass(frozen=True, slots=True)
class About:
    """What was evaluated on what."""

    pack: str
    pack_digest: str
    grade: str  # zero-shot, few-shot or fitted
    task: str
    data: str
    data_sha256: str
    command: str
    server: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown and written."""

    about: About
    said: Said
    whole: Figures
    by_language: dict[str, Figures]

    def to_json(self) -> dict[str, Any]:
        """For programs, and for who compares two of them."""
        judged = self.said.judged
        return {
            "about": asdict(self.about),
            "models": self.said.models,
            "figures": asdict(self.whole),
            "by_language": {name: asdict(each) for name, each in self.by_language.items()},
            "confusions": [
                {"truth": truth, "said": said, "rows": rows}
                for truth, said, rows in metrics.confusions(judged, 50)
            ],
            "reliability": [
                asdict(each)
                for each in metrics.reliability(
                    (row.confidence, row.right) for row in judged if row.truth
                )
            ],
            "cost": {
                "texts": len(judged),
                "seconds": round(self.said.seconds, 3),
                "texts_per_s": round(self.said.per_s, 1),
                "tokens": self.said.tokens,
                "compute_ms": round(self.said.compute_us / 1000, 1),
            },
        }


def make(about: About, said: Said) -> Report:
    """The figures of what was said, whole and by language."""
    rows: dict[str, list[Judged]] = defaultdict(list)
    for each in said.judged:
        rows[each.language].append(each)
    return Report(
        about,
        said,
        metrics.figures(said.judged),
        {
            name: metrics.figures(found)
            for name, found in sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
            if len(found) >= _LEAST_ROWS
        },
    )


def percent(value: float | None) -> str:
    """For people; a dash where there is nothing to say."""
    return "–" if value is None else f"{value:.1%}"  # noqa: RUF001 - a dash


def number(value: float | None) -> str:
    """The same, for what is no share."""
    return "–" if value is None else f"{value:.3f}"  # noqa: RUF001 - a dash


def lines(found: Figures) -> Sequence[tuple[str, str, str]]:
    """Name, value and what it means; the same in the table and on the page."""
    between = (
        f"between {percent(found.accuracy_low)} and {percent(found.accuracy_high)} (95 %)"
        if found.accuracy is not None
        else ""
    )
    return (
        (
            "rows",
            str(found.rows),
            f"{found.inside} in scope, {found.rows - found.inside} out of it",
        ),
        ("accuracy", percent(found.accuracy), f"first label right, of those in scope; {between}"),
        ("macro F1", number(found.macro_f1), "every label counts the same"),
        (
            "coverage at 95 % precision",
            percent(found.coverage),
            "of those in scope, answered when 95 % of all answers are to be right",
        ),
        ("AUROC", number(found.auroc), "in scope above out of scope, by the scope score"),
        ("ECE", number(found.ece), "stated confidence against how often it was right, in scope"),
        ("ECE of certainty", number(found.ece_certainty), "confidence times scope, all rows"),
        ("answered", percent(found.answered), "of those in scope, by the pack's thresholds"),
        ("right of these", percent(found.answered_precision), "of all that was answered"),
        ("rejected", percent(found.rejected), "of those out of scope, by the pack's thresholds"),
    )
