"""Words with digits, and numbers said in words: as they are compared between a text and its source.

A number is compared by its value ("2,400", "2400", "two thousand" are no two things), anything else
with a digit in it by its letters and digits ("PO-4711" and "PO 4711" are one id).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_WORD = re.compile(r"\w+(?:[-_/.:,'\u2019#+]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,'\u2019]\d+)*")
_SEPARATOR = re.compile(r"[.,'\u2019]")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[,'\u2019.])(?:\d{2,3}(?P=mark))*\d{3}")
_BETWEEN = re.compile(r"[^\w]+")
# Words of one id that its source writes apart: "container MSKU 123456 7".
_APART = 3
_MOST_DIGITS = 30

_UNITS = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS: dict[str, int] = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
}
# Said of nothing in particular far more often than of a number.
_NO_NUMBER = frozenset({"one", "zero"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text, where it stands."""

    text: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        """Whether it has a value: "2,400", but no "PO-4711" and no "12/03"."""
        return _NUMBER.fullmatch(self.text) is not None or self.text.casefold() in _COUNTING

    @property
    def counts(self) -> bool:
        """Whether somebody could act on it: it has a digit, or says a number."""
        return any(c.isdigit() for c in self.text) or self.text.casefold() in _COUNTING


_COUNTING = frozenset(NUMBER_WORDS) - _NO_NUMBER


def tokens(text: str) -> Iterator[Token]:
    """All words, in order."""
    for found in _WORD.finditer(text):
        yield Token(found.group(), found.start(), found.end())


def values(text: str) -> frozenset[Decimal]:
    """What a number may mean: "2,400" is 2400, "2.400" may be 2.4, too, and "two" is 2."""
    word = text.casefold()
    if word in NUMBER_WORDS:
        return frozenset({Decimal(NUMBER_WORDS[word])})
    if len(text) > _MOST_DIGITS or _NUMBER.fullmatch(text) is None:
        return frozenset()
    return frozenset(Decimal(reading) for reading in _readings(text))


def _readings(text: str) -> Iterator[str]:
    """Its digits with a decimal point, for each way of telling groups from a fraction."""
    *whole, last = _SEPARATOR.split(text)
    marks = _SEPARATOR.findall(text)
    grouped = _GROUPED.fullmatch(text) is not None
    if not marks or grouped:
        yield "".join((*whole, last))
    # One comma with three digits behind it groups, the world over; one point may do either.
    could_be = marks and marks[-1] in ".," and marks[-1] not in marks[:-1]
    if could_be and not (grouped and marks != ["."]):
        yield f"{''.join(whole)}.{last}"


def letters(text: str) -> str:
    """An id without what stands between its parts, in one case."""
    return _BETWEEN.sub("", text.replace("_", "")).casefold()


class Known:
    """Everything that a source says, to be asked whether it supports a token."""

    def __init__(self, *sources: str) -> None:
        self._values: set[Decimal] = set()
        self._ids: set[str] = set()
        self.words: set[str] = set()
        for source in sources:
            found = list(tokens(source))
            for place, token in enumerate(found):
                self.words.add(token.text.casefold())
                self._values |= values(token.text)
                self._note_ids(found[place : place + _APART])

    def _note_ids(self, window: list[Token]) -> None:
        """An id may be written in one word or in up to three."""
        joined = ""
        for token in window:
            joined += letters(token.text)
            # Of digits alone, two words are two numbers: nothing is put together of them.
            if not joined.isdigit() or token is window[0]:
                self._ids.add(joined)

    def supports(self, token: Token) -> bool:
        """Whether the source says the same."""
        if token.is_number:
            return bool(values(token.text) & self._values)
        return letters(token.text) in self._ids
