"""What a case is asked: which question the models get, which facts are joined."""

from dataclasses import dataclass
from enum import StrEnum

from services.assessor.domain import joining


class Question(StrEnum):
    """A model of the server, by its name there."""

    TICKET = "read_ticket"
    NOTICE = "read_notice"


class Task(StrEnum):
    """What one answer is about."""

    INTENT = "intent"
    SENTIMENT = "sentiment"
    LANGUAGE = "language"
    EXCEPTION = "exception"
    URGENCY = "urgency"
    INJECTION = "injection"


# The task a question is asked for; the others are cues beside it.
MAIN_TASK = {Question.TICKET: Task.INTENT, Question.NOTICE: Task.EXCEPTION}


@dataclass(frozen=True, slots=True)
class Subject:
    """A case, as far as it matters here. `from_customer`: an inbound message, by a person."""

    support: bool
    echo: bool
    new_message: bool
    from_customer: bool
    automatic: bool
    has_text: bool


def question(case: Subject) -> Question | None:
    """Whom to ask, None for nobody: then the case goes on unread.

    Tickets are read for what the customer newly says: not our own doing, not an agent's answer, not
    an out-of-office note. Supply events are read where there is free text; their codes need no
    model.
    """
    if case.echo:
        return None
    if not case.support:
        return Question.NOTICE if case.has_text else None
    asked = case.new_message and case.from_customer and not case.automatic
    return Question.TICKET if asked else None


def wanted_facts(case: Subject) -> tuple[str, ...]:
    """What policies may want to know from outside the case; nothing for an echo."""
    return () if case.echo else joining.wanted(support=case.support)
