"""A text as models and people may see it: composed, without invisible characters, bounded."""

import unicodedata

MAX_BYTES = 64 * 1024

# Indic digits are read as what they are, by the masking rules too: one character for one.
_DIGITS = {
    0x0966 + offset + script: str(offset)
    for script in (0, 0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400)
    for offset in range(10)
}
_ZERO_WIDTH_JOINERS = "\u200c\u200d"
_KEPT_CONTROLS = "\n\t"


def clean(text: str) -> str:
    """NFC, ASCII digits for Indic ones, and no control, bidi, zero-width or private character.

    The joiners U+200C and U+200D stay between letters, where Indic scripts need them. This
    removes what could hide an instruction from a person while a model reads it.
    """
    composed = unicodedata.normalize("NFC", text).translate(_DIGITS)
    if composed.isascii() and composed.isprintable():
        return composed
    kept = []
    for at, character in enumerate(composed):
        category = unicodedata.category(character)
        joins = character in _ZERO_WIDTH_JOINERS and _between_letters(composed, at)
        if joins or character in _KEPT_CONTROLS or category[0] != "C":
            kept.append(character)
        elif character == "\r":
            kept.append("\n")
    return "".join(kept).replace("\n\n\n", "\n\n")


def _between_letters(text: str, at: int) -> bool:
    return (
        0 < at < len(text) - 1
        and unicodedata.category(text[at - 1])[0] in "LM"
        and unicodedata.category(text[at + 1])[0] in "LM"
    )


def bound(text: str, limit: int = MAX_BYTES) -> tuple[str, bool]:
    """At most `limit` bytes of UTF-8, cut between characters; whether it was cut."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text, False
    cut = encoded[:limit].decode(errors="ignore")
    # A placeholder that the cut went through would be no placeholder any more.
    start = cut.rfind("[[")
    if start > cut.rfind("]]") and start >= len(cut) - 40:
        cut = cut[:start]
    return cut, True
