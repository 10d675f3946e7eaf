"""What comes back: outcomes from the systems that acted, reviews from people."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, model_validator

from schemas.automation.case import Origin
from schemas.base import Event, Id, Instant, Part, ShortText, TolerantEnum


class OutcomeStatus(TolerantEnum):
    """What became of an action."""

    ACCEPTED = "accepted"
    EXECUTED = "executed"
    FAILED = "failed"
    REJECTED = "rejected"
    UNDONE = "undone"
    EXPIRED = "expired"
    NO_EFFECT = "no_effect"
    OTHER = "other"


class Outcome(Part):
    """What a downstream system did with an action."""

    outcome_id: Id
    action_id: UUID
    status: OutcomeStatus
    reason_code: Id | None = None
    actor: Id | None = Field(None, description="Opaque id of the system or person that acted.")
    at: Instant


class ReviewVerdict(TolerantEnum):
    """What a person said."""

    APPROVE = "approve"
    REJECT = "reject"
    CORRECT = "correct"
    OTHER = "other"


class Review(Part):
    """A person's word on a proposed action, or on what a case was read as."""

    review_id: Id
    action_id: UUID | None = None
    case_id: UUID | None = None
    verdict: ReviewVerdict
    reviewer: Id = Field(description="Opaque id of the person.")
    corrected_label: Id | None = None
    comment_code: ShortText | None = None
    at: Instant

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> "Review":
        if self.action_id is None and self.case_id is None:
            raise ValueError("action_id or case_id is required: say what the review is about")
        return self


class OutcomeReported(Event):
    """From outside: an action's outcome."""

    event_type: ClassVar[str] = "automation.outcome.reported.v1"

    outcome: Outcome


class ReviewGiven(Event):
    """From outside: a person's review."""

    event_type: ClassVar[str] = "automation.review.given.v1"

    review: Review


class FeedbackAccepted(Event):
    """An outcome or a review that passed the door. Exactly one of the two is set."""

    event_type: ClassVar[str] = "automation.feedback.accepted.v1"

    tenant: Id
    source: Id
    origin: Origin
    outcome: Outcome | None = None
    review: Review | None = None
