"""An evaluation as a table on a terminal."""

from rich.console import Console
from rich.table import Table

from infra.evaluation.domain import metrics
from infra.evaluation.report import Report, lines, number, percent


def show(report: Report, console: Console) -> None:
    """Figures, languages, the worst confusions, what it cost."""
    about = report.about
    console.print(f"{about.pack} ({about.grade}) on {about.data}, by {about.server}")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for row in lines(report.whole):
        table.add_row(*row)
    console.print(table)
    _languages(report, console)
    _confusions(report, console)
    said = report.said
    console.print(
        f"{len(said.judged)} texts, {said.tokens} tokens in {said.seconds:.1f} s: "
        f"{said.per_s:.0f} texts/s, {said.compute_us / 1000 / max(1, len(said.judged)):.1f} ms of "
        "model compute per text"
    )


def _languages(report: Report, console: Console) -> None:
    if len(report.by_language) <= 1:
        return
    table = Table(box=None, pad_edge=False)
    for column in ("language", "rows", "in scope", "accuracy", "AUROC", "ECE"):
        table.add_column(column, justify="left" if column == "language" else "right")
    for name, found in report.by_language.items():
        table.add_row(
            name,
            str(found.rows),
            str(found.inside),
            percent(found.accuracy),
            number(found.auroc),
            number(found.ece),
        )
    console.print(table)


def _confusions(report: Report, console: Console) -> None:
    worst = metrics.confusions(report.said.judged, 8)
    if not worst:
        return
    table = Table(box=None, pad_edge=False)
    for column in ("is", "was read as", "rows"):
        table.add_column(column, justify="right" if column == "rows" else "left")
    for truth, guess, count in worst:
        table.add_row(truth, guess, str(count))
    console.print(table)
