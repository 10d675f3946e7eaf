"""From the steps that a rule asks for to actions on their terms, and why some may not go."""

from datetime import datetime

from services.decider.domain import budgets, effects
from services.decider.domain.autonomy import Control, Level, in_control_group, lower
from services.decider.domain.case import CaseView, Memory
from services.decider.domain.conditions import comparisons, said
from services.decider.domain.policy import Match, Policy, Step
from services.decider.domain.resolving import resolve, undo_of
from services.decider.domain.ruling import BudgetCharge, Planned, Withheld

_No = tuple[Withheld, str]


def plan(
    view: CaseView,
    policy: Policy,
    match: Match,
    memory: Memory,
    control: Control,
    now: datetime,
) -> tuple[Planned, ...]:
    """Plan the steps in their order; each one sees what those before it take."""
    planner = _Planner(view, policy, match, memory, control, now)
    return tuple(planner.plan(number, step) for number, step in enumerate(match.steps))


class _Planner:
    def __init__(
        self,
        view: CaseView,
        policy: Policy,
        match: Match,
        memory: Memory,
        control: Control,
        now: datetime,
    ) -> None:
        self._view = view
        self._policy = policy
        self._facts = match.facts
        self._match = match
        self._memory = memory
        self._control = control
        self._now = now
        self._claimed: set[str] = set()
        self._charged: list[BudgetCharge] = []

    def plan(self, ordinal: int, step: Step) -> Planned:
        """One action; what it takes is taken for those after it."""
        spec, view = step.action, self._view
        found = resolve(
            step, self._facts, (view.subject_kind, view.subject_id), self._policy.macros
        )
        granted, granted_by = self._control.autonomy(view.tenant, spec.type, view.language)
        level = lower(granted, step.mode)
        key = effects.effect_key(spec, view, found.target, found.parameters)
        counted = budgets.count(
            self._policy,
            spec.type,
            view.tenant,
            self._facts,
            found.parameters,
            used=self._used,
            now=self._now,
        )
        no = self._refusal(step, level, (*found.missing, *counted.missing), key, counted)
        withheld = no[0] if no else None
        takes = withheld in {None, Withheld.AWAITS_APPROVAL}
        if takes:
            self._claimed.update([key] if key else [])
            self._charged += counted.charges
        return Planned(
            ordinal=ordinal,
            type=spec.type,
            target=found.target,
            parameters=found.parameters,
            level=level,
            granted_by=granted_by,
            withheld=withheld,
            effect_key=key,
            effect_until=self._now + spec.effect.window if key else None,
            expires_at=self._now + step.expires,
            undo=undo_of(spec.undo, self._facts, found.parameters),
            budgets=counted.charges if takes else (),
            explanation=self._explained(step, no),
        )

    def _refusal(
        self,
        step: Step,
        level: Level,
        missing: tuple[str, ...],
        key: str | None,
        counted: budgets.Counted,
    ) -> _No | None:
        """Why it does not go at once. What others took is asked of what may go, only."""
        if missing:
            return Withheld.MISSING_FACT, f"missing {', '.join(missing)}"
        no = self._forbidden(step, level) or self._taken(key, counted)
        if no is None and level is Level.APPROVE:
            return Withheld.AWAITS_APPROVAL, "awaits approval"
        return no

    def _forbidden(self, step: Step, level: Level) -> _No | None:
        view, spec = self._view, step.action
        if self._control.stopped(view.tenant, spec.type):
            return Withheld.STOPPED, "stopped by the operator"
        if level is Level.SHADOW:
            return Withheld.SHADOW, "shadow"
        percent = self._policy.control_group.get(spec.type, 0.0)
        if in_control_group(view.tenant, spec.type, view.subject, percent):
            return Withheld.SHADOW, "control group"
        return None

    def _taken(self, key: str | None, counted: budgets.Counted) -> _No | None:
        if key is not None and (
            key in self._claimed or self._memory.effect_holder(key, self._now) is not None
        ):
            return Withheld.EFFECT_CLAIMED, "done already within its window"
        if (over := counted.overdrawn) is not None:
            return Withheld.BUDGET, f"{over.name} would be {over.used:g} of {over.limit:g}"
        return None

    def _used(self, key: str) -> float:
        return self._memory.budget_used(key, self._now) + budgets.total(self._charged, key)

    def _explained(self, step: Step, no: _No | None) -> str:
        """The rule and the facts it shows: never text, never a person.

        What a person may still release is explained as it will go out.
        """
        asked = () if step.only_if is None else comparisons(step.only_if)
        facts = dict.fromkeys((*self._match.shows, *(each.fact for each in asked)))
        shown = ", ".join(
            f"{name}={said(self._facts[name])}" for name in facts if name in self._facts
        )
        told = f"{self._match.rule}: {shown}" if shown else self._match.rule
        if no is None or no[0] is Withheld.AWAITS_APPROVAL:
            return told
        return f"{told}; withheld: {no[1]}"
