"""What comes back, on its way in: outcomes and reviews, their ids masked as all ids are."""

from typing import Any, TypeVar

from schemas.automation.case import Origin
from schemas.automation.feedback import (
    FeedbackAccepted,
    Outcome,
    OutcomeReported,
    Review,
    ReviewGiven,
)
from services.chassis.dead_letters import RecordOrigin
from services.chassis.errors import Rejected
from services.intake.domain.bounds import time_fits
from services.intake.domain.masking import Masker
from services.intake.formats.base import validated
from services.intake.sources import Source
from topics.automation import OUTCOME_REPORTED

P = TypeVar("P", Outcome, Review)


def feedback_of(
    data: Any, source: Source, origin: RecordOrigin, masker: Masker
) -> FeedbackAccepted:
    """The accepted outcome or review, as the topic it came in by says.

    Raises:
        Rejected: naming each field and what is wrong.
    """
    place = Origin(
        topic=origin.topic,
        partition=origin.partition,
        offset=origin.offset,
        timestamp=origin.timestamp,
    )
    if origin.topic == OUTCOME_REPORTED.name:
        outcome = _without_persons(validated(OutcomeReported, data).outcome, masker)
        return FeedbackAccepted(
            tenant=source.tenant, source=source.name, origin=place, outcome=outcome
        )
    review = _without_persons(validated(ReviewGiven, data).review, masker)
    return FeedbackAccepted(tenant=source.tenant, source=source.name, origin=place, review=review)


def _without_persons(part: P, masker: Masker) -> P:
    if not time_fits(part.at):
        raise Rejected("at: no such year; correct it")
    # Members of closed sets are strings, too: they stay what they are.
    ids = {name: masker.identifier(value) for name, value in part if type(value) is str}
    return part.model_copy(update=ids)
