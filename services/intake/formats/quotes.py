"""What of a mail's text is new: without quotations and signature.

Marked lines go by RFC 3676: a quotation begins with ">", a signature with "-- ". How mail programs
introduce what they quote in thirteen languages is known to mail-parser-reply, whose patterns we
ask of single places only: over a whole hostile text they take minutes.
"""

import functools
import re

from mailparser_reply import EmailMessage

# Not "pl": it takes a single line "Data: ..." for a quoted header.
_LANGUAGES = ("cs", "da", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "sv", "zh")
_WINDOW = 6  # lines that an introduction or a quoted header may go over
_LINE = 250  # characters: no line of them is longer
_PLACES = 60
_SEPARATOR = re.compile(r"\s*(?:-{5}.{1,60}-{5,}|_{20,})\s*")
_INTRODUCES = re.compile(r"[:\uff1a]\s*$")
_DATED = re.compile(r"[0-9@]")


@functools.cache
def _introduction() -> re.Pattern[str]:
    found: re.Pattern[str] = EmailMessage(text="", languages=list(_LANGUAGES)).HEADER_REGEX
    return found


def newest(text: str, *, replies: bool) -> str:
    """The text that is new, all of it where nothing would be left; only a reply quotes."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept = lines[: _signature(lines)]
    if replies:
        kept = _unquoted(kept[: _quotation(kept)])
    while kept and (not kept[-1].strip() or _SEPARATOR.fullmatch(kept[-1][:_LINE])):
        kept.pop()
    return "\n".join(kept).strip() or text.strip()


def _signature(lines: list[str]) -> int:
    """Where the signature begins; at the very beginning it is none."""
    return next((n for n, line in enumerate(lines) if n and line in ("-- ", "--")), len(lines))


def _quotation(lines: list[str]) -> int:
    """Where a mail program introduces what follows to the end of the mail."""
    tried = 0
    for n, line in enumerate(lines):
        if len(line) > _LINE or not _may_introduce(line, lines[n + 1 : n + 2]):
            continue
        place = "\n".join(each.strip()[:_LINE] for each in lines[n : n + _WINDOW])
        # "From: Pune", "To: Delhi" are a customer's own words: a program names an address.
        if "@" not in place and not _SEPARATOR.fullmatch(line):
            continue
        tried += 1
        if tried > _PLACES:
            break
        if _introduction().match(place):
            return n
    return len(lines)


def _may_introduce(line: str, following: list[str]) -> bool:
    """It has a colon, is a drawn line, or goes on in the next one."""
    if ":" in line or "\uff1a" in line or _SEPARATOR.fullmatch(line):
        return True
    return any(_INTRODUCES.search(each[-_LINE:]) for each in following)


def _unquoted(lines: list[str]) -> list[str]:
    """Without marked lines and the line that introduces a block of them, in whatever language."""
    kept: list[str] = []
    for line in lines:
        if not line.startswith(">"):
            kept.append(line)
            continue
        while kept and not kept[-1].strip():
            kept.pop()
        if kept and _INTRODUCES.search(kept[-1][-_LINE:]) and _DATED.search(kept[-1][:_LINE]):
            kept.pop()
    return kept
