"""Structured personal data out of the text, business references left in.

What the operator configures as business references is claimed first and never masked, numbers
that pass a card's check included; then each class in turn claims what is left.
"""

import hmac
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.intake.domain.personal import EMAIL, RULES, PersonalData, Rule, normal

# Of these no trace is kept, not even a keyed hash: their space is small enough to be searched.
_TRACELESS = frozenset({PersonalData.CARD, PersonalData.SECRET})
# What an answer may have to repeat: how to reach somebody, where money goes, whom an invoice names.
# Numbers that tell a citizen (PAN, Aadhaar) are repeated to nobody.
_RESTORABLE = frozenset(
    {PersonalData.EMAIL, PersonalData.PHONE, PersonalData.IBAN, PersonalData.GSTIN}
)

_PLAIN = re.compile(r"(?:\\b)?([A-Za-z0-9-]{2,})")
_OPENING = re.compile(r"\[(?=\[)")
_HASH_DIGITS = 12
_REFERENCE_DIGITS = 24
_FREE = b"\0"
_TAKEN = b"\1"


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data, and how many spans of each class went.

    `restorable`: what a placeholder stands for, of the classes that an answer may repeat.
    """

    text: str
    counts: dict[str, int]
    restorable: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    kind: PersonalData
    instead: str


class _Claims:
    """Which characters of a text somebody has claimed, and what stands for them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[_Span] = []
        self._taken = bytearray(len(text))

    def free(self, start: int, end: int) -> bool:
        return self._taken.find(_TAKEN, start, end) < 0

    def gaps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The unclaimed parts of a span."""
        while (start := self._taken.find(_FREE, start, end)) >= 0:
            stop = self._taken.find(_TAKEN, start, end)
            stop = end if stop < 0 else stop
            yield start, stop
            start = stop

    def protect(self, start: int, end: int) -> None:
        """Claim, to stay as it is."""
        self._taken[start:end] = _TAKEN * (end - start)

    def mask(self, span: _Span) -> None:
        """Claim, to be replaced."""
        self.protect(span.start, span.end)
        self.spans.append(span)

    def result(self, keep: int) -> Masked:
        """The text's first `keep` characters, with every claim that begins there replaced whole."""
        parts: list[str] = []
        counts: Counter[str] = Counter()
        restorable: dict[str, str] = {}
        at = 0
        for span in sorted(self.spans, key=lambda each: each.start):
            if span.start >= keep:
                break
            parts += self.text[at : span.start], span.instead
            counts[span.kind.value] += 1
            if span.kind in _RESTORABLE:
                restorable[span.instead] = self.text[span.start : span.end]
            at = span.end
        parts.append(self.text[at : max(at, keep)])
        return Masked("".join(parts), dict(counts), restorable)


class Masker:
    """Masks by a key and a tenant's protected patterns.

    The same value gives the same placeholder for the same key, and nobody without the key can
    compute it: `[[EMAIL:6f1c09d2aa31]]`.
    """

    def __init__(self, key: bytes, protected: Sequence[re.Pattern[str]] = ()) -> None:
        self._key = key
        self._protected = tuple((_beginning(each), each) for each in protected)

    def mask(self, text: str, keep: int | None = None) -> Masked:
        """Mask a cleaned text (`cleaning.clean`), then cut it to its first `keep` characters.

        What lies behind them is looked at, so that nothing is cut in two and so goes unseen.
        """
        if not text:
            return Masked("", {})
        claims = _Claims(_broken_up(text))
        keep = len(claims.text) if keep is None else len(_broken_up(text[:keep]))
        for beginning, pattern in self._protected:
            if beginning in claims.text:
                for match in pattern.finditer(claims.text):
                    claims.protect(*match.span())
        for rule in RULES:
            if rule.maybe(claims.text):
                self._claim(rule, claims)
        return claims.result(keep)

    def reference(self, value: str) -> str:
        """A keyed hash of an id: joins what belongs to one person without naming them."""
        return self._hash(value)[:_REFERENCE_DIGITS]

    def identifier(self, value: str) -> str:
        """An id as it is, or its keyed hash where it is itself an e-mail address or a phone number.

        Bare digits stay: an id is not read as a phone number without its plus.
        """
        if "@" not in value and "+" not in value:
            return value
        return f"h-{self.reference(value)}" if self._is_personal(value) else value

    def _is_personal(self, value: str) -> bool:
        """Whether anything in it is masked; an address that nothing protects is told at once."""
        if EMAIL.search(value) and not any(each.search(value) for _, each in self._protected):
            return True
        return bool(self.mask(value).counts)

    def _claim(self, rule: Rule, claims: _Claims) -> None:
        at = 0
        while match := rule.pattern.search(claims.text, at):
            start, end = match.span(match.lastgroup or 0)
            at = match.end()
            end = start + rule.counts(claims.text[start:end])
            if end == start:
                at = start + 1  # another may begin inside what was none
            elif claims.free(start, end):
                at = end
                self._mask(rule.kind, start, end, claims)
            elif rule.divisible:
                for gap in list(claims.gaps(start, end)):
                    self._mask(rule.kind, *gap, claims)
            else:
                at = start + 1

    def _mask(self, kind: PersonalData, start: int, end: int, claims: _Claims) -> None:
        claims.mask(_Span(start, end, kind, self._placeholder(kind, claims.text[start:end])))

    def _placeholder(self, kind: PersonalData, found: str) -> str:
        if kind in _TRACELESS:
            return f"[[{kind.name}]]"
        exact = normal(kind, found)
        return f"[[{kind.name}:{self._hash(f'{kind}:{exact}')[:_HASH_DIGITS]}]]"

    def _hash(self, value: str) -> str:
        return hmac.digest(self._key, value.encode(), "sha256").hex()


def _beginning(pattern: re.Pattern[str]) -> str:
    """What every find begins with, where that is plain: much cheaper to look for."""
    written = pattern.pattern
    plain = _PLAIN.match(written)
    if plain is None or "|" in written or pattern.flags & (re.IGNORECASE | re.VERBOSE):
        return ""
    optional = written[plain.end() : plain.end() + 1] in ("?", "*", "{")
    return plain[1][:-1] if optional else plain[1]


def _broken_up(text: str) -> str:
    """A producer's own "[[...]]" must not pass for one of our placeholders."""
    return _OPENING.sub("[ ", text) if "[[" in text else text
