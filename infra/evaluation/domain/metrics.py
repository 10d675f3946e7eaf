"""Figures over judged rows. A row out of scope has no truth, and any answer to it is wrong."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What an answer must be right in, to count as coverage.
PRECISION = 0.95
_BINS = 15
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled row, and what was said of it."""

    truth: frozenset[str]  # labels that are right; none: the row is out of scope
    guess: str | None  # None: the answer was that no label fits
    confidence: float
    scope: float | None
    answered: bool  # by the pack's own thresholds
    language: str = ""

    @property
    def right(self) -> bool:
        """Whether the first label is one that fits."""
        return self.guess in self.truth

    @property
    def certainty(self) -> float:
        """What answers are ranked by: that the text is in scope, and that the label is right."""
        return self.confidence * (1.0 if self.scope is None else self.scope)


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows of like confidence."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is said of a set of rows; None where there is nothing to say it of."""

    rows: int
    inside: int
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    macro_f1: float | None
    coverage: float | None  # of the rows in scope, at PRECISION over all answers
    coverage_at: float | None  # the certainty that this takes
    auroc: float | None
    ece: float | None
    ece_certainty: float | None  # of certainty, over all rows
    answered: float | None  # by the thresholds: of the rows in scope
    answered_precision: float | None  # of all that was answered
    rejected: float | None  # by the thresholds: of the rows out of scope


def figures(rows: Sequence[Judged]) -> Figures:
    """Everything at once."""
    inside = [row for row in rows if row.truth]
    outside = [row for row in rows if not row.truth]
    right = sum(row.right for row in inside)
    low, high = interval(right, len(inside))
    taken = [row for row in rows if row.answered]
    coverage, at = coverage_at_precision(rows)
    return Figures(
        rows=len(rows),
        inside=len(inside),
        accuracy=_share(right, len(inside)),
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=macro_f1(rows),
        coverage=coverage,
        coverage_at=at,
        auroc=auroc([_scope(row) for row in inside], [_scope(row) for row in outside]),
        ece=calibration_error(reliability((row.confidence, row.right) for row in inside)),
        ece_certainty=calibration_error(reliability((row.certainty, row.right) for row in rows)),
        answered=_share(sum(row.answered for row in inside), len(inside)),
        answered_precision=_share(sum(row.right for row in taken), len(taken)),
        rejected=_share(sum(not row.answered for row in outside), len(outside)),
    )


def coverage_at_precision(
    rows: Sequence[Judged], precision: float = PRECISION
) -> tuple[float | None, float | None]:
    """Largest share of rows in scope that can be answered with so many right, and from where.

    Answers to rows out of scope count as wrong. Equal certainties are answered together.
    """
    inside = sum(bool(row.truth) for row in rows)
    if not inside:
        return None, None
    by_certainty: dict[float, list[Judged]] = defaultdict(list)
    for row in rows:
        if row.guess is not None:
            by_certainty[row.certainty].append(row)
    best, at = 0.0, None
    right = taken = covered = 0
    for certainty in sorted(by_certainty, reverse=True):
        for row in by_certainty[certainty]:
            right, taken, covered = right + row.right, taken + 1, covered + bool(row.truth)
        if right >= precision * taken and covered / inside > best:
            best, at = covered / inside, certainty
    return best, at


def macro_f1(rows: Sequence[Judged]) -> float | None:
    """Mean over the labels that rows have; of labels that share a truth, the one that was said."""
    hits: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for row in rows:
        if not row.truth:
            continue
        name = row.guess if row.guess is not None and row.right else min(row.truth)
        wanted[name] += 1
        hits[name] += row.right
        if row.guess is not None:
            said[row.guess] += 1
    if not wanted:
        return None
    return sum(2 * hits[name] / (wanted[name] + said[name]) for name in wanted) / len(wanted)


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float | None:
    """Chance that a row in scope scores above one out of scope; a tie is half."""
    if not inside or not outside:
        return None
    ordered = sorted([(score, 1) for score in inside] + [(score, 0) for score in outside])
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ranks += sum(side for _, side in ordered[at:end]) * (at + 1 + end) / 2
        at = end
    return (ranks - len(inside) * (len(inside) + 1) / 2) / (len(inside) * len(outside))


def reliability(pairs: Iterable[tuple[float, bool]], bins: int = _BINS) -> list[Bin]:
    """Stated chance against how often it was right, in bins of equal width."""
    kept: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for stated, right in pairs:
        kept[min(bins - 1, int(stated * bins))].append((stated, right))
    return [
        Bin(
            len(found),
            sum(stated for stated, _ in found) / len(found),
            sum(right for _, right in found) / len(found),
        )
        for _, found in sorted(kept.items())
    ]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error."""
    total = sum(each.count for each in bins)
    if not total:
        return None
    return sum(each.count * abs(each.confidence - each.accuracy) for each in bins) / total


def curve(rows: Sequence[Judged], points: int = 60) -> list[tuple[float, float]]:
    """Coverage of the rows in scope against precision over all answers, the surest first."""
    ranked = sorted((row for row in rows if row.guess is not None), key=lambda row: -row.certainty)
    inside = sum(bool(row.truth) for row in rows)
    step = max(1, len(ranked) // points)
    found: list[tuple[float, float]] = []
    right = covered = 0
    for count, row in enumerate(ranked, 1):
        right, covered = right + row.right, covered + bool(row.truth)
        if inside and (count % step == 0 or count == len(ranked)):
            found.append((covered / inside, right / count))
    return found


def confusions(rows: Sequence[Judged], most: int = 15) -> list[tuple[str, str, int]]:
    """Truth, answer and how often, the worst pairs first; "(out of scope)" is one, too."""
    pairs = Counter(
        (" / ".join(sorted(row.truth)) or OUTSIDE, row.guess or OUTSIDE)
        for row in rows
        if not row.right and (row.truth or row.guess is not None)
    )
    return [(truth, guess, count) for (truth, guess), count in pairs.most_common(most)]


OUTSIDE = "(out of scope)"


def interval(right: int, count: int) -> tuple[float | None, float | None]:
    """Wilson's 95 % interval of a share."""
    if not count:
        return None, None
    share, z = right / count, _NORMAL_95
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return middle - half, middle + half


def _scope(row: Judged) -> float:
    return row.confidence if row.scope is None else row.scope


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
