"""What comes back: outcomes free what did not happen, reviews release or reject what waits."""

from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from schemas.automation.action import Action
from schemas.automation.decision import Withheld
from schemas.automation.feedback import FeedbackAccepted, Outcome, Review, ReviewVerdict
from schemas.automation.journal import (
    Cancelled,
    Charge,
    Claim,
    Held,
    InputPosition,
    OutcomeNoted,
    Reviewed,
)
from services.chassis.errors import Rejected
from services.chassis.identity import stable_id
from services.decider.journal.chunk import Chunk
from services.decider.journal.state import ActionState
from services.decider.messages import action_message
from services.decider.ports import Stops

Taken = TypeVar("Taken", Claim, Charge)


class Feedback:
    """One record of feedback, noted in the journal whatever it is about."""

    def __init__(
        self, accepted: FeedbackAccepted, cause: InputPosition, now: datetime, stops: Stops
    ) -> None:
        self._accepted = accepted
        self._tenant = accepted.tenant
        self._cause = cause
        self._now = now
        self._stops = stops

    def add_to(self, chunk: Chunk) -> None:
        """Add its entry; a second one with the same id adds nothing.

        Raises:
            Rejected: it says neither or both.
        """
        outcome, review = self._accepted.outcome, self._accepted.review
        if outcome is not None and review is None:
            self._note_outcome(chunk, outcome)
        elif review is not None and outcome is None:
            self._note_review(chunk, review)
        else:
            raise Rejected("outcome, review: exactly one of them must be set")

    def _entry_id(self, kind: str, given: str) -> str:
        return str(stable_id(kind, self._tenant, self._accepted.source, given))

    def _note_outcome(self, chunk: Chunk, outcome: Outcome) -> None:
        known = self._state_of(chunk, outcome.action_id)
        chunk.add(
            self._entry_id("outcome", outcome.outcome_id),
            self._tenant,
            self._now,
            OutcomeNoted(
                outcome_id=outcome.outcome_id,
                action_id=outcome.action_id,
                status=outcome.status.value,
                note="" if known else "unknown action",
            ),
            self._cause,
        )

    def _note_review(self, chunk: Chunk, review: Review) -> None:
        reviewed, cancelled = self._reviewed(chunk, review)
        added = chunk.add(
            self._entry_id("review", review.review_id),
            self._tenant,
            self._now,
            reviewed,
            self._cause,
        )
        if added and cancelled is not None:
            chunk.add(
                str(
                    stable_id("cancelled", cancelled.because.value, *map(str, cancelled.action_ids))
                ),
                self._tenant,
                self._now,
                cancelled,
                self._cause,
            )

    def _reviewed(self, chunk: Chunk, review: Review) -> tuple[Reviewed, Cancelled | None]:
        """What the review does, and what it turns out may never go."""

        def noted(why: str) -> Reviewed:
            return Reviewed(
                review_id=review.review_id, action_id=review.action_id, approved=False, note=why
            )

        if review.action_id is None:
            return noted("about the case: no action waits for it"), None
        if review.verdict not in {ReviewVerdict.APPROVE, ReviewVerdict.REJECT}:
            return noted(f"{review.verdict.value}: changes no action"), None
        state = self._state_of(chunk, review.action_id)
        held = chunk.state.proposal(review.action_id)
        if state is not ActionState.PROPOSED or held is None:
            return noted("unknown action" if state is None else f"no longer waits: {state}"), None
        if review.verdict is ReviewVerdict.REJECT:
            said = Reviewed(review_id=review.review_id, action_id=review.action_id, approved=False)
            return said, None
        because = self._may_not_go(chunk, held)
        if because is not None:
            may_not = Cancelled(action_ids=(review.action_id,), because=because)
            return noted(f"approved, and may not go any more: {because.value}"), may_not
        return self._approved(chunk, review, held), None

    def _state_of(self, chunk: Chunk, action_id: UUID) -> ActionState | None:
        """The action's state; another tenant's action is as unknown as none."""
        known = chunk.state.action(action_id)
        return known[1] if known is not None and known[0] == self._tenant else None

    def _may_not_go(self, chunk: Chunk, held: Held) -> Withheld | None:
        action = held.action
        if held.expires_at <= self._now:
            return Withheld.EXPIRED
        if self._stops.stopped(self._tenant, action.type):
            return Withheld.STOPPED
        if held.claim is not None and chunk.state.effect_holder(held.claim.effect_key, self._now):
            return Withheld.EFFECT_CLAIMED
        for charge in held.charges:
            used = chunk.state.budget_used(charge.budget, self._now)
            if charge.limit is not None and used + charge.amount > charge.limit:
                return Withheld.BUDGET
        return None

    def _approved(self, chunk: Chunk, review: Review, held: Held) -> Reviewed:
        action = _with_approval(chunk, held, review.review_id, self._now)
        later = self._now - held.action.decided_at
        return Reviewed(
            review_id=review.review_id,
            action_id=action.action_id,
            approved=True,
            claims=() if held.claim is None else (_later(held.claim, later),),
            charges=tuple(_later(charge, later) for charge in held.charges),
            # The action belongs to the case's trace, whatever trace the review came in.
            outbox=(action_message(action, held.traceparent),),
        )


def _with_approval(chunk: Chunk, held: Held, review_id: str, now: datetime) -> Action:
    """The action as it goes out: who approved it, and what its budgets look like by now."""
    warrant = held.action.warrant
    budgets = tuple(
        use.model_copy(update={"used": chunk.state.budget_used(charge.budget, now) + charge.amount})
        for use, charge in zip(warrant.budgets, held.charges, strict=False)
    )
    grant = warrant.grant.model_copy(update={"approved_by": review_id})
    warrant = warrant.model_copy(update={"grant": grant, "budgets": budgets})
    return held.action.model_copy(update={"warrant": warrant})


def _later(taken: Taken, by: timedelta) -> Taken:
    """A window counts from the emission, not from the proposal."""
    return taken.model_copy(update={"until": taken.until + by})
