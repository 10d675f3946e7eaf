"""Tickets, as anybody may publish them."""

from datetime import timedelta

from schemas.support import TicketReceived
from topics import MIB, Topic

TICKET_RECEIVED = Topic(
    name=TicketReceived.event_type,
    event=TicketReceived,
    key="anything: intake keys anew",
    writers=("outside",),
    readers=("intake",),
    description="One revision of a ticket, in our canonical form or in its source's own.",
    retention=timedelta(days=14),
    max_message_bytes=2 * MIB,
)
