"""What a case's text names, in the contract's words."""

from datetime import datetime
from typing import Any

from schemas.automation import case as wire
from services.intake.domain.entities import RULES, entities

# In a customer's mouth an order is theirs to us, in a supplier's it is ours to them.
_ORDER = {wire.Domain.SUPPORT: "so", wire.Domain.SUPPLY: "po"}


def named(text: str, domain: wire.Domain, occurred_at: datetime | None) -> dict[str, Any]:
    """The fields of a case that say it; none where nothing is named."""
    if not text or occurred_at is None:
        return {}
    found = entities(text, occurred_at.date(), order=_ORDER[domain])
    if not found:
        return {}
    return {
        "entities": tuple(
            wire.Entity(
                type=wire.EntityType(each.type),
                value=each.value,
                unit=each.unit,
                start=each.start,
                end=each.end,
            )
            for each in found
        ),
        "entities_by": RULES,
    }
