"""What a written text may not say: anything that stands neither in its source nor in the facts."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.writer.domain.promises import promises
from services.writer.domain.tokens import Known, Token, tokens


class Guard(StrEnum):
    """What a text was held against."""

    UNSUPPORTED_ID = "unsupported_id"
    UNSUPPORTED_DATE = "unsupported_date"
    UNSUPPORTED_QUANTITY = "unsupported_quantity"
    UNSUPPORTED_AMOUNT = "unsupported_amount"
    UNSUPPORTED_WORDS = "unsupported_words"
    UNSUPPORTED_ADDRESS = "unsupported_address"
    PROMISE = "promise"
    LANGUAGE = "language"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that nobody said, and where it stands in the written field."""

    guard: Guard
    field: str
    start: int = 0
    end: int = 0


# Languages whose words for time and promises we know; others are for a person.
GUARDED = frozenset({"en", "hi", "hi-Latn", "bn", "ta"})

_SCRIPTS = {"en": "LATIN", "hi-Latn": "LATIN", "hi": "DEVANAGARI", "bn": "BENGALI", "ta": "TAMIL"}
_FOREIGN = 0.2  # of the letters may be of another script: names, ids, quoted words

_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\[\[[^\]]*\]\]")
_CURRENCY = re.compile(
    r"[$€£¥₹৳]|\b(?:usd|eur|gbp|inr|rs|lkr|bdt|rupees?|euros?|dollars?|pounds?|taka|crore|lakh)\b",
    re.IGNORECASE,
)
_NEAR = 4  # characters between a number and what it is counted in
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?")

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_ABOUT_NOW = frozenset(
    [
        "today",
        "tomorrow",
        "yesterday",
        "tonight",
        "आज",
        "कल",
        "परसों",
        "aaj",
        "kal",
        "parso",
        "আজ",
        "কাল",
        "আগামীকাল",
        "গতকাল",
        "இன்று",
        "நாளை",
        "நேற்று",
    ]
)
_LOCAL = frozenset(
    [
        "जनवरी",
        "फरवरी",
        "मार्च",
        "अप्रैल",
        "मई",
        "जून",
        "जुलाई",
        "अगस्त",
        "सितंबर",
        "अक्टूबर",
        "नवंबर",
        "दिसंबर",
        "सोमवार",
        "मंगलवार",
        "बुधवार",
        "गुरुवार",
        "शुक्रवार",
        "शनिवार",
        "रविवार",
        "জানুয়ারি",
        "ফেব্রুয়ারি",
        "মার্চ",
        "এপ্রিল",
        "মে",
        "জুন",
        "জুলাই",
        "আগস্ট",
        "সেপ্টেম্বর",
        "অক্টোবর",
        "নভেম্বর",
        "ডিসেম্বর",
        "সোমবার",
        "মঙ্গলবার",
        "বুধবার",
        "বৃহস্পতিবার",
        "শুক্রবার",
        "শনিবার",
        "রবিবার",
        "ஜனவரி",
        "பிப்ரவரி",
        "மார்ச்",
        "ஏப்ரல்",
        "மே",
        "ஜூன்",
        "ஜூலை",
        "ஆகஸ்ட்",
        "செப்டம்பர்",
        "அக்டோபர்",
        "நவம்பர்",
        "டிசம்பர்",
        "திங்கள்",
        "செவ்வாய்",
        "புதன்",
        "வியாழன்",
        "வெள்ளி",
        "சனி",
        "ஞாயிறு",
    ]
)
_SHORT = {name[:3]: name for name in (*_MONTHS, *_DAYS)}
# "may" and "march" are verbs, "sat" and "sun" other words: with a capital letter they are dates.
_ALSO_WORDS = frozenset({"may", "march", "mar", "sat", "sun", "wed"})


def faults(text: str, field: str, language: str | None, *sources: str) -> list[Fault]:
    """Everything in a text that its sources do not support; promises also where they do."""
    known = Known(*sources)
    spoken = _times(known)
    found = list(_addresses(text, field, sources))
    for token in tokens(text):
        guard = _unsupported(token, text, known, spoken)
        if guard is not None:
            found.append(Fault(guard, field, token.start, token.end))
    found += [Fault(Guard.PROMISE, field, start, end) for start, end in promises(text)]
    if not _speaks(text, language):
        found.append(Fault(Guard.LANGUAGE, field))
    return found


def occurs(quote: str, source: str) -> tuple[int, int] | None:
    """Where a quotation stands in its source, whatever its spaces and capitals; None if nowhere."""
    words = quote.split()
    if not words:
        return None
    pattern = r"\s+".join(re.escape(word) for word in words)
    # Word by word: "4711" is no quotation of "PO-47110".
    match = re.search(rf"(?<!\w){pattern}(?!\w)", source, re.IGNORECASE)
    return None if match is None else (match.start(), match.end())


def _unsupported(token: Token, text: str, known: Known, spoken: set[str]) -> Guard | None:
    time = _time(token.text)
    if time is not None:
        return None if time in spoken else Guard.UNSUPPORTED_DATE
    if not token.counts or known.supports(token):
        return None
    around = text[max(0, token.start - _NEAR) : token.end + _NEAR * 2]
    if _CURRENCY.search(around):
        return Guard.UNSUPPORTED_AMOUNT
    if _DATE.fullmatch(token.text) and not token.is_number:
        return Guard.UNSUPPORTED_DATE
    return Guard.UNSUPPORTED_QUANTITY if token.is_number else Guard.UNSUPPORTED_ID


def _addresses(text: str, field: str, sources: tuple[str, ...]) -> Iterator[Fault]:
    for found in _ADDRESS.finditer(text):
        if not any(found.group().rstrip(".,)") in source for source in sources):
            yield Fault(Guard.UNSUPPORTED_ADDRESS, field, found.start(), found.end())


def _times(known: Known) -> set[str]:
    """The months, days and words about now that the source says, however it writes them."""
    said = set()
    for word in known.words:
        said |= {word, _SHORT.get(word.rstrip("."), word)}
    return said


def _time(word: str) -> str | None:
    """A month, a day or a word about now, in the one form that is compared."""
    folded = word.casefold()
    if folded in _ALSO_WORDS and not word[0].isupper():
        return None
    if folded in _ABOUT_NOW or folded in _LOCAL or folded in _MONTHS or folded in _DAYS:
        return folded
    return _SHORT.get(folded) if word[0].isupper() else None


def _speaks(text: str, language: str | None) -> bool:
    """Whether it is written in the script of a language whose promises we would notice."""
    if language not in GUARDED:
        return False
    letters = [c for c in text if c.isalpha()]
    foreign = sum(not unicodedata.name(c, "").startswith(_SCRIPTS[language]) for c in letters)
    return foreign <= _FOREIGN * max(1, len(letters))
