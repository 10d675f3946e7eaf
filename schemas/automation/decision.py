"""A decision: exactly one for every case, also when nothing is to be done."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, JsonValue

from schemas.automation.action import Action, Autonomy, PolicyRef
from schemas.automation.case import Domain, Origin
from schemas.base import Event, Id, Instant, Part, ShortText, TolerantEnum


class Verdict(TolerantEnum):
    """Whether anything follows from the case."""

    ACT = "act"
    PROPOSE = "propose"
    NO_ACTION = "no_action"
    OTHER = "other"


class Reason(TolerantEnum):
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


class Withheld(TolerantEnum):
    """Why an action that a rule asked for was not emitted at once."""

    SHADOW = "shadow"
    AWAITS_APPROVAL = "awaits_approval"
    EFFECT_CLAIMED = "effect_claimed"
    BUDGET = "budget"
    STOPPED = "stopped"
    EXPIRED = "expired"
    MISSING_FACT = "missing_fact"
    OTHER = "other"


class PlannedAction(Part):
    """An action as decided: emitted when `withheld` is empty."""

    action: Action
    autonomy: Autonomy
    withheld: Withheld | None = None


class Skipped(Part):
    """A rule that was passed over, and the first condition that failed."""

    rule: Id
    because: ShortText


class Decision(Part):
    """What was decided, by what, over which facts."""

    case_id: UUID
    tenant: Id
    domain: Domain
    subject: ShortText
    origin: Origin
    verdict: Verdict
    reason: Reason
    policy: PolicyRef | None = None
    actions: tuple[PlannedAction, ...] = ()
    trail: tuple[Skipped, ...] = ()
    facts: dict[Id, JsonValue] = Field(
        default_factory=dict, description="Every fact the policy could see. No text, no person."
    )
    decided_at: Instant


class CaseDecided(Event):
    """The one decision of a case."""

    event_type: ClassVar[str] = "automation.case.decided.v1"
    schema_version: ClassVar[str] = "1.1"

    decision: Decision
