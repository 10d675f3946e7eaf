"""Thresholds for a fitted head, from rows that were left out of its fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.evaluation.domain.metrics import PRECISION, Judged

# How much of the traffic is taken to be out of scope when nobody knows: more than half of the
# messages that real shops get was, in the one public set that counts them (HINT3).
OUTSIDE_SHARE = 0.5
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Below these an answer does not count, and what they gave on the rows they were set by."""

    confidence: float
    scope: float
    coverage: float
    precision: float


def choose(rows: Sequence[Judged], precision: float = PRECISION) -> Limits:
    """The pair that answers most rows in scope with so many right; else the most precise one."""
    inside = [row for row in rows if row.truth]
    outside = [row for row in rows if not row.truth]
    weight = len(inside) / len(outside) * OUTSIDE_SHARE / (1 - OUTSIDE_SHARE) if outside else 0.0
    best: Limits | None = None
    for confidence in _levels([row.confidence for row in inside]):
        for scope in _levels([row.scope or 0.0 for row in inside]) if outside else (0.0,):
            found = _limits(inside, outside, weight, confidence, scope)
            if best is None or _better(found, best, precision):
                best = found
    return best or Limits(0.0, 0.0, 0.0, 0.0)


def _limits(
    inside: Sequence[Judged],
    outside: Sequence[Judged],
    weight: float,
    confidence: float,
    scope: float,
) -> Limits:
    def taken(rows: Sequence[Judged]) -> list[Judged]:
        return [
            row
            for row in rows
            if row.guess is not None
            and row.confidence >= confidence
            and (row.scope is None or row.scope >= scope)
        ]

    answered = taken(inside)
    whole = len(answered) + weight * len(taken(outside))
    right = sum(row.right for row in answered)
    return Limits(
        round(confidence, 3),
        round(scope, 3),
        len(answered) / len(inside) if inside else 0.0,
        right / whole if whole else 0.0,
    )


def _better(found: Limits, best: Limits, precision: float) -> bool:
    enough, had = found.precision >= precision, best.precision >= precision
    if enough != had:
        return enough
    if enough:
        return found.coverage > best.coverage
    return found.precision > best.precision


def _levels(values: Sequence[float]) -> list[float]:
    """Nothing, and where each twentieth of the rows begins; three digits, as packs have them."""
    ordered = sorted(values)
    places = [ordered[len(ordered) * step // _STEPS] for step in range(_STEPS)] if ordered else []
    return sorted({0.0, *(min(0.999, int(value * 1000) / 1000) for value in places)})
