"""The policies that come with Sluice keep its promises, whatever a case looks like."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decider.domain.actions import ACTIONS
from services.decider.domain.conditions import comparisons
from services.decider.domain.deciding import decide
from services.decider.domain.facts import FACTS, Source
from services.decider.domain.policy import Policy, evaluate
from services.decider.domain.values import Facts, Kind, Scalar
from services.decider.policies import SHIPPED, Checked, check_policies
from tests.fakes_decider import NOW
from tests.fakes_policy import FakeControl, FakeMemory, make_view

CHECKED = {each.policy.domain: each for each in check_policies(SHIPPED)}
DOMAINS = sorted(CHECKED)


def _mentioned(policy: Policy) -> dict[str, set[Scalar]]:
    """The values that the policy compares a fact with: those make a difference."""
    found: dict[str, set[Scalar]] = {}
    conditions = [rule.when for rule in policy.rules]
    conditions += [branch.when for derived in policy.derived for branch in derived.branches]
    conditions += [step.only_if for rule in policy.rules for step in rule.then if step.only_if]
    for each in (comparison for condition in conditions for comparison in comparisons(condition)):
        operands = each.operand if isinstance(each.operand, tuple) else (each.operand,)
        if each.operator != "exists":
            found.setdefault(each.fact, set()).update(operands)
    return found


def facts_of(domain: str) -> st.SearchStrategy[Facts]:
    """The facts of a test in the policy's file, with a few of them anything else, or missing."""
    mentioned = _mentioned(CHECKED[domain].policy)

    def values(name: str) -> st.SearchStrategy[Scalar]:
        spec = FACTS[name]
        told = st.sampled_from(sorted(mentioned.get(name, {"x"}), key=str))
        match spec.kind:
            case Kind.BOOLEAN:
                return st.booleans()
            case Kind.NUMBER:
                return st.floats(0, 1) | st.integers(-400, 4000)
            case _:
                closed = sorted(spec.values or ())
                return told | st.sampled_from(closed) if closed else told

    names = [
        name
        for name, spec in FACTS.items()
        if spec.domain in {None, domain} and spec.source is not Source.DECIDER
    ]
    changes = st.lists(
        st.sampled_from(names).flatmap(
            lambda name: st.tuples(st.just(name), st.none() | values(name))
        ),
        max_size=4,
    )
    return st.tuples(st.sampled_from(CHECKED[domain].policy.tests), changes).map(
        lambda drawn: _changed(drawn[0].given, drawn[1])
    )


def _changed(facts: Facts, changes: list[tuple[str, Scalar | None]]) -> Facts:
    changed = {**facts, **{name: value for name, value in changes if value is not None}}
    for name, value in changes:
        if value is None:
            changed.pop(name, None)
    return changed


cases = st.sampled_from(DOMAINS).flatmap(lambda d: st.tuples(st.just(d), facts_of(d)))
VISIBLE = {name for name, spec in ACTIONS.items() if spec.customer_visible}


def asked(domain: str, facts: Facts) -> set[str]:
    """The actions that the policy asks for."""
    match = evaluate(CHECKED[domain].policy, facts)
    return {step.action.type for step in match.steps}


FRESH = {"case.age_s": 1, "subject.superseded": False}


def test_the_cases_below_would_be_answered_if_they_were_fresh_and_sure():
    """Else the tests that follow would prove nothing."""
    for domain, checked in CHECKED.items():
        seen = [asked(domain, {**test.given, **FRESH}) for test in checked.policy.tests]
        assert sum(1 for each in seen if each & VISIBLE) >= 3, domain


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_that_was_answered_would_be_answered_when_old(domain):
    """Every example of the policy's own file, half an hour later."""
    for test in CHECKED[domain].policy.tests:
        old = {**test.given, **FRESH, "case.age_s": 1800.5}
        assert not asked(domain, old) & VISIBLE, test.name


@given(cases, st.sampled_from([1800.5, 3600, 1e7]))
def test_nothing_that_a_customer_sees_is_done_about_an_old_case(case, age):
    """After an outage of an hour nobody is answered out of the blue."""
    domain, facts = case
    assert not asked(domain, {**facts, **FRESH, "case.age_s": age}) & VISIBLE


@given(facts_of("support"))
def test_an_abstained_intent_is_never_answered(facts):
    """A doubt goes to a person."""
    known = {**facts, **FRESH, "intent.abstained": True}
    known.pop("intent.label", None)
    assert not asked("support", known) & VISIBLE


@given(facts_of("supply"))
def test_what_a_model_read_in_a_notice_is_told_to_no_customer(facts):
    """Nor does an abstained one: a customer is told what a code says."""
    known = {**facts, **FRESH, "exception.source": "model"}
    known.pop("supply.delay_days", None)  # a model never sets it; back on time is no reading
    assert not asked("supply", known) & VISIBLE


@given(facts_of("support"), st.sampled_from(["outbound", "internal"]))
def test_our_own_words_and_robots_are_never_answered(facts, direction):
    """Two robots would write to each other for ever."""
    fresh = {**facts, **FRESH}
    assert not asked("support", {**fresh, "ticket.message_direction": direction}) & VISIBLE
    assert not asked("support", {**fresh, "ticket.message_automatic": True}) & VISIBLE


@given(facts_of("support"), st.sampled_from(["high", "urgent"]))
def test_a_priority_that_a_person_raised_is_never_lowered(facts, priority):
    """Only what may be urgent for safety is set at all."""
    match = evaluate(CHECKED["support"].policy, {**facts, "ticket.priority": priority})
    for step in match.steps:
        if step.action.type == "support.set_priority":
            assert step.parameters["priority"] == "urgent"


@given(cases)
def test_deciding_never_fails_and_is_the_same_twice(case):
    """The decider is pure: a crash over a case would be a dead letter, for ever."""
    domain, facts = case
    view = make_view(facts, domain=domain, age=timedelta(seconds=5))
    policy = CHECKED[domain].policy
    first = decide(view, policy, FakeMemory(), FakeControl(), NOW)
    assert decide(view, policy, FakeMemory(), FakeControl(), NOW) == first
    keys = [each.effect_key for each in first.actions if each.withheld is None]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_rule_is_tested_in_its_own_file(domain):
    """An example per rule, and ten at least."""
    checked: Checked = CHECKED[domain]
    rules = {rule.id for rule in checked.policy.rules} | {"default"}
    assert {run.rule for run in checked.runs} == rules
    assert len(checked.runs) >= 10


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_a_customer_sees_and_what_calls_people_has_a_budget(domain):
    """A flood of events must not become a flood of letters, pages or held lots."""
    policy = CHECKED[domain].policy
    steps = [step for rule in policy.rules for step in rule.then] + list(policy.default)
    limited = {
        step.action.type
        for step in steps
        if step.action.customer_visible or step.action.calls_people or step.action.safety
    }
    assert limited <= policy.budgets.keys()


@pytest.mark.parametrize("domain", DOMAINS)
def test_nobody_is_in_a_control_group_unless_an_operator_says_so(domain):
    """0 % is what is shipped."""
    assert CHECKED[domain].policy.control_group == {}
