"""Rules that can never decide: what they ask contradicts itself, or an earlier rule takes it all.

Every comparison is tried on the few values of its fact where an answer can change, so what is
told here is certain. Rules that only several earlier ones together cover are not found.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from services.decider.domain.conditions import (
    All,
    AnyOf,
    Comparison,
    Condition,
    comparisons,
)
from services.decider.domain.facts import FactSpec
from services.decider.domain.values import Kind, Scalar

_Conjunction = tuple[Comparison, ...]

# Above it a condition is too branched to be worked out; it is taken for reachable.
_MOST = 512
_ANOTHER = "\0another"


def never(
    condition: Condition,
    earlier: Sequence[tuple[str, Condition]],
    specs: Mapping[str, FactSpec],
) -> str | None:
    """Why a rule with this condition never decides; None where nothing says so."""
    asked = _alternatives(condition)
    if asked is None:
        return None
    # Rules of one policy share most comparisons: one set of values serves them all.
    said = [condition, *(each for _, each in earlier)]
    points = _points([each for part in said for each in comparisons(part)], specs)
    possible = [each for each in asked if _can_hold(each, points)]
    if not possible:
        return "its condition can never hold"
    for rule, before in earlier:
        taken = _alternatives(before)
        if taken is not None and all(
            any(_implies(one, other, points) for other in taken) for one in possible
        ):
            return f"rule {rule} before it matches whenever it would"
    return None


def _alternatives(condition: Condition) -> list[_Conjunction] | None:
    """As a list of conjunctions, one of which must hold."""
    match condition:
        case Comparison():
            return [(condition,)]
        case AnyOf(parts):
            found: list[_Conjunction] = []
            for part in parts:
                inner = _alternatives(part)
                if inner is None:
                    return None
                found += inner
            return found if len(found) <= _MOST else None
        case All(parts):
            product: list[_Conjunction] = [()]
            for part in parts:
                inner = _alternatives(part)
                if inner is None or len(product) * len(inner) > _MOST:
                    return None
                product = [(*left, *right) for left in product for right in inner]
            return product


def _can_hold(asked: _Conjunction, points: Mapping[str, Sequence[Scalar | None]]) -> bool:
    return all(_left(asked, fact, points) for fact in {each.fact for each in asked})


def _implies(
    one: _Conjunction, other: _Conjunction, points: Mapping[str, Sequence[Scalar | None]]
) -> bool:
    return all(
        all(_holds(each, value) for value in _left(one, each.fact, points)) for each in other
    )


def _left(
    asked: _Conjunction, fact: str, points: Mapping[str, Sequence[Scalar | None]]
) -> list[Scalar | None]:
    """The values that a conjunction leaves to one of its facts; None is a fact that is missing."""
    about = [each for each in asked if each.fact == fact]
    return [value for value in points[fact] if all(_holds(each, value) for each in about)]


def _holds(comparison: Comparison, value: Scalar | None) -> bool:
    return comparison.holds({} if value is None else {comparison.fact: value})


def _points(
    said: Iterable[Comparison], specs: Mapping[str, FactSpec]
) -> dict[str, list[Scalar | None]]:
    operands: dict[str, set[Scalar]] = {}
    for each in said:
        known = operands.setdefault(each.fact, set())
        if each.operator != "exists":
            known.update(each.operand if isinstance(each.operand, tuple) else (each.operand,))
    return {fact: [None, *_values(specs[fact], known)] for fact, known in operands.items()}


def _values(spec: FactSpec, operands: set[Scalar]) -> list[Scalar]:
    if spec.kind is Kind.BOOLEAN:
        return [True, False]
    if spec.kind is Kind.NUMBER:
        told = sorted(float(each) for each in operands) or [0.0]
        between = [(low + high) / 2 for low, high in pairwise(told)]
        return [told[0] - 1, *told, *between, told[-1] + 1]
    return sorted(spec.values) if spec.values is not None else [*map(str, operands), _ANOTHER]
