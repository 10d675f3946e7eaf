"""The one list of topics: provisioning, documents and tests read it."""

from schemas.base import Event
from topics import Topic
from topics.automation import (
    ACTION_REQUESTED,
    CASE_ACCEPTED,
    CASE_ASSESSED,
    CASE_DECIDED,
    CONTROL_CHANGED,
    FEEDBACK_ACCEPTED,
    JOURNAL_APPENDED,
    OUTCOME_REPORTED,
    REVIEW_GIVEN,
)
from topics.dead_letters import (
    ASSESSOR_DEAD_LETTERS,
    DECIDER_DEAD_LETTERS,
    INTAKE_DEAD_LETTERS,
    INTAKE_RETRY,
)
from topics.reference import ENTITY_CHANGED
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED
from topics.vault import VAULT_CHANGED, VAULT_KEY_CHANGED

ALL: tuple[Topic[Event], ...] = (
    TICKET_RECEIVED,
    SUPPLY_EVENT_RECEIVED,
    OUTCOME_REPORTED,
    REVIEW_GIVEN,
    CASE_ACCEPTED,
    CASE_ASSESSED,
    FEEDBACK_ACCEPTED,
    JOURNAL_APPENDED,
    CASE_DECIDED,
    ACTION_REQUESTED,
    ENTITY_CHANGED,
    CONTROL_CHANGED,
    VAULT_KEY_CHANGED,
    VAULT_CHANGED,
    INTAKE_RETRY,
    INTAKE_DEAD_LETTERS,
    ASSESSOR_DEAD_LETTERS,
    DECIDER_DEAD_LETTERS,
)
