"""What the decider says on the wire: decisions and actions, as the outbox keeps them."""

from schemas.automation.action import Action, ActionRequested
from schemas.automation.decision import CaseDecided, Decision
from schemas.automation.journal import OutboxMessage
from schemas.automation.writing import WritingRequested
from schemas.base import Event
from services.chassis import envelope
from services.chassis.errors import Rejected
from services.chassis.record import Headers
from topics import Topic
from topics.automation import ACTION_REQUESTED, CASE_DECIDED, WRITING_REQUESTED

SOURCE = "/sluice/decider"

# Key, headers and the batch's framing beside the value.
_FRAMING = 2048
_MAX_KEY = 500

# What is left out, one after the other, where a decision is too large.
_SHORTER: tuple[dict[str, object], ...] = ({}, {"trail": ()}, {"trail": (), "facts": {}})


def decision_message(decision: Decision, traceparent: str) -> OutboxMessage:
    """The decision's record; what only explains is left out where it would not fit.

    Raises:
        Rejected: it does not fit without trail and facts either.
    """
    for left_out in _SHORTER:
        said = decision.model_copy(update=left_out) if left_out else decision
        value = CaseDecided(decision=said).model_dump_json(exclude_none=True)
        if _fits(value, CASE_DECIDED):
            return OutboxMessage(
                topic=CASE_DECIDED.name,
                key=decision.tenant,
                value=value,
                headers=_text(
                    envelope.headers(
                        CaseDecided.event_type,
                        str(decision.case_id),
                        SOURCE,
                        decision.decided_at,
                        decision.subject,
                        traceparent,
                    )
                ),
            )
    raise _too_large("the decision", CASE_DECIDED)


def action_message(action: Action, traceparent: str) -> OutboxMessage:
    """The action's record, keyed by what it changes.

    Raises:
        Rejected: the action or its target's name is too large for the topic.
    """
    target = action.target
    key = f"{action.tenant}|{target.system}|{target.kind}:{target.id}"
    if len(key) > _MAX_KEY:
        raise Rejected(f"action.target: {len(key)} characters with the tenant; at most {_MAX_KEY}")
    value = ActionRequested(action=action).model_dump_json(exclude_none=True)
    if not _fits(value, ACTION_REQUESTED):
        raise _too_large(f"action {action.type}", ACTION_REQUESTED)
    return OutboxMessage(
        topic=ACTION_REQUESTED.name,
        key=key,
        value=value,
        headers=_text(
            envelope.headers(
                ActionRequested.event_type,
                str(action.action_id),
                SOURCE,
                action.decided_at,
                action.subject,
                traceparent,
            )
        ),
        action_id=action.action_id,
        action_type=action.type,
        expires_at=action.warrant.expires_at,
    )


def writing_message(request: WritingRequested, traceparent: str) -> OutboxMessage | None:
    """The request's record; None where it is larger than the topic takes."""
    value = request.model_dump_json(exclude_none=True)
    if not _fits(value, WRITING_REQUESTED):
        return None
    return OutboxMessage(
        topic=WRITING_REQUESTED.name,
        key=request.tenant,
        value=value,
        headers=_text(
            envelope.headers(
                WritingRequested.event_type,
                str(request.writing_id),
                SOURCE,
                request.requested_at,
                request.subject,
                traceparent,
            )
        ),
    )


def _fits(value: str, topic: Topic[Event]) -> bool:
    # Characters first: counting bytes of what is far too small costs time in every case.
    room = topic.max_message_bytes - _FRAMING
    return len(value) * 4 <= room or len(value.encode()) <= room


def _too_large(what: str, topic: Topic[Event]) -> Rejected:
    return Rejected(
        f"{what} would exceed the {topic.max_message_bytes} bytes of {topic.name}: send a smaller"
        " event or ask the policy for fewer facts"
    )


def _text(headers: Headers) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}
