"""What an entry of the journal does to the state: the same for every reader, whoever wrote it."""

from dataclasses import replace

from schemas.automation.feedback import OutcomeStatus
from schemas.automation.journal import (
    Cancelled,
    Decided,
    Emitted,
    JournalAppended,
    OutboxMessage,
    OutcomeNoted,
    Reviewed,
    Waiting,
)
from services.decider.journal.state import ActionState, State
from services.decider.journal.subjects import millis

Body = Decided | Waiting | Reviewed | OutcomeNoted | Cancelled | Emitted

# The action did not happen, or no longer counts: its effect may happen by another one.
FREEING = frozenset(
    {OutcomeStatus.FAILED, OutcomeStatus.REJECTED, OutcomeStatus.UNDONE, OutcomeStatus.EXPIRED}
)


def fold(state: State, entry: JournalAppended, offset: int) -> bool:
    """Apply an entry that was read at `offset`; False where it is void.

    Void is an entry that is not where its writer meant it to be: somebody had written in
    between, so it rests on a state that was not the last one. And of one id the first counts.
    """
    if entry.offset != offset:
        return False
    at_ms = millis(entry.at)
    match entry.body:
        case Decided() | Waiting() | Reviewed() | OutcomeNoted() as caused:
            if not state.remember(entry.entry_id, offset, at_ms):
                return False
            _fold_caused(state, entry.tenant, caused, at_ms)
        case Cancelled() as cancelled:
            _fold_cancelled(state, cancelled)
        case Emitted() as emitted:
            marker = max(state.position.marker, emitted.through)
            state.position = replace(state.position, marker=marker)
    if at_ms > state.position.clock_ms:
        state.position = replace(state.position, clock_ms=at_ms)
    return True


def outbox_of(entry: JournalAppended) -> tuple[OutboxMessage, ...]:
    """What the entry wants to be emitted."""
    match entry.body:
        case Decided() | Waiting() | Reviewed() as body:
            return body.outbox
        case OutcomeNoted() | Cancelled() | Emitted():
            return ()


def _fold_caused(
    state: State, tenant: str, body: Decided | Waiting | Reviewed | OutcomeNoted, at_ms: int
) -> None:
    match body:
        case Decided():
            _fold_decided(state, tenant, body, at_ms)
        case Waiting() if state.offset_of(str(body.case_id)) is None:
            state.waits.keep(body, tenant, at_ms)
        case Waiting():
            pass  # it was decided before it could wait
        case Reviewed():
            _fold_reviewed(state, tenant, body, at_ms)
        case OutcomeNoted():
            _fold_outcome(state, tenant, body)


def _fold_decided(state: State, tenant: str, body: Decided, at_ms: int) -> None:
    state.waits.forget(body.case_id)
    if body.revision is not None:
        state.note_revision(body.subject, body.revision, at_ms)
    if body.message_id is not None:
        state.note_message(body.subject, body.message_id, at_ms)
    for message in body.outbox:
        if message.action_id is not None:
            state.note_action(message.action_id, tenant, ActionState.REQUESTED, at_ms)
    for proposal in body.proposals:
        state.note_action(proposal.action.action_id, tenant, ActionState.PROPOSED, at_ms)
        state.hold(proposal, tenant, at_ms)
    state.learn(body, at_ms)
    state.take(body.claims, body.charges, at_ms)


def _fold_reviewed(state: State, tenant: str, body: Reviewed, at_ms: int) -> None:
    if body.note or body.action_id is None:
        return
    if state.action(body.action_id) != (tenant, ActionState.PROPOSED):
        return
    state.drop_proposal(body.action_id)
    if body.approved:
        state.move_action(body.action_id, ActionState.REQUESTED)
        state.take(body.claims, body.charges, at_ms)
    else:
        state.move_action(body.action_id, ActionState.REJECTED)


def _fold_outcome(state: State, tenant: str, body: OutcomeNoted) -> None:
    if body.status not in FREEING:
        return
    known = state.action(body.action_id)
    if known == (tenant, ActionState.REQUESTED):
        state.free(body.action_id)
        state.move_action(body.action_id, ActionState.ENDED)
    elif known == (tenant, ActionState.CANCELLED):
        # It had gone out before it was cancelled; now we know that it did not happen.
        state.free(body.action_id)


def _fold_cancelled(state: State, body: Cancelled) -> None:
    for action_id in body.action_ids:
        state.drop_proposal(action_id)
        state.move_action(action_id, ActionState.CANCELLED)
        if not body.uncertain:
            state.free(action_id)
