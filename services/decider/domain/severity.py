"""How bad an exception is: by rule over facts, never by a model. What is not known does not count.

It begins with the kind of exception, for a delay with its length, for unsafe goods with how harmful
they are. Stock that does not last raises it, and so does money at risk, by one step at most: a
day's delay of a great order is not yet critical.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.decider.domain.exceptions import SEVERITIES
from services.decider.domain.values import Facts, number

# What can say how bad it is.
DRIVERS = ("kind", "late", "safety", "cover", "money")

KINDS: Mapping[str, str] = {
    "delay": "major",  # of unknown length: a person should look
    "shortage": "major",
    "quality": "critical",
    "temperature_excursion": "critical",
    "customs_hold": "major",
    "damage": "major",
    "capacity": "major",
    "demand_spike": "minor",
    "price": "minor",
    "cancellation": "critical",
    "force_majeure": "critical",
    "data_quality": "minor",
    "other": "minor",
}
# Rows of the code tables that say less than their kind does.
ROWS = {
    "code:dcsa:EQUIPMENT:RSEA": "minor",  # a new seal: mostly customs looked in
    "reason:x12:AK": "minor",  # packed anew
}

_UNSAFE = frozenset({"quality", "damage", "temperature_excursion"})
# Nothing arrives, or nothing that may be used.
_STOPPING = _UNSAFE | {
    "delay", "shortage", "customs_hold", "capacity", "cancellation", "force_majeure",
}  # fmt: skip
_COSTLY = _STOPPING | {"price"}


@dataclass(frozen=True, slots=True)
class Steps:
    """From where on something is major, and critical."""

    major: float
    critical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The operator's own figures. A currency or class that is not listed does not count."""

    late_days: Steps = Steps(3.0, 7.0)
    cover_days: Steps | None = None  # below it
    money: Mapping[str, Steps] = field(default_factory=dict)
    safety: Mapping[str, str] = field(default_factory=dict)

    def cover_is_low(self, days: float | None) -> bool:
        """Whether the stock is about to end."""
        return days is not None and self.cover_days is not None and days < self.cover_days.major


USUAL = Scale()


def severity(facts: Facts, scale: Scale = USUAL) -> tuple[str, str] | None:
    """How bad the exception of the facts is, and what says so; None where there is none."""
    label = facts.get("exception.label")
    if label is None:
        return None
    found = _begin(str(label), facts, scale)
    if label in _STOPPING:
        found = _worse(found, _cover(facts, scale), "cover")
    if label in _COSTLY:
        worth = _worth(str(label), facts, scale)
        if _rank(worth) > _rank(found[0]):
            found = SEVERITIES[_rank(found[0]) + 1], "money"
    return found


def days_late(facts: Facts) -> float | None:
    """By how many days: the most that is known; at least what has passed of a promise."""
    told = [
        number(facts, name) for name in ("supply.delay_days", "supply.slipped_days", "po.late_days")
    ]
    known = [days for days in told if days is not None and days > 0]
    left = number(facts, "po.promised_in_days")
    if not known and left is not None and left < 0:
        known = [-left]
    return max(known, default=None)


def _begin(label: str, facts: Facts, scale: Scale) -> tuple[str, str]:
    late = number(facts, "exception.days_late")
    if label == "delay" and late is not None:
        return _at(late, scale.late_days), "late"
    harm = scale.safety.get(str(facts.get("sku.safety_class")))
    if label in _UNSAFE and harm is not None:
        return harm, "safety"
    row = str(facts.get("exception.rule"))
    return ROWS.get(row) or KINDS.get(label, "minor"), "kind"


def _cover(facts: Facts, scale: Scale) -> str:
    """A delay whose length is known is as bad as what it leaves of the stock; else the stock is."""
    cover, late = number(facts, "stock.cover_days"), number(facts, "exception.days_late")
    if cover is None:
        return "minor"
    if facts.get("exception.label") == "delay" and late is not None:
        return "critical" if cover < late else "minor"
    steps = scale.cover_days
    if steps is None:
        return "minor"
    return "critical" if cover < steps.critical else "major" if cover < steps.major else "minor"


def _worth(label: str, facts: Facts, scale: Scale) -> str:
    """Of a purchase order, else of an order; of a new price what it costs more."""
    for named in ("po", "order"):
        amount = number(facts, f"{named}.amount")
        steps = scale.money.get(str(facts.get(f"{named}.currency")))
        if amount is None or steps is None:
            continue
        if label == "price":
            change = number(facts, "supply.price_change")
            if change is None:
                return "minor"
            amount *= change / 100
        return _at(amount, steps)
    return "minor"


def _at(value: float, steps: Steps) -> str:
    if value >= steps.critical:
        return "critical"
    return "major" if value >= steps.major else "minor"


def _worse(found: tuple[str, str], other: str, driver: str) -> tuple[str, str]:
    return (other, driver) if _rank(other) > _rank(found[0]) else found


def _rank(name: str) -> int:
    return SEVERITIES.index(name)
