"""Supply-chain events, as anybody may publish them."""

from datetime import timedelta

from schemas.supply import SupplyEventReceived
from topics import MIB, Topic

SUPPLY_EVENT_RECEIVED = Topic(
    name=SupplyEventReceived.event_type,
    event=SupplyEventReceived,
    key="anything: intake keys anew",
    writers=("outside",),
    readers=("intake",),
    description="A supply event, an EPCIS document, a DCSA event or a notice.",
    retention=timedelta(days=14),
    max_message_bytes=2 * MIB,
)
