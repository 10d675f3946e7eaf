"""A text as models and people may see it: composed, without invisible characters, bounded.

What is taken out could hide an instruction from a person while a model reads it, or a number from
the masking rules: controls, bidirectional marks, zero-width and private characters, variation
selectors. Digits of every script become ASCII ones, special spaces and dashes plain ones.

U+200C and U+200D stay between letters of Indic and Arabic scripts, whose spelling needs them
(Unicode Standard, ch. 12.1 and 23.2), and go everywhere else: between Latin letters they only hide.
"""

import re
import unicodedata

MAX_BYTES = 64 * 1024

# Default_Ignorable_Code_Point (Unicode DerivedCoreProperties) that are letters or marks, and the
# blank Braille pattern; what is of category C goes by its category.
_BLANKS = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
)
_TAGS = range(0xE0000, 0xE1000)
_DASHES = (0x2010, 0x2011, 0x2012, 0x2013, 0x2212)
_JOINERS = (0x200C, 0x200D)
_BMP = 0x10000

_JOINED = "\u0600-\u06ff\u0900-\u0dff"
_STRAY_JOINER = re.compile(
    f"(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"  # no joiner is in _JOINED
)
# Composing sorts a run of combining marks, in quadratic time: a run is cut to what any real text
# needs (Unicode Standard Annex 15, stream-safe text). Marks are no word characters.
_LONG_RUN = re.compile(r"[^\w\x00-\x7f]{31,}+")
_MARKS = 30
_HIDDEN_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class _Kept(dict[int, str | None]):
    """What becomes of each character; filled as characters are met, the first plane alone."""

    def __missing__(self, code: int) -> str | None:
        found = _kept(code)
        if code < _BMP:
            self[code] = found
        return found


def _kept(code: int) -> str | None:
    character = chr(code)
    category = unicodedata.category(character)
    match category:
        case "Cc" | "Cf" | "Co" | "Cs":
            return None
        case "Zs":
            return " "
        case "Zl" | "Zp":
            return "\n"
        case "Nd":
            return str(unicodedata.decimal(character))
        case _:
            return None if code in _TAGS else character


_TABLE = _Kept(
    dict.fromkeys(_BLANKS)
    | dict.fromkeys(_DASHES, "-")
    | {code: chr(code) for code in _JOINERS}
    | {ord("\n"): "\n", ord("\t"): "\t", 0x85: "\n"}
)


def clean(text: str) -> str:
    """The text as everything after intake sees it, in NFC; takes linear time."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return _HIDDEN_ASCII.sub("", text)
    kept = _LONG_RUN.sub(_with_few_marks, text.translate(_TABLE))
    return _STRAY_JOINER.sub("", unicodedata.normalize("NFC", kept))


def _with_few_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS:
            kept.append(character)
    return "".join(kept)


def shorten(text: str, limit: int = MAX_BYTES) -> str:
    """The beginning of the text, of at most `limit` bytes of UTF-8, cut between characters."""
    encoded = text.encode()
    return text if len(encoded) <= limit else encoded[:limit].decode(errors="ignore")


def shorten_masked(text: str, limit: int = MAX_BYTES) -> str:
    """The same for a masked text: a placeholder that the cut would go through is left out whole.

    There "[[" begins nothing but a placeholder.
    """
    cut = shorten(text, limit)
    if len(cut) == len(text):
        return text
    start = cut.rfind("[[")
    if start > cut.rfind("]]"):
        return cut[:start]
    return cut[:-1] if cut.endswith("[") and text[len(cut)] == "[" else cut


def lowered(text: str) -> str:
    """In small letters, each character where it was: patterns for those are found much faster."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(each if len(each.lower()) > 1 else each.lower() for each in text)
