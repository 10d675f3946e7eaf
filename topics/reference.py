"""Facts that other systems own, broadcast to every process that joins them."""

from schemas.reference import ReferenceEntityChanged
from topics import Topic

ENTITY_CHANGED = Topic(
    name=ReferenceEntityChanged.event_type,
    event=ReferenceEntityChanged,
    key="tenant|type:id",
    writers=("outside",),
    readers=("assessor",),
    description="The current state of an entity; a null value removes it.",
    cleanup="compact",
    retention=None,
)
