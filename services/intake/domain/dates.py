"""Calendar days that a text names, where it leaves no doubt which."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.intake.domain.hints import Seen, any_of

_MONTHS = (
    "january jan januar जनवरी জানুয়ারি ஜனவரி",
    "february feb februar फरवरी फ़रवरी ফেব্রুয়ারি பிப்ரவரி",
    "march mar märz मार्च মার্চ மார்ச்",
    "april apr अप्रैल এপ্রিল ஏப்ரல்",
    "may mai मई মে மே",
    "june jun juni जून জুন ஜூன்",
    "july jul juli जुलाई জুলাই ஜூலை",
    "august aug अगस्त আগস্ট ஆகஸ்ட்",
    "september sept sep सितंबर सितम्बर সেপ্টেম্বর செப்டம்பர்",
    "october oct oktober okt अक्टूबर অক্টোবর அக்டோபர்",
    "november nov नवंबर नवम्बर নভেম্বর நவம்பர்",
    "december dec dezember dez दिसंबर दिसम्बर ডিসেম্বর டிசம்பர்",
)
_NUMBER_OF = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_NAME = "|".join(sorted(_NUMBER_OF, key=len, reverse=True))
_YEAR = r"(?:[ ]?,?[ -]?(?P<{}>\d{{4}})(?!\d))?"
# Marks of vowels are no letters to a regular expression: a name ends where a space or a mark does.
_DATE = re.compile(
    r"(?<![\w.,/-])(?:"
    r"(?P<iso>\d{4}-\d{2}-\d{2})(?![\d-])"
    r"|(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})(?![\d./-]\d|\d)"
    rf"|(?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]?(?:of )?(?P<m1>{_NAME})\.?(?!\w)"
    + _YEAR.format("y1")
    + rf"|(?P<m2>{_NAME})\.?[ ](?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d.,/:]?\d|[ ]?%)"
    + _YEAR.format("y2")
    + ")"
)
_CENTURY = 2000
# One of these is in every find.
_MARKED = re.compile(r"\d[./-]\d")
_named = any_of(sorted({word[:3] for word in _NUMBER_OF}))  # beside the number


@dataclass(frozen=True, slots=True)
class Day:
    """One day, and where the text names it."""

    value: date
    start: int
    end: int


def days(seen: Seen, near: date) -> Iterator[Day]:
    """Every day that is named in full, or without its year: then that nearest to `near`.

    "03/04/2026" is in March or in April, as its writer's country has it: it is left out.
    """
    if _MARKED.search(seen.beside) is None and not _named(seen.beside):
        return
    for match in _DATE.finditer(seen.low):
        found = _read(match, near)
        # "You may 2 times" has the verb.
        if (
            found is not None
            and seen.text[match.start() : match.end()].strip("0123456789 ") != "may"
        ):
            yield Day(found, *match.span())


def _read(match: re.Match[str], near: date) -> date | None:
    try:
        if match["iso"]:
            return date.fromisoformat(
                "-".join(str(int(p)).zfill(2) for p in match["iso"].split("-"))
            )
        if match["sep"]:
            return _numeric(int(match["a"]), int(match["b"]), int(match["y"]), match["sep"])
        number = 1 if match["m1"] else 2
        name, day, year = (match[f"{part}{number}"] for part in ("m", "d", "y"))
        month = _NUMBER_OF[name]
        if year is not None:
            return date(int(year), month, int(day))
        return _nearest(month, int(day), near)
    except ValueError:
        return None  # there is no such day


def _numeric(first: int, second: int, year: int, mark: str) -> date | None:
    year += _CENTURY if year < 100 else 0  # noqa: PLR2004 - two digits
    if mark == "." or first > 12 or first == second:  # noqa: PLR2004 - no month
        return date(year, second, first)
    return date(year, first, second) if second > 12 else None  # noqa: PLR2004


def _nearest(month: int, day: int, near: date) -> date | None:
    """29 February is left out where none of the years has it."""
    found = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    return min(found, key=lambda each: abs(each - near), default=None)
