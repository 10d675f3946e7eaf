"""Our own canonical forms: a ticket's revision and a supply event, as in schemas/."""

from collections.abc import Sequence
from typing import Any

from schemas.supply import SupplyEventReceived
from schemas.support import TicketReceived
from services.intake.formats.base import Format, Mapped, validated
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED


def _ticket(data: Any) -> Sequence[Mapped]:
    return [Mapped(validated(TicketReceived, data), None)]


def _supply(data: Any) -> Sequence[Mapped]:
    event = validated(SupplyEventReceived, data)
    return [Mapped(event, event.event_id)]


TICKET = Format(
    "sluice-ticket",
    1,
    TICKET_RECEIVED.name,
    lambda data: isinstance(data, dict) and "ticket_id" in data,
    _ticket,
)
SUPPLY_EVENT = Format(
    "sluice-supply",
    1,
    SUPPLY_EVENT_RECEIVED.name,
    lambda data: isinstance(data, dict) and {"family", "milestone", "refs"} <= data.keys(),
    _supply,
)
