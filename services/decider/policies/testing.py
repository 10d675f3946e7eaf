"""Runs the tests that a policy carries: over its rules, not over anybody's autonomy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.decider.domain.policy import Policy, PolicyTest, evaluate
from services.decider.domain.resolving import resolve
from services.decider.domain.supplying import Standards, judge_severity
from services.decider.domain.values import Facts, Scalar

# Always known when a case is decided; a test names them where they matter.
ASSUMED: Mapping[str, Scalar] = {
    "case.age_s": 5,
    "event.age_s": 5,
    "subject.superseded": False,
}
_SUBJECT = ("case", "of-the-test")


@dataclass(frozen=True, slots=True)
class Run:
    """How one test went: `failure` says what was not as expected."""

    name: str
    rule: str
    actions: tuple[str, ...]
    failure: str | None


def run(policy: Policy) -> tuple[Run, ...]:
    """Run them all, in their order."""
    return tuple(_run(policy, test) for test in policy.tests)


def _run(policy: Policy, test: PolicyTest) -> Run:
    match = evaluate(policy, _facts(test.given, policy.standards))
    found = [
        (step.action.type, resolve(step, match.facts, _SUBJECT, policy.macros))
        for step in match.steps
    ]
    able = tuple(action for action, resolved in found if not resolved.missing)
    failure = None
    if match.rule != test.rule:
        passed_over = dict(match.trail).get(test.rule)
        why = f" ({test.rule}: {passed_over})" if passed_over else ""
        failure = f"expected rule {test.rule}, got {match.rule}{why}"
    elif test.actions is not None and able != test.actions:
        failure = f"expected {_list(test.actions)}, got {_list(able)}" + "".join(
            f"; {action} misses {', '.join(resolved.missing)}"
            for action, resolved in found
            if resolved.missing
        )
    else:
        failure = _parameters(test, [(name, each.parameters) for name, each in found])
    return Run(test.name, match.rule, able, failure)


def _facts(given: Facts, standards: Standards) -> Facts:
    facts = {**ASSUMED, **given}
    judge_severity(facts, standards)
    return {**facts, **given}


def _parameters(test: PolicyTest, found: list[tuple[str, Mapping[str, object]]]) -> str | None:
    for action, wanted in test.parameters.items():
        got = next((parameters for name, parameters in found if name == action), None)
        if got is None:
            return f"expected {action}, got {_list(name for name, _ in found)}"
        for name, value in wanted.items():
            if got.get(name) != value:
                return f"expected {action} with {name} {value!r}, got {got.get(name)!r}"
    return None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "no action"
