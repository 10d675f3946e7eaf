"""An evaluation as one HTML file: no script, nothing from elsewhere, plots as SVG."""

from collections.abc import Sequence
from html import escape

from infra.evaluation.domain import metrics
from infra.evaluation.domain.metrics import PRECISION, Judged
from infra.evaluation.report import Report, lines, number, percent

_SIDE, _EDGE = 320, 36
_BITS = ("model", "version", "digest", "quantization", "runtime")
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem .2rem 0;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.dim{color:#777}
svg{background:#fafafa;border:1px solid #ddd;margin:.5rem 1rem .5rem 0}
figure{display:inline-block;margin:0}figcaption{font-size:13px;color:#555}code{font-size:13px}
"""


def page(report: Report) -> str:
    """The whole file."""
    about, said = report.about, report.said
    inside = [row for row in said.judged if row.truth]
    outside = [row for row in said.judged if not row.truth]
    reliable = metrics.reliability((row.confidence, row.right) for row in inside)
    plots = [
        _figure(
            "Precision of all answers (up) against coverage of what is in scope (right)",
            _line(metrics.curve(said.judged), "#2458a8") + _level(PRECISION),
        ),
        _figure(
            "How often it was right (up) against stated confidence (right); exact on the diagonal",
            _diagonal()
            + _dots([(each.confidence, each.accuracy, each.count) for each in reliable]),
        ),
    ]
    if inside and outside:
        plots.append(
            _figure(
                "Scope score: in scope (blue) and out of it (red)",
                _bars(_scopes(inside), "#2458a8") + _bars(_scopes(outside), "#b3362b"),
            )
        )
    figures = [(name, value, what) for name, value, what in lines(report.whole)]
    languages = [
        (
            name,
            str(each.rows),
            str(each.inside),
            percent(each.accuracy),
            number(each.auroc),
            number(each.ece),
        )
        for name, each in report.by_language.items()
    ]
    worst = [(is_, as_, str(rows)) for is_, as_, rows in metrics.confusions(said.judged, 25)]
    bits = [tuple(model[column] or "" for column in ("name", *_BITS[1:])) for model in said.models]
    cost = f"{len(said.judged)} texts, {said.tokens} tokens, {said.seconds:.1f} s"
    parts = [
        f"<h1>{escape(about.pack)} on {escape(about.data)}</h1>",
        f"<p>Grade: {escape(about.grade)}. Server: {escape(about.server)}.</p>",
        f"<p><code>{escape(about.command)}</code></p>",
        _table((), figures),
        *plots,
        "<h2>By language</h2>",
        _table(("language", "rows", "in scope", "accuracy", "AUROC", "ECE"), languages),
        "<h2>Worst confusions</h2>",
        _table(("is", "was read as", "rows"), worst),
        "<h2>Which bits answered, at what cost</h2>",
        _table(_BITS, bits),
        f"<p>{cost} ({said.per_s:.0f} texts/s).</p>",
        f"<p>Pack {escape(about.pack_digest[:16])}, data {escape(about.data_sha256[:16])}.</p>",
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<title>{escape(about.pack)} on {escape(about.data)}</title><style>{_STYLE}</style>"
        + "\n".join(parts)
        + "</html>\n"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "<tr>" + "".join(f"<th>{escape(each)}" for each in header) if header else ""
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if place and each[:1].isdigit() else ''}>{escape(each)}"
            for place, each in enumerate(row)
        )
        for row in rows
    )
    return f"<table>{head}{body}</table>" if rows else ""


def _figure(caption: str, drawn: str) -> str:
    whole = _SIDE + 2 * _EDGE
    frame = (
        f"<rect x={_EDGE} y={_EDGE} width={_SIDE} height={_SIDE} fill=none stroke='#bbb'/>"
        + "".join(
            f"<text x={_x(at):.0f} y={whole - 12} font-size=11 text-anchor=middle>{at:g}</text>"
            f"<text x={_EDGE - 6} y={_y(at) + 4:.0f} font-size=11 text-anchor=end>{at:g}</text>"
            for at in (0, 0.5, 1)
        )
    )
    return (
        f"<figure><svg role=img viewBox='0 0 {whole} {whole}' width={whole} height={whole}>"
        f"{frame}{drawn}</svg><figcaption>{escape(caption)}</figcaption></figure>"
    )


def _x(value: float) -> float:
    return _EDGE + _SIDE * value


def _y(value: float) -> float:
    return _EDGE + _SIDE * (1 - value)


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=2 />"


def _level(at: float) -> str:
    return (
        f"<line x1={_x(0)} x2={_x(1)} y1={_y(at):.1f} y2={_y(at):.1f} stroke='#999'"
        " stroke-dasharray=4 />"
    )


def _diagonal() -> str:
    return f"<line x1={_x(0)} y1={_y(0)} x2={_x(1)} y2={_y(1)} stroke='#999' stroke-dasharray=4 />"


def _dots(points: Sequence[tuple[float, float, int]]) -> str:
    most = max((count for _, _, count in points), default=1)
    return "".join(
        f"<circle cx={_x(x):.1f} cy={_y(y):.1f} r={3 + 9 * (count / most) ** 0.5:.1f}"
        " fill='#2458a8' fill-opacity=.6 />"
        for x, y, count in points
    )


def _scopes(rows: Sequence[Judged], bins: int = 20) -> list[float]:
    counts = [0] * bins
    for row in rows:
        score = row.confidence if row.scope is None else row.scope
        counts[min(bins - 1, int(score * bins))] += 1
    return [count / len(rows) for count in counts]


def _bars(shares: Sequence[float], colour: str) -> str:
    wide = _SIDE / len(shares)
    return "".join(
        f"<rect x={_x(place / len(shares)):.1f} y={_y(share):.1f} width={wide - 1:.1f}"
        f" height={_SIDE * share:.1f} fill='{colour}' fill-opacity=.5 />"
        for place, share in enumerate(shares)
    )
