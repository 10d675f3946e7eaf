"""From a ruling to what is said about it: the decision, its warranted actions, the entry."""

from datetime import datetime

from schemas.automation.action import (
    Action,
    Autonomy,
    BudgetUse,
    Grant,
    PolicyRef,
    Target,
    Undo,
    Warrant,
)
from schemas.automation.assessment import CaseAssessed, ModelRef
from schemas.automation.case import Case
from schemas.automation.decision import (
    Decision,
    PlannedAction,
    Reason,
    Skipped,
    Verdict,
    Withheld,
)
from schemas.automation.journal import (
    Charge,
    Claim,
    Decided,
    Expected,
    Held,
    OutboxMessage,
    Watched,
)
from services.chassis.identity import stable_id
from services.chassis.names import Attr
from services.chassis.ports import Attribute, Trace
from services.decider.domain import ruling as domain
from services.decider.domain.case import CaseView
from services.decider.domain.observing import confidence
from services.decider.domain.policy import Policy
from services.decider.domain.ruling import Planned, Ruling
from services.decider.messages import action_message, decision_message

SEND_ACTION = "send automation.action.requested.v1"

_SHORT_TEXT = 500


def warrant(
    assessed: CaseAssessed,
    view: CaseView,
    ruling: Ruling,
    policy: Policy,
    now: datetime,
    trace: Trace,
    writer: ModelRef | None = None,
) -> tuple[Decision, Decided]:
    """The decision as it is said, and the journal's entry with all that goes out for it.

    `writer`: the model whose text the policy could see.

    Raises:
        Rejected: it would not fit on the wire.
    """
    proof = _Proof(assessed, ruling, policy, now, writer)
    planned = [(each, proof.action(each)) for each in ruling.actions]
    decision = _decision(assessed.case, ruling, proof.policy, planned, now)
    _note(decision, trace)
    outbox = [decision_message(decision, trace.traceparent)]
    proposals: list[Held] = []
    claims: list[Claim] = []
    charges: list[Charge] = []
    for each, action in planned:
        if each.withheld is None:
            outbox.append(_sent(each, action, trace))
            claims.extend(_claims(each, action))
            charges.extend(_charges(each, action))
        elif each.withheld is domain.Withheld.AWAITS_APPROVAL:
            action_message(action, trace.traceparent)  # its size is checked before it is promised
            proposals.append(_held(each, action, trace))
    return decision, Decided(
        case_id=assessed.case.case_id,
        subject=view.subject,
        revision=view.revision,
        message_id=view.message_id,
        claims=tuple(claims),
        charges=tuple(charges),
        proposals=tuple(proposals),
        outbox=tuple(outbox),
        expected=_expected(ruling),
        watched=tuple(
            Watched(
                device=each.device,
                at=each.at,
                celsius=each.celsius,
                seconds_out=each.seconds_out,
            )
            for each in ruling.learned.watched.values()
        ),
    )


def _expected(ruling: Ruling) -> Expected | None:
    said = ruling.learned.expected
    if said is None:
        return None
    return Expected(what=said.what, event_id=said.event_id, time=said.time, first=said.first)


class _Proof:
    """What the actions of one case have in common in their warrants."""

    def __init__(
        self,
        assessed: CaseAssessed,
        ruling: Ruling,
        policy: Policy,
        now: datetime,
        writer: ModelRef | None,
    ) -> None:
        readings = assessed.assessment.readings
        self._case = assessed.case
        self._evidence = assessed.assessment.evidence
        self._confidence = confidence(ruling.facts)
        self._calibrated = (
            bool(readings) and all(each.calibrated for each in readings) and writer is None
        )
        models = {model: None for each in readings for model in each.models}
        self._models = (*models, *(() if writer is None else (writer,)))
        self._now = now
        self.policy = (
            PolicyRef(id=policy.id, version=policy.version, sha256=policy.sha256, rule=ruling.rule)
            if ruling.rule is not None
            else None
        )

    def action(self, planned: Planned) -> Action:
        """The action with its warrant."""
        case = self._case
        assert self.policy is not None  # noqa: S101 - only a rule plans actions
        return Action(
            action_id=stable_id("action", str(case.case_id), planned.ordinal),
            tenant=case.tenant,
            subject=case.subject,
            type=planned.type,
            target=Target(
                system=planned.target.system, kind=planned.target.kind, id=planned.target.id
            ),
            parameters=dict(planned.parameters),
            effect_key=planned.effect_key,
            decided_at=self._now,
            warrant=Warrant(
                case_id=case.case_id,
                event_id=case.event_id,
                source=case.source,
                origin=case.origin,
                evidence=self._evidence,
                models=self._models,
                confidence=self._confidence,
                calibrated=self._calibrated,
                policy=self.policy,
                grant=Grant(level=Autonomy(planned.level.value), granted_by=planned.granted_by),
                budgets=tuple(
                    BudgetUse(
                        name=each.name, limit=each.limit, used=each.used, window_s=each.window_s
                    )
                    for each in planned.budgets
                ),
                expires_at=planned.expires_at,
                undo=_undo(planned),
                explanation=planned.explanation[:_SHORT_TEXT],
            ),
        )


def _decision(
    case: Case,
    ruling: Ruling,
    policy: PolicyRef | None,
    planned: list[tuple[Planned, Action]],
    now: datetime,
) -> Decision:
    return Decision(
        case_id=case.case_id,
        tenant=case.tenant,
        domain=case.domain,
        subject=case.subject,
        origin=case.origin,
        verdict=Verdict(ruling.verdict.value),
        reason=Reason(ruling.reason.value),
        policy=policy,
        actions=tuple(
            PlannedAction(
                action=action,
                autonomy=Autonomy(each.level.value),
                withheld=Withheld(each.withheld.value) if each.withheld else None,
            )
            for each, action in planned
        ),
        trail=tuple(Skipped(rule=rule, because=why[:_SHORT_TEXT]) for rule, why in ruling.trail),
        facts=dict(ruling.facts),
        decided_at=now,
    )


def _note(decision: Decision, trace: Trace) -> None:
    about: dict[str, Attribute] = {
        Attr.TENANT: decision.tenant,
        Attr.CASE_ID: str(decision.case_id),
        Attr.DOMAIN: decision.domain.value,
        Attr.VERDICT: decision.verdict.value,
        Attr.REASON: decision.reason.value,
    }
    if decision.policy is not None:
        about[Attr.POLICY] = f"{decision.policy.id}:{decision.policy.version}"
        about[Attr.RULE] = decision.policy.rule
    trace.note(about)


def _sent(planned: Planned, action: Action, trace: Trace) -> OutboxMessage:
    """The action's record; what the receiver does is a child of the span that sent it."""
    about: dict[str, Attribute] = {
        Attr.ACTION_ID: str(action.action_id),
        Attr.ACTION_TYPE: action.type,
        Attr.AUTONOMY: planned.level.value,
    }
    with trace.child(SEND_ACTION, about) as sending:
        return action_message(action, sending.traceparent)


def _held(planned: Planned, action: Action, trace: Trace) -> Held:
    claims = _claims(planned, action)
    return Held(
        action=action,
        traceparent=trace.traceparent,
        expires_at=planned.expires_at,
        claim=claims[0] if claims else None,
        charges=_charges(planned, action),
    )


def _claims(planned: Planned, action: Action) -> tuple[Claim, ...]:
    if planned.effect_key is None or planned.effect_until is None:
        return ()
    return (
        Claim(
            effect_key=planned.effect_key, action_id=action.action_id, until=planned.effect_until
        ),
    )


def _charges(planned: Planned, action: Action) -> tuple[Charge, ...]:
    return tuple(
        Charge(
            budget=each.key,
            action_id=action.action_id,
            amount=each.amount,
            until=each.until,
            limit=each.limit,
        )
        for each in planned.budgets
    )


def _undo(planned: Planned) -> Undo | None:
    if planned.undo is None:
        return None
    return Undo(type=planned.undo.type, parameters=dict(planned.undo.parameters))
