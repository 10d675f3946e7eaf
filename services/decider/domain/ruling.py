"""What is decided about a case: the verdict, its reason, and the actions with their terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.decider.domain.autonomy import Level
from services.decider.domain.remembering import NOTHING, Remembered
from services.decider.domain.values import Facts


class Verdict(StrEnum):
    """Whether anything follows from the case."""

    ACT = "act"
    PROPOSE = "propose"
    NO_ACTION = "no_action"


class Reason(StrEnum):
    """Why the verdict is what it is."""

    RULE = "rule"
    NO_RULE = "no_rule"
    SUPERSEDED = "superseded"
    ECHO = "echo"
    SHADOW = "shadow"
    EFFECT_CLAIMED = "effect_claimed"
    BUDGET = "budget"
    STOPPED = "stopped"
    CONTROL_GROUP = "control_group"
    OTHER = "other"


class Withheld(StrEnum):
    """Why an action that a rule asked for does not go out at once."""

    SHADOW = "shadow"
    AWAITS_APPROVAL = "awaits_approval"
    EFFECT_CLAIMED = "effect_claimed"
    BUDGET = "budget"
    STOPPED = "stopped"
    MISSING_FACT = "missing_fact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an action changes."""

    system: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How to take an action back."""

    type: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCharge:
    """What an action counts against a limit. `used` is after counting it."""

    name: str
    key: str
    amount: float
    limit: float
    used: float
    window_s: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An action that a rule asks for: to be emitted where `withheld` is None.

    `effect_until` and each charge's `until` count from the decision. Only what is emitted, or
    awaits approval, carries charges.
    """

    ordinal: int
    type: str
    target: Target
    parameters: Mapping[str, object]
    level: Level
    granted_by: str | None
    withheld: Withheld | None
    effect_key: str | None
    effect_until: datetime | None
    expires_at: datetime
    undo: Undo | None
    budgets: tuple[BudgetCharge, ...]
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is decided about a case. `rule` is None where no policy was asked.

    `trail` has each rule passed over with its first failed condition; `facts` is all the policy
    could see; `learned` is for the cases to come.
    """

    verdict: Verdict
    reason: Reason
    rule: str | None
    actions: tuple[Planned, ...]
    trail: tuple[tuple[str, str], ...]
    facts: Facts
    learned: Remembered = NOTHING
