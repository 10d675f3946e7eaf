"""HTML as the text that a reader of it sees.

The standard library's parser takes quadratic time for a "<" or a marked section that nothing
closes; the one is text and the other nothing, and made so before the parser meets them.
"""

import re
from html.parser import HTMLParser

from typing_extensions import override

# What is longer is not read to its end: so much of the worst markup takes a fifth of a second.
MAX_MARKUP = 256 * 1024

_MARKED_SECTION = re.compile(r"<!\[[^<>]*>")  # <![endif]>, <![CDATA[
_UNCLOSED = re.compile(r"<(?![^<>]{1,8192}>)")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n(?: ?\n){2,}")
_AROUND_BREAK = re.compile(r" ?\n ?")

_UNSEEN = frozenset({"head", "script", "style", "title", "template", "noscript"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset"}
    | {"figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li"}
    | {"main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
# How mail clients mark what they quote: a quotation proper, or by class or id (Gmail, Yahoo,
# Outlook on the web, Thunderbird, Zimbra, Proton).
_QUOTED = frozenset(
    {"gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix", "divrplyfwdmsg"}
    | {"appendonsend", "zwchr", "protonmail_quote"}
)


class _Reader(HTMLParser):
    """Collects what is seen; `without_quotes` leaves out what a mail client quoted."""

    def __init__(self, *, without_quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._without_quotes = without_quotes
        self._skipped: str | None = None
        self._depth = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped is not None:
            self._depth += tag == self._skipped
        elif tag in _UNSEEN or (self._without_quotes and _is_quote(tag, attrs)):
            self._skipped, self._depth = tag, 1
        elif tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag in _CELLS:
            self.parts.append(" ")

    @override
    def handle_endtag(self, tag: str) -> None:
        if self._skipped is not None:
            self._depth -= tag == self._skipped
            if self._depth == 0:
                self._skipped = None
        elif tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    @override
    def handle_data(self, data: str) -> None:
        if self._skipped is None:
            self.parts.append(data.replace("\n", " "))


def _is_quote(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    if tag == "blockquote":
        return True
    names = [value for name, value in attrs if name in ("class", "id") and value]
    return any(not _QUOTED.isdisjoint(value.lower().split()) for value in names)


def text_of(html: str, *, without_quotes: bool = False) -> str:
    """The text, a line per block; scripts, styles and comments are none of it."""
    reader = _Reader(without_quotes=without_quotes)
    plain = _MARKED_SECTION.sub("", _without_comments(html[:MAX_MARKUP]))
    reader.feed(_UNCLOSED.sub("&lt;", plain))
    reader.close()
    text = _AROUND_BREAK.sub("\n", _SPACES.sub(" ", "".join(reader.parts)))
    return _BLANK_LINES.sub("\n\n", text).strip()


def is_markup(text: str) -> bool:
    """Whether a text that may be either is HTML: it begins with a tag."""
    return re.match(r"\s*<(?:[A-Za-z!][^<>]*)>", text) is not None


def _without_comments(html: str) -> str:
    """A comment that is not closed ends with the text."""
    if "<!--" not in html:
        return html
    kept: list[str] = []
    at = 0
    while (start := html.find("<!--", at)) >= 0:
        kept.append(html[at:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    kept.append(html[at:])
    return "".join(kept)
