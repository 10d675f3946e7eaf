"""Rules that never decide are found; rules that can decide are never accused."""

from hypothesis import given
from hypothesis import strategies as st

from services.decider.domain.conditions import All, AnyOf, Comparison, failed
from services.decider.domain.facts import FactSpec, Source
from services.decider.domain.reachability import never
from services.decider.domain.values import Kind

SPECS = {
    "n": FactSpec("n", Kind.NUMBER, Source.CASE, ""),
    "s": FactSpec("s", Kind.STRING, Source.CASE, ""),
    "c": FactSpec("c", Kind.STRING, Source.CASE, "", None, frozenset({"x", "y"})),
    "b": FactSpec("b", Kind.BOOLEAN, Source.CASE, ""),
}


def n(operator: str, value: float) -> Comparison:
    """Of the number."""
    return Comparison("n", operator, value)


def c(operator: str, value: object) -> Comparison:
    """Of the closed set."""
    return Comparison("c", operator, value)  # type: ignore[arg-type]


def test_a_contradiction_never_holds():
    """In numbers, in sets, in what is there."""
    for condition in (
        All((n("gt", 1), n("lt", 1))),
        All((n("gte", 0.9), n("lte", 0.5))),
        All((c("ne", "x"), c("ne", "y"))),
        All((c("eq", "x"), c("exists", False))),  # noqa: FBT003 - an operand
        AnyOf((All((n("eq", 1), n("eq", 2))), All((c("eq", "x"), c("eq", "y"))))),
    ):
        assert never(condition, [], SPECS) == "its condition can never hold"


def test_what_an_earlier_rule_takes_is_named():
    """So that somebody can put them into the right order."""
    wide, narrow = n("gte", 0.5), All((n("gte", 0.7), c("eq", "x")))
    assert never(narrow, [("wide", wide)], SPECS) == (
        "rule wide before it matches whenever it would"
    )
    assert never(wide, [("narrow", narrow)], SPECS) is None


def test_alternatives_are_all_taken_or_the_rule_decides():
    """One that is left is enough."""
    earlier = [("x", c("eq", "x")), ("y", c("eq", "y"))]
    assert never(AnyOf((n("gt", 3), n("gt", 4))), [("gt", n("gt", 2))], SPECS)
    assert never(AnyOf((c("eq", "x"), n("gt", 4))), earlier, SPECS) is None
    assert never(c("exists", False), earlier, SPECS) is None  # noqa: FBT003 - an operand


comparisons = st.one_of(
    st.builds(n, st.sampled_from(["eq", "ne", "lt", "lte", "gt", "gte"]), st.integers(0, 3)),
    st.builds(c, st.sampled_from(["eq", "ne"]), st.sampled_from(["x", "y"])),
    st.builds(Comparison, st.just("s"), st.sampled_from(["eq", "ne"]), st.sampled_from("uv")),
    st.builds(Comparison, st.just("b"), st.just("eq"), st.booleans()),
    st.builds(Comparison, st.sampled_from("nscb"), st.just("exists"), st.booleans()),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([All(tuple(parts)), AnyOf(tuple(parts))])
    ),
    max_leaves=6,
)
facts = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-1, 4) | st.floats(-1, 4),
        "s": st.sampled_from("uvw"),
        "c": st.sampled_from("xy"),
        "b": st.booleans(),
    },
)


@given(conditions, st.lists(conditions, max_size=3), facts)
def test_a_rule_that_can_decide_is_never_accused(condition, earlier, known):
    """A false accusation would keep a good policy from starting."""
    decides = failed(condition, known) is None and all(
        failed(each, known) is not None for each in earlier
    )
    if decides:
        assert never(condition, [(str(n), each) for n, each in enumerate(earlier)], SPECS) is None
