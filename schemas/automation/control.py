"""The operator's word to the running system. The topic is kept for ever: it is the audit."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.automation.action import Autonomy
from schemas.base import Event, Id, Instant, Language, Part, ShortText


class AutonomyGrant(Part):
    """How far a class of actions may go for a tenant, and in which language of the customer."""

    kind: Literal["autonomy"] = "autonomy"
    tenant: Id
    action_type: Id
    language: Language | Literal["*"] = "*"
    level: Autonomy


class Stop(Part):
    """A kill switch, on or off: for everything, a tenant, an action type, or both."""

    kind: Literal["stop"] = "stop"
    tenant: Id | Literal["*"] = "*"
    action_type: Id | Literal["*"] = "*"
    active: bool


class ModelPointer(Part):
    """Which version of a model serves a task."""

    kind: Literal["model"] = "model"
    task: Id
    model: Id
    version: Id


class ControlChanged(Event):
    """One record of control. A later one about the same thing replaces an earlier one."""

    event_type: ClassVar[str] = "automation.control.changed.v1"

    control_id: Id
    by: Id = Field(description="Opaque id of the operator.")
    at: Instant
    reason: ShortText = ""
    change: AutonomyGrant | Stop | ModelPointer = Field(discriminator="kind")
