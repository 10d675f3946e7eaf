"""What a masked text names: numbers of orders, parts and containers, amounts of money, days.

By rules alone, so they say the same of the same text for ever; `RULES` is their version.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.intake.domain.amounts import amounts
from services.intake.domain.dates import days
from services.intake.domain.hints import Seen, seen
from services.intake.domain.mentions import mentions

# Counted up when other spans or values come out of the same text.
RULES = "entities:1"

_BOUND = 64 * 1024
_MOST = 50
_DIGIT = re.compile(r"\d")
_PLACEHOLDER = re.compile(r"\[\[[^\]]*\]\]")


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that the text names. `value` is in one spelling; `unit` is an amount's currency."""

    type: str
    value: str
    start: int
    end: int
    unit: str | None = None


def entities(text: str, near: date, *, order: str) -> tuple[Entity, ...]:
    """In the order of the text, none over another; what is masked names nothing.

    `order` is what the bare word stands for, "so" for a customer's; `near` is the day of the text.
    """
    if _DIGIT.search(text) is None:  # all of them have one
        return ()
    shown = _PLACEHOLDER.sub(lambda found: " " * len(found[0]), text[:_BOUND])
    kept: list[Entity] = []
    for each in _all(seen(shown), near, order):
        if all(each.end <= other.start or other.end <= each.start for other in kept):
            kept.append(each)
            if len(kept) == _MOST:
                break
    return tuple(sorted(kept, key=lambda each: each.start))


def _all(found: Seen, near: date, order: str) -> Iterator[Entity]:
    """The surest first."""
    for named in mentions(found, order):
        yield Entity(named.type, named.value, named.start, named.end)
    for day in days(found, near):
        yield Entity("date", day.value.isoformat(), day.start, day.end)
    for sum_ in amounts(found):
        yield Entity("amount", f"{sum_.value:f}", sum_.start, sum_.end, sum_.currency)
