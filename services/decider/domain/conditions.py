"""Conditions over facts, negation pushed down to the comparison.

A missing or stale fact makes every comparison with it false, the negated one too: nothing is done
because something is not known. Only `exists` can ask for absence.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.decider.domain.values import Facts, Scalar

Operand = Scalar | tuple[Scalar, ...]


def _in(value: Scalar, operand: Operand) -> bool:
    assert isinstance(operand, tuple)  # noqa: S101 - the compiler gives lists to in and not_in only
    return value in operand


def _not_in(value: Scalar, operand: Operand) -> bool:
    return not _in(value, operand)


# Order is asked of numbers only: the compiler sees to it.
OPERATORS: Mapping[str, Callable[[Scalar, Operand], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "in": _in,
    "not_in": _not_in,
    "exists": lambda _value, operand: operand is True,
}

OPPOSITE = {
    "eq": "ne",
    "ne": "eq",
    "lt": "gte",
    "gte": "lt",
    "gt": "lte",
    "lte": "gt",
    "in": "not_in",
    "not_in": "in",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One fact compared with one operand."""

    fact: str
    operator: str
    operand: Operand

    def holds(self, facts: Facts) -> bool:
        """Whether it is known to be true."""
        value = facts.get(self.fact)
        if value is None:
            return self.operator == "exists" and self.operand is False
        return OPERATORS[self.operator](value, self.operand)

    def negated(self) -> "Comparison":
        """What is known to be true when this is known to be false."""
        if self.operator == "exists":
            return Comparison(self.fact, "exists", self.operand is not True)
        return Comparison(self.fact, OPPOSITE[self.operator], self.operand)


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of them."""

    parts: tuple["Condition", ...]


Condition = Comparison | All | AnyOf


def failed(condition: Condition, facts: Facts) -> Comparison | None:
    """None where the condition holds, else the first comparison that failed it."""
    match condition:
        case Comparison():
            return None if condition.holds(facts) else condition
        case All(parts):
            for part in parts:
                if (failure := failed(part, facts)) is not None:
                    return failure
            return None
        case AnyOf(parts):
            first: Comparison | None = None
            for part in parts:
                failure = failed(part, facts)
                if failure is None:
                    return None
                first = first or failure
            return first


def negate(condition: Condition) -> Condition:
    """De Morgan; so a negation never turns a missing fact into a match."""
    match condition:
        case Comparison():
            return condition.negated()
        case All(parts):
            return AnyOf(tuple(negate(part) for part in parts))
        case AnyOf(parts):
            return All(tuple(negate(part) for part in parts))


def comparisons(condition: Condition) -> tuple[Comparison, ...]:
    """All comparisons, left to right."""
    match condition:
        case Comparison():
            return (condition,)
        case All(parts) | AnyOf(parts):
            return tuple(each for part in parts for each in comparisons(part))


def because(failure: Comparison, facts: Facts, stale: frozenset[str]) -> str:
    """Why a comparison failed, for the trail."""
    value = facts.get(failure.fact)
    wanted = f"not {failure.operator} {said(failure.operand)}"
    if value is None:
        return f"{failure.fact} is {'stale' if failure.fact in stale else 'missing'}, {wanted}"
    return f"{failure.fact}={said(value)} {wanted}"


def said(value: Operand) -> str:
    """A value as people write it in a policy."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(said(each) for each in value) + "]"
    return str(value)
