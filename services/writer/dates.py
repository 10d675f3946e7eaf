"""What words say about time, in the languages of our notices: dateparser, held to one answer.

Every setting that could depend on the machine, its clock or its locale is fixed; what may be read
in two ways is not read at all.
"""

import re
from datetime import UTC, datetime, timedelta

from services.writer.domain.asking import Moment
from services.writer.domain.tokens import NUMBER_WORDS

_LANGUAGES = ["en", "hi", "bn", "ta", "de", "es", "fr"]
_SETTINGS: dict[str, object] = {
    "TIMEZONE": "UTC",
    "TO_TIMEZONE": "UTC",
    "RETURN_AS_TIMEZONE_AWARE": False,
    "PREFER_DATES_FROM": "future",
    "PREFER_LOCALE_DATE_ORDER": False,
    "DATE_ORDER": "DMY",  # only where day and month cannot be mistaken, see below
    "REQUIRE_PARTS": ["day", "month"],
    "PARSERS": ["absolute-time", "relative-time"],
    "NORMALIZE": True,
}
_MOST_WORDS = 5
_LONGEST = 80
_EITHER_WAY = re.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-]\d{2,4})?")
_MONTHS = 12
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
# A span of business days depends on a calendar that nobody gave us.
_CALENDAR = re.compile(r"\b(?:working|business|bank|arbeits|werk|ouvr|h[áa]bil)", re.IGNORECASE)
_EARLIER = re.compile(r"\b(?:earlier|before|ahead|early|sooner|advance\w*)\b", re.IGNORECASE)
_DIGITS = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
# "कल" and "কাল" are yesterday, too.
_NAMED = frozenset({"tomorrow", "today", "आज", "আজ", "আগামীকাল", "இன்று", "நாளை"})
_FAR = timedelta(days=2 * 366)
# Two bases: an answer that follows the base is a span, one that does not is a day.
_SHIFT = timedelta(days=3)


def read(words: str, base: datetime) -> Moment | None:
    """The day or the number of days that the words say; None where they do not, or say two."""
    quote = " ".join(words.split())[:_LONGEST]
    if _ambiguous(quote) or _CALENDAR.search(quote):
        return None
    start = base.astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0, tzinfo=None)
    said = quote.strip(" .,;:()").split(" ")
    for size in range(min(len(said), _MOST_WORDS), 0, -1):
        runs = (" ".join(said[at : at + size]) for at in range(len(said) - size + 1))
        found = {run: day for run in runs if _says_time(run) and (day := _parse(run, start))}
        days = set(found.values())
        if len(days) > 1 or any(abs(day - start) > _FAR for day in days):
            return None  # "27 November or 11 December"; "14 and 15 April" is no year
        for run, day in found.items():
            return _moment(run, day, start, earlier=bool(_EARLIER.search(quote)))
    return None


def _moment(run: str, found: datetime, start: datetime, *, earlier: bool) -> Moment | None:
    moved = _parse(run, start + _SHIFT)
    if moved is None or moved - found != _SHIFT:
        return Moment(day=found.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC))
    days, rest = divmod(found - start, timedelta(days=1))
    if rest:
        return None  # of hours no day is told
    if earlier:
        return Moment(days=-days)  # than what was expected: no day follows from it alone
    return Moment(day=(start + timedelta(days=days)).replace(hour=0, tzinfo=UTC), days=days)


def _ambiguous(quote: str) -> bool:
    """Whether day and month could be mistaken for each other: "12/03" but not "27/03"."""
    without = _ISO.sub(" ", quote)
    return any(
        int(found[1]) <= _MONTHS and int(found[2]) <= _MONTHS and found[1] != found[2]
        for found in _EITHER_WAY.finditer(without)
    )


def _says_time(run: str) -> bool:
    """Has a number and what is counted, or is a date in digits, or a word for a day.

    A number alone is none: dateparser would take it for a day of this month.
    """
    words = run.casefold().split(" ")
    if len(words) == 1:
        return words[0] in _NAMED or _DIGITS.fullmatch(words[0]) is not None
    numbers = [w for w in words if any(c.isdigit() for c in w) or w in NUMBER_WORDS]
    return bool(numbers) and any(w not in numbers and len(w) > 1 for w in words)


def _parse(run: str, base: datetime) -> datetime | None:
    import dateparser  # noqa: PLC0415 - a second of loading that no other module needs

    found: datetime | None = dateparser.parse(
        run, languages=_LANGUAGES, settings={**_SETTINGS, "RELATIVE_BASE": base}
    )
    return found
