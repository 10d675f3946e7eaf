"""Every event type there is, once."""

from schemas.automation.action import ActionRequested
from schemas.automation.assessment import CaseAssessed
from schemas.automation.case import CaseAccepted
from schemas.automation.control import ControlChanged
from schemas.automation.decision import CaseDecided
from schemas.automation.feedback import FeedbackAccepted, OutcomeReported, ReviewGiven
from schemas.automation.journal import JournalAppended
from schemas.automation.writing import WritingCompleted, WritingRequested
from schemas.base import Event
from schemas.reference import ReferenceEntityChanged
from schemas.supply import SupplyEventReceived
from schemas.support import TicketReceived
from schemas.vault import VaultChanged, VaultKeyChanged

EVENTS: tuple[type[Event], ...] = (
    TicketReceived,
    SupplyEventReceived,
    OutcomeReported,
    ReviewGiven,
    CaseAccepted,
    CaseAssessed,
    CaseDecided,
    ActionRequested,
    FeedbackAccepted,
    JournalAppended,
    WritingRequested,
    WritingCompleted,
    ReferenceEntityChanged,
    ControlChanged,
    VaultKeyChanged,
    VaultChanged,
)
