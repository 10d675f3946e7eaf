"""Facts that run with the clock: an instant was joined, and what it means depends on when one asks.

The assessor tells the instant, the decider reads its one clock: a replay with the recorded clock
comes to the same facts.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from services.decider.domain.values import Scalar


def days(span: timedelta) -> float:
    """In days, to the quarter of an hour."""
    return round(span / timedelta(days=1), 2)


def _sla(left: timedelta) -> dict[str, Scalar]:
    return {"sla.due_in": round(left.total_seconds(), 3), "sla.breached": left < timedelta()}


def _promise(left: timedelta) -> dict[str, Scalar]:
    return {"po.promised_in_days": days(left)}


# By the name that the instant has on the wire: what so long until it means.
INSTANTS: Mapping[str, Callable[[timedelta], dict[str, Scalar]]] = {
    "sla.due_at": _sla,
    "po.promised_at": _promise,
}


def told_by(name: str, value: Scalar | datetime, now: datetime) -> Mapping[str, Scalar]:
    """The facts that a joined one comes to at that moment: itself, or what its instant means."""
    return INSTANTS[name](value - now) if isinstance(value, datetime) else {name: value}


def instant(value: object) -> datetime | None:
    """An instant as it comes, ISO 8601 with its offset; None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
