"""The catalogue of actions: what may be asked for, with which parameters, on what terms. Closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Form(StrEnum):
    """What a parameter takes, and where it may come from."""

    STRING = "string"  # written in the policy, or a fact
    NUMBER = "number"  # the same
    QUEUE = "queue"  # written in the policy, one of its `queues`
    MACRO = "macro"  # written in the policy, an approved macro's id
    TAGS = "tags"  # written in the policy, a list
    AMOUNT = "amount"  # a joined sum and nothing else: never from text, a model or the policy


class Risk(StrEnum):
    """What a wrong one costs."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an action; `values` closes the set where it is closed."""

    form: Form
    required: bool = True
    values: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class UndoSpec:
    """How an action is taken back. `$x` is the fact x, `@x` the action's own parameter x."""

    type: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EffectSpec:
    """What happens once per window: `tenant|type|subject` or target, and these parameters."""

    window: timedelta
    of_target: bool = False
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """A class of actions and its terms.

    `target` names kinds with the fact that holds the id, best first; none means the subject.
    Without `subject_will_do` one of them must be there.
    """

    type: str
    domain: str
    description: str
    system: str
    parameters: Mapping[str, Parameter]
    effect: EffectSpec
    expires: timedelta
    risk: Risk
    undo: UndoSpec | None
    target: tuple[tuple[str, str], ...] = ()
    subject_will_do: bool = True
    customer_visible: bool = False
    safety: bool = False
    calls_people: bool = False

    @property
    def may_be_controlled(self) -> bool:
        """Whether a control group may be kept out of it: nobody's safety is an experiment."""
        return not (self.safety or self.calls_people)


PRIORITIES = ("low", "normal", "high", "urgent")
SEVERITIES = ("minor", "major", "critical")

_SUPPORT = (
    ActionSpec(
        type="support.route",
        domain="support",
        description="Put the ticket into a queue.",
        system="helpdesk",
        parameters={"queue": Parameter(Form.QUEUE)},
        effect=EffectSpec(timedelta(minutes=10), parameters=("queue",)),
        expires=timedelta(hours=4),
        risk=Risk.LOW,
        undo=UndoSpec("support.route", {"queue": "$ticket.queue"}),
    ),
    ActionSpec(
        type="support.set_priority",
        domain="support",
        description="Raise or set the ticket's priority.",
        system="helpdesk",
        parameters={"priority": Parameter(Form.STRING, values=frozenset(PRIORITIES))},
        effect=EffectSpec(timedelta(minutes=10), parameters=("priority",)),
        expires=timedelta(hours=4),
        risk=Risk.LOW,
        undo=UndoSpec("support.set_priority", {"priority": "$ticket.priority"}),
    ),
    ActionSpec(
        type="support.reply.macro",
        domain="support",
        description="Answer the customer with an approved text in their language.",
        system="helpdesk",
        parameters={"macro": Parameter(Form.MACRO), "locale": Parameter(Form.STRING)},
        effect=EffectSpec(timedelta(minutes=10)),
        expires=timedelta(minutes=15),
        risk=Risk.MEDIUM,
        undo=UndoSpec("support.reply.macro", {"macro": "correction", "locale": "@locale"}),
        customer_visible=True,
    ),
    ActionSpec(
        type="support.escalate",
        domain="support",
        description="Call people's attention to the ticket now.",
        system="helpdesk",
        parameters={
            "queue": Parameter(Form.QUEUE),
            "severity": Parameter(Form.STRING, values=frozenset(SEVERITIES)),
            "amount_at_risk": Parameter(Form.AMOUNT, required=False),
        },
        effect=EffectSpec(timedelta(hours=4), parameters=("severity",)),
        expires=timedelta(hours=1),
        risk=Risk.LOW,
        undo=UndoSpec("support.escalate.resolve", {"severity": "@severity"}),
        calls_people=True,
    ),
    ActionSpec(
        type="support.tag",
        domain="support",
        description="Add tags to the ticket.",
        system="helpdesk",
        parameters={"tags": Parameter(Form.TAGS)},
        effect=EffectSpec(timedelta(minutes=10), parameters=("tags",)),
        expires=timedelta(hours=4),
        risk=Risk.LOW,
        undo=UndoSpec("support.tag.remove", {"tags": "@tags"}),
    ),
)

_SUPPLY = (
    ActionSpec(
        type="supply.notify_customer",
        domain="supply",
        description="Tell the customer of an order what happened to it, by a fixed template.",
        system="crm",
        parameters={
            "template": Parameter(
                Form.STRING, values=frozenset({"delay", "cancellation", "back_on_time"})
            ),
            "delay_days": Parameter(Form.NUMBER, required=False),
        },
        effect=EffectSpec(timedelta(hours=24), of_target=True, parameters=("template",)),
        expires=timedelta(minutes=30),
        risk=Risk.MEDIUM,
        undo=UndoSpec("supply.notify_customer.correct", {"template": "@template"}),
        target=(("so", "ref.so"), ("shipment", "ref.shipment"), ("po", "ref.po")),
        subject_will_do=False,
        customer_visible=True,
    ),
    ActionSpec(
        type="supply.hold_lot",
        domain="supply",
        description="Keep a lot from being used or shipped until a person releases it.",
        system="wms",
        parameters={"reason": Parameter(Form.STRING)},
        effect=EffectSpec(timedelta(hours=24), of_target=True),
        expires=timedelta(hours=24),
        risk=Risk.MEDIUM,
        undo=UndoSpec("supply.release_lot", {"reason": "@reason"}),
        target=(("lot", "ref.lot"),),
        subject_will_do=False,
        safety=True,
    ),
    ActionSpec(
        type="supply.page_planner",
        domain="supply",
        description="Call a planner.",
        system="paging",
        parameters={
            "queue": Parameter(Form.QUEUE),
            "severity": Parameter(Form.STRING, values=frozenset(SEVERITIES)),
            "reason": Parameter(Form.STRING),
            "amount_at_risk": Parameter(Form.AMOUNT, required=False),
        },
        effect=EffectSpec(timedelta(hours=4), parameters=("severity", "reason")),
        expires=timedelta(hours=4),
        risk=Risk.LOW,
        undo=UndoSpec("supply.page_planner.resolve", {"reason": "@reason"}),
        calls_people=True,
    ),
    ActionSpec(
        type="supply.request_correction",
        domain="supply",
        description="Ask the sender of an event to correct it.",
        system="partner-portal",
        parameters={"reason": Parameter(Form.STRING)},
        effect=EffectSpec(timedelta(hours=24)),
        expires=timedelta(hours=24),
        risk=Risk.LOW,
        undo=UndoSpec("supply.request_correction.withdraw", {"reason": "@reason"}),
    ),
)

ACTIONS: Mapping[str, ActionSpec] = {spec.type: spec for spec in (*_SUPPORT, *_SUPPLY)}
