"""What a customer told us, for the courier alone: sealed records that go out before their case."""

from collections.abc import Mapping

from schemas.automation.case import Case
from schemas.base import Event
from services.chassis import envelope as out
from services.chassis.ports import Metrics
from services.chassis.record import Message
from services.chassis.vault.records import PLACEHOLDER, Place
from services.chassis.vault.sealing import Sealer
from services.intake.envelope import SOURCE

# Who names more in one message sends a list; and no address is longer (RFC 5321 §4.5.3.1).
_MAX_VALUES = 32
_MAX_BYTES = 320


class Vault:
    """Keeps values of customers that can be told apart: what nobody could erase is not kept."""

    def __init__(self, sealer: Sealer, metrics: Metrics) -> None:
        self._sealer = sealer
        self._metrics = metrics

    def messages(self, case: Case, told: Mapping[str, str], traceparent: str) -> list[Message]:
        """The records of one case, its key first; the same values again do no harm."""
        if case.customer_ref is None:
            return []
        values = dict(list(_keepable(told).items())[:_MAX_VALUES])
        self._count(len(values), len(told) - len(values))
        if not values:
            return []
        sealed = self._sealer.seal(case.tenant, case.customer_ref, values)
        named: list[tuple[str, Event]] = [(sealed.key.key_id, sealed.key)]
        named += [(each.placeholder, each) for each in sealed.values]
        return [
            _message(event, Place(case.tenant, case.customer_ref, name), case, traceparent)
            for name, event in named
        ]

    def _count(self, kept: int, left: int) -> None:
        for result, count in (("kept", kept), ("left", left)):
            if count:
                self._metrics.count("sluice_vault_values_total", count, result=result)


def _keepable(told: Mapping[str, str]) -> dict[str, str]:
    """By the placeholder's name; what is too long is no address, whatever it looks like."""
    return {
        found[1]: value
        for placeholder, value in told.items()
        if (found := PLACEHOLDER.fullmatch(placeholder)) and len(value.encode()) <= _MAX_BYTES
    }


def _message(event: Event, place: Place, case: Case, traceparent: str) -> Message:
    headers = out.headers(
        event.event_type,
        f"{case.case_id}:{place.name}",
        SOURCE,
        case.origin.timestamp,
        case.subject,
        traceparent,
    )
    return Message(event.event_type, place.key, event.to_json(), headers)
