"""An action and its warrant: what is to be done, and by what right."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, JsonValue

from schemas.automation.assessment import Evidence, ModelRef
from schemas.automation.case import Origin
from schemas.base import Event, Id, Instant, Part, Sha256, ShortText, TolerantEnum


class Autonomy(TolerantEnum):
    """How far a class of actions may go by itself, from least to most."""

    SHADOW = "shadow"
    APPROVE = "approve"
    NOTICE = "act_with_notice"
    ACT = "act"
    OTHER = "other"


class Target(Part):
    """What the action changes."""

    system: Id
    kind: Id
    id: Id


class PolicyRef(Part):
    """Which rule of which text decided."""

    id: Id
    version: Id
    sha256: Sha256
    rule: Id


class Grant(Part):
    """Who allowed this class of actions to go this far."""

    level: Autonomy
    granted_by: Id | None = Field(None, description="control_id of the autonomy record, if any.")
    approved_by: Id | None = Field(None, description="review_id of a person's approval, if any.")


class BudgetUse(Part):
    """A limit that this action counts against, after counting it."""

    name: Id
    limit: float
    used: float
    window_s: int


class Undo(Part):
    """How to take it back."""

    type: Id
    parameters: dict[Id, JsonValue] = Field(default_factory=dict)


class Warrant(Part):
    """The proof that travels with an action (what, why, how sure, who allowed it, until when)."""

    case_id: UUID
    event_id: Id
    source: Id
    origin: Origin
    evidence: tuple[Evidence, ...]
    models: tuple[ModelRef, ...] = ()
    confidence: float | None = Field(None, ge=0, le=1, description="None where no model was asked.")
    calibrated: bool = False
    policy: PolicyRef
    grant: Grant
    budgets: tuple[BudgetUse, ...] = ()
    expires_at: Instant
    undo: Undo | None = Field(None, description="None: this cannot be undone.")
    explanation: ShortText


class Action(Part):
    """A command to a downstream system. Honour `action_id` and it happens at most once."""

    action_id: UUID = Field(description="uuid5 of the cause's id and the ordinal; nothing else.")
    tenant: Id
    subject: ShortText
    type: Id = Field(description='E.g. "support.route".')
    target: Target
    parameters: dict[Id, JsonValue] = Field(default_factory=dict)
    effect_key: ShortText | None = Field(
        None, description="At most one action per key and window is emitted."
    )
    decided_at: Instant
    warrant: Warrant


class ActionRequested(Event):
    """An authorised action. Refuse it after `warrant.expires_at`."""

    event_type: ClassVar[str] = "automation.action.requested.v1"
    schema_version: ClassVar[str] = "1.1"

    action: Action
