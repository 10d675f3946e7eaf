"""The operator's word as the decider holds it: autonomy, stops, and caution where it is unreadable.

No record is shadow: a class of actions that nobody released does nothing.
"""

import orjson
import structlog

from schemas.automation.action import Autonomy
from schemas.automation.control import AutonomyGrant, ControlChanged, ModelPointer, Stop
from services.chassis.ports import Metrics
from services.chassis.record import Record
from services.decider.domain.autonomy import Level

ANY = "*"

_log = structlog.get_logger()

Granted = tuple[Level, str | None]

_SHADOW: Granted = (Level.SHADOW, None)


class ControlView:
    """What the control topic says now; `apply` its records in their order."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._granted: dict[tuple[str, str, str], Granted] = {}
        self._stops: set[tuple[str, str]] = set()
        self._narrowed: set[tuple[str, str]] = set()

    def apply(self, record: Record) -> None:
        """Take one record in.

        Raises:
            pydantic.ValidationError: it cannot be read; then `unreadable` is next.
        """
        changed = ControlChanged.from_json(record.value or b"")
        match changed.change:
            case AutonomyGrant() as grant:
                about = grant.tenant, grant.action_type, grant.language
                self._granted[about] = (_level(grant.level), changed.control_id)
                self._readable_again(grant.tenant, grant.action_type)
            case Stop() as stop:
                covered = stop.tenant, stop.action_type
                (self._stops.add if stop.active else self._stops.discard)(covered)
                self._readable_again(*covered)
            case ModelPointer():
                return

    def unreadable(self, record: Record, error: Exception) -> None:
        """Narrow what an unreadable record names to shadow, until a readable one names it.

        An unreadable stop counts as pressed. What names nothing only alarms.
        """
        named = _named(record.value or b"")
        _log.error(
            "control: an unreadable record",
            offset=record.offset,
            error=type(error).__name__,
            narrowed=named is not None,
        )
        self._metrics.gauge("sluice_alarm", 1, what="control-unreadable")
        if named is not None:
            kind, about = named
            self._narrowed.add(about)
            if kind == "stop":
                self._stops.add(about)

    def autonomy(self, tenant: str, action_type: str, language: str | None) -> Granted:
        """The level, and the record that granted it; None where nobody did.

        A language's own record goes before the one for all languages.
        """
        if not self._narrowed.isdisjoint(_covering(tenant, action_type)):
            return _SHADOW
        for spoken in (language, ANY):
            found = self._granted.get((tenant, action_type, spoken or ANY))
            if found is not None:
                return found
        return _SHADOW

    def stopped(self, tenant: str, action_type: str) -> bool:
        """Whether a kill switch covers this."""
        return not self._stops.isdisjoint(_covering(tenant, action_type))

    def _readable_again(self, tenant: str, action_type: str) -> None:
        self._narrowed.discard((tenant, action_type))
        if not self._narrowed:
            self._metrics.gauge("sluice_alarm", 0, what="control-unreadable")


def _level(granted: Autonomy) -> Level:
    """What we do not know releases nothing."""
    return Level.SHADOW if granted is Autonomy.OTHER else Level(granted.value)


def _covering(tenant: str, action_type: str) -> tuple[tuple[str, str], ...]:
    return ((tenant, action_type), (tenant, ANY), (ANY, action_type), (ANY, ANY))


def _named(value: bytes) -> tuple[str, tuple[str, str]] | None:
    """The kind and the (tenant, action type) that a record names, as far as it can be made out."""
    try:
        change = orjson.loads(value)["change"]
        kind, tenant = str(change["kind"]), change.get("tenant")
        action_type = change.get("action_type", ANY)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    if kind == "stop":
        tenant = ANY if tenant is None else tenant
    named = isinstance(tenant, str) and isinstance(action_type, str) and kind != "model"
    return (kind, (tenant, action_type)) if named else None
