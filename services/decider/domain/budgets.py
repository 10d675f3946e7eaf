"""Limits per window on how often, or on how much in sum: counted before an action goes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.decider.domain.effects import key_of
from services.decider.domain.policy import Budget, Policy
from services.decider.domain.ruling import BudgetCharge
from services.decider.domain.values import Facts

# Sums of amounts in binary floats are exact to far less than the smallest coin.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Counted:
    """What an action would be charged. What is `missing` cannot be counted, so it must not go."""

    charges: tuple[BudgetCharge, ...]
    missing: tuple[str, ...]

    @property
    def overdrawn(self) -> BudgetCharge | None:
        """The first limit that would not hold."""
        return next((each for each in self.charges if each.used > each.limit), None)


def count(
    policy: Policy,
    action_type: str,
    tenant: str,
    facts: Facts,
    parameters: Mapping[str, object],
    *,
    used: Callable[[str], float],
    now: datetime,
) -> Counted:
    """Charge an action against every budget of its class; `used` tells what is charged by now."""
    charges: list[BudgetCharge] = []
    missing: list[str] = []
    for budget in policy.budgets.get(action_type, ()):
        amount = _amount(budget, parameters)
        unknown = [name for name in budget.key if name not in facts]
        if amount is None:
            unknown.append(budget.sums or "")
        if amount is None or unknown:
            missing += unknown
            continue
        key = key_of(tenant, policy.id, budget.name, *(str(facts[name]) for name in budget.key))
        charges.append(
            BudgetCharge(
                name=budget.name,
                key=key,
                amount=amount,
                limit=budget.limit,
                used=round(used(key) + amount, _DIGITS),
                window_s=int(budget.window.total_seconds()),
                until=now + budget.window,
            )
        )
    return Counted(tuple(charges), tuple(missing))


def total(charges: Iterable[BudgetCharge], key: str) -> float:
    """What is charged against one key."""
    return sum(each.amount for each in charges if each.key == key)


def _amount(budget: Budget, parameters: Mapping[str, object]) -> float | None:
    if budget.sums is None:
        return 1.0
    value = parameters.get(budget.sums)
    return float(value) if isinstance(value, int | float) else None
