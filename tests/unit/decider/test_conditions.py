"""Conditions: what is not known is never true, whichever way it is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decider.domain.conditions import (
    OPERATORS,
    All,
    AnyOf,
    Comparison,
    Condition,
    because,
    comparisons,
    failed,
    negate,
)

NAMES = ("a", "b", "c")
numbers = st.integers(-3, 3)
facts = st.dictionaries(st.sampled_from(NAMES), numbers)
compared = st.builds(
    Comparison,
    st.sampled_from(NAMES),
    st.sampled_from(sorted(set(OPERATORS) - {"in", "not_in", "exists"})),
    numbers,
) | st.builds(
    Comparison,
    st.sampled_from(NAMES),
    st.sampled_from(["in", "not_in"]),
    st.lists(numbers, min_size=1, max_size=3).map(tuple),
)
asked = st.builds(Comparison, st.sampled_from(NAMES), st.just("exists"), st.booleans())


def nested(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Conditions of these comparisons, a few levels deep."""
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
            lambda parts: st.sampled_from([All(tuple(parts)), AnyOf(tuple(parts))])
        ),
        max_leaves=8,
    )


def holds(condition: Condition, known: dict[str, int]) -> bool:
    """Whether it is known to be true."""
    return failed(condition, known) is None


@given(compared, facts)
def test_neither_a_comparison_nor_its_negation_holds_over_a_missing_fact(comparison, known):
    """Nothing is done because something is not known."""
    known.pop(comparison.fact, None)
    assert not holds(comparison, known)
    assert not holds(comparison.negated(), known)


@given(nested(compared), facts)
def test_a_negation_never_holds_because_facts_are_missing(condition, known):
    """Whatever the negation of a condition says without a fact, it says with it, too."""
    if not holds(negate(condition), known):
        return
    for name in NAMES:
        if name not in known:
            assert all(holds(negate(condition), known | {name: value}) for value in range(-3, 4))


@given(nested(compared | asked), facts)
def test_a_condition_and_its_negation_never_both_hold(condition, known):
    """Else a policy could do a thing and its opposite."""
    assert not (holds(condition, known) and holds(negate(condition), known))


@given(nested(compared | asked), st.fixed_dictionaries(dict.fromkeys(NAMES, numbers)))
def test_with_all_facts_known_one_of_the_two_holds(condition, known):
    """Then negation is what everybody expects."""
    assert holds(condition, known) != holds(negate(condition), known)


@given(nested(compared | asked))
def test_negating_twice_changes_nothing(condition):
    """Not not is yes."""
    assert negate(negate(condition)) == condition


@given(nested(compared | asked), facts)
def test_what_failed_is_one_of_the_comparisons(condition, known):
    """The trail names a fact that the rule really asks."""
    failure = failed(condition, known)
    assert failure is None or failure in comparisons(condition)


@pytest.mark.parametrize(
    ("operator", "operand", "value", "expected"),
    [
        ("eq", "x", "x", True),
        ("eq", "x", "X", False),
        ("ne", "x", "y", True),
        ("lt", 2, 2, False),
        ("lte", 2, 2, True),
        ("gt", 2, 2.5, True),
        ("gte", 2, 1.5, False),
        ("in", ("a", "b"), "b", True),
        ("not_in", ("a", "b"), "b", False),
        ("exists", True, "x", True),
        ("exists", False, "x", False),
    ],
)
def test_operators_mean_what_they_say(operator, operand, value, expected):
    """Each of the closed set."""
    assert Comparison("f", operator, operand).holds({"f": value}) is expected


def test_only_exists_asks_for_absence():
    """And it is told apart from a false value."""
    absent = Comparison("f", "exists", False)  # noqa: FBT003 - an operand, not a switch
    assert absent.holds({})
    assert not absent.holds({"f": False})


@pytest.mark.parametrize(
    ("known", "stale", "said"),
    [
        ({"f": 0.25}, frozenset(), "f=0.25 not gte 0.5"),
        ({}, frozenset(), "f is missing, not gte 0.5"),
        ({}, frozenset({"f"}), "f is stale, not gte 0.5"),
    ],
)
def test_why_it_failed_is_said_as_people_write_it(known, stale, said):
    """Missing and stale are told apart: the remedies differ."""
    assert because(Comparison("f", "gte", 0.5), known, stale) == said
