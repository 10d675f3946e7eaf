"""Where what could not be processed waits for a person, byte for byte as it came."""

from datetime import timedelta

from schemas.base import Event
from topics import KIB, MIB, Topic
from topics.automation import (
    CASE_ACCEPTED,
    CASE_ASSESSED,
    FEEDBACK_ACCEPTED,
    WRITING_COMPLETED,
    WRITING_REQUESTED,
)
from topics.support import TICKET_RECEIVED

# A dead letter is its original plus our headers: it must fit where its original did.
HEADROOM = 64 * KIB


def _dead_letters_of(service: str, *parents: Topic[Event]) -> Topic[Event]:
    return Topic(
        name=f"{service}.dead-letter.v1",
        event=None,
        key="the original's",
        writers=(service,),
        readers=("operator",),
        description=f"What {service} could not process: original bytes, key and headers.",
        retention=timedelta(days=30),
        max_message_bytes=max(parent.max_message_bytes for parent in parents) + HEADROOM,
    )


INTAKE_RETRY: Topic[Event] = Topic(
    name="intake.retry.v1",
    event=None,
    key="the original's",
    writers=("operator",),
    readers=("intake",),
    description="Redriven dead letters of outside topics; headers carry their origin.",
    retention=timedelta(days=14),
    max_message_bytes=2 * MIB + 2 * HEADROOM,
)

INTAKE_DEAD_LETTERS = _dead_letters_of("intake", TICKET_RECEIVED, INTAKE_RETRY)
ASSESSOR_DEAD_LETTERS = _dead_letters_of("assessor", CASE_ACCEPTED)
DECIDER_DEAD_LETTERS = _dead_letters_of(
    "decider", CASE_ASSESSED, FEEDBACK_ACCEPTED, WRITING_COMPLETED
)
WRITER_DEAD_LETTERS = _dead_letters_of("writer", WRITING_REQUESTED)
