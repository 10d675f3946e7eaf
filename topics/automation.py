"""The flow itself, from the door to the action, and what comes back."""

from datetime import timedelta

from schemas.automation.action import ActionRequested
from schemas.automation.assessment import CaseAssessed
from schemas.automation.case import CaseAccepted
from schemas.automation.control import ControlChanged
from schemas.automation.decision import CaseDecided
from schemas.automation.feedback import FeedbackAccepted, OutcomeReported, ReviewGiven
from schemas.automation.journal import JournalAppended
from schemas.automation.writing import WritingCompleted, WritingRequested
from topics import MIB, Topic

OUTCOME_REPORTED = Topic(
    name=OutcomeReported.event_type,
    event=OutcomeReported,
    key="anything: intake keys anew",
    writers=("outside",),
    readers=("intake",),
    description="What a downstream system did with an action.",
    retention=timedelta(days=14),
)

REVIEW_GIVEN = Topic(
    name=ReviewGiven.event_type,
    event=ReviewGiven,
    key="anything: intake keys anew",
    writers=("outside",),
    readers=("intake",),
    description="A person approves, rejects or corrects.",
    retention=timedelta(days=14),
)

CASE_ACCEPTED = Topic(
    name=CaseAccepted.event_type,
    event=CaseAccepted,
    key="subject: tenant|kind:id",
    writers=("intake",),
    readers=("assessor",),
    description="An event that passed the door: valid, mapped, masked, identified.",
    retention=timedelta(days=14),
)

CASE_ASSESSED = Topic(
    name=CaseAssessed.event_type,
    event=CaseAssessed,
    key="tenant",
    writers=("assessor",),
    readers=("decider",),
    description="A case and all that was found out about it.",
    retention=timedelta(days=14),
    max_message_bytes=2 * MIB,
)

FEEDBACK_ACCEPTED = Topic(
    name=FeedbackAccepted.event_type,
    event=FeedbackAccepted,
    key="tenant",
    writers=("intake",),
    readers=("decider",),
    description="An outcome or a review that passed the door.",
    retention=timedelta(days=14),
)

JOURNAL_APPENDED = Topic(
    name=JournalAppended.event_type,
    event=JournalAppended,
    key="tenant",
    writers=("decider",),
    readers=("decider",),
    description="Internal: the decider's write-ahead log and only state.",
    retention=timedelta(days=90),
    max_message_bytes=4 * MIB,
)

CASE_DECIDED = Topic(
    name=CaseDecided.event_type,
    event=CaseDecided,
    key="tenant",
    writers=("decider",),
    readers=("outside",),
    description="The one decision of every case, also when nothing is to be done.",
    retention=timedelta(days=90),
    max_message_bytes=2 * MIB,
)

ACTION_REQUESTED = Topic(
    name=ActionRequested.event_type,
    event=ActionRequested,
    key="target: tenant|system|kind:id",
    writers=("decider",),
    readers=("outside",),
    description="An authorised action with its warrant. Honour action_id.",
    retention=timedelta(days=30),
)

CONTROL_CHANGED = Topic(
    name=ControlChanged.event_type,
    event=ControlChanged,
    key="what it is about",
    writers=("operator",),
    readers=("assessor", "decider"),
    description="Autonomy, stops and model pointers; kept for ever, it is the audit.",
    partitions=1,
    retention=None,
)

WRITING_REQUESTED = Topic(
    name=WritingRequested.event_type,
    event=WritingRequested,
    key="tenant",
    writers=("decider",),
    readers=("writer",),
    description="A text is asked for: an extraction, a summary, a draft.",
    retention=timedelta(days=14),
)

WRITING_COMPLETED = Topic(
    name=WritingCompleted.event_type,
    event=WritingCompleted,
    key="tenant",
    writers=("writer",),
    readers=("decider",),
    description="What came of it: guarded text, or why a person has to look.",
    retention=timedelta(days=14),
)
