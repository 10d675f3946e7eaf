"""A policy in memory: an ordered list of rules, the first match wins, with an explicit default."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.decider.domain.actions import ActionSpec
from services.decider.domain.autonomy import Level
from services.decider.domain.awaiting import Asking
from services.decider.domain.conditions import Condition, because, failed
from services.decider.domain.macros import Macro
from services.decider.domain.supplying import USUAL, Standards
from services.decider.domain.values import Facts, Scalar

DEFAULT = "default"

# What explains that no rule matched: what was read, though it was not relied upon.
_SHOWN_BY_DEFAULT = (
    "intent.guess",
    "intent.confidence",
    "exception.guess",
    "exception.confidence",
)


@dataclass(frozen=True, slots=True)
class FactRef:
    """A parameter whose value is a fact's."""

    fact: str


Value = Scalar | tuple[str, ...] | FactRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action that a rule asks for. `mode` lowers the operator's grant and never raises it."""

    action: ActionSpec
    parameters: Mapping[str, Value]
    mode: Level = Level.ACT
    expires: timedelta
    only_if: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to do when something is so; `shows` are the facts that explain it."""

    id: str
    when: Condition
    then: tuple[Step, ...]
    shows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """One way for a derived fact to get a value."""

    when: Condition
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A fact that the policy itself defines: the first branch that holds, else the default."""

    name: str
    branches: tuple[Branch, ...]
    default: str

    def of(self, facts: Facts) -> str:
        """Its value over the facts."""
        for branch in self.branches:
            if failed(branch.when, facts) is None:
                return branch.value
        return self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most so much per window: of actions, or of the sum of one of their parameters."""

    name: str
    action: str
    key: tuple[str, ...]
    limit: float
    window: timedelta
    sums: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest:
    """A test in the policy's own file. `actions` None: only the rule is expected."""

    name: str
    given: Mapping[str, Scalar]
    rule: str
    actions: tuple[str, ...] | None = None
    parameters: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One domain's rules, with all they refer to."""

    id: str
    version: str
    sha256: str
    domain: str
    rules: tuple[Rule, ...]
    default: tuple[Step, ...]
    derived: tuple[Derived, ...]
    budgets: Mapping[str, tuple[Budget, ...]]
    control_group: Mapping[str, float]
    macros: Mapping[str, Macro]
    tests: tuple[PolicyTest, ...]
    standards: Standards = USUAL
    writing: tuple[Asking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a policy says: the rule, its steps, and the rules passed over with what failed."""

    rule: str
    steps: tuple[Step, ...]
    shows: tuple[str, ...]
    trail: tuple[tuple[str, str], ...]
    facts: Facts


def evaluate(policy: Policy, facts: Facts, stale: frozenset[str] = frozenset()) -> Match:
    """Ask the policy. The facts of the match hold the derived ones too."""
    known = with_derived(policy, facts)
    trail: list[tuple[str, str]] = []
    for rule in policy.rules:
        failure = failed(rule.when, known)
        if failure is None:
            return _match(rule.id, rule.then, rule.shows, trail, known)
        trail.append((rule.id, because(failure, known, stale)))
    return _match(DEFAULT, policy.default, _SHOWN_BY_DEFAULT, trail, known)


def asking(policy: Policy, facts: Facts) -> Asking | None:
    """The first text that the policy wants for a case of these facts."""
    known = with_derived(policy, facts)
    return next((each for each in policy.writing if failed(each.when, known) is None), None)


def with_derived(policy: Policy, facts: Facts) -> dict[str, Scalar]:
    """The facts and those that the policy itself defines."""
    known = dict(facts)
    for derived in policy.derived:
        known[derived.name] = derived.of(known)
    return known


def _match(
    rule: str,
    steps: tuple[Step, ...],
    shows: tuple[str, ...],
    trail: list[tuple[str, str]],
    facts: Facts,
) -> Match:
    wanted = tuple(
        step for step in steps if step.only_if is None or failed(step.only_if, facts) is None
    )
    return Match(rule=rule, steps=wanted, shows=shows, trail=tuple(trail), facts=facts)
