"""Cheap questions that most texts answer with no, so that no pattern has to look at them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.intake.domain.cleaning import lowered

_NUMBER = re.compile(r"\d+")
# Further from its number stands no word of money and no month.
_BEFORE, _AFTER = 16, 24


@dataclass(frozen=True, slots=True)
class Seen:
    """A text, the same in small letters, and of those what stands around its numbers."""

    text: str
    low: str
    beside: str


def seen(text: str) -> Seen:
    """Look at a text once for all who search it."""
    low = lowered(text)
    around = (low[max(0, m.start() - _BEFORE) : m.end() + _AFTER] for m in _NUMBER.finditer(low))
    return Seen(text, low, "\n".join(around))


def any_of(signs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text has one of these in it."""
    known = tuple(signs)
    return lambda text: any(map(text.__contains__, known))
