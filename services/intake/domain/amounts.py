"""Amounts of money that a text names, with the currency where its sign belongs to one alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from services.intake.domain.hints import Seen, any_of

_CODES = (
    "aed|aud|bdt|brl|cad|chf|cny|czk|dkk|eur|gbp|hkd|huf|idr|inr|jpy|krw|lkr|mxn|myr|nok|npr|nzd"
    "|php|pkr|pln|qar|sar|sek|sgd|thb|try|twd|usd|vnd|zar"
)
# Signs that several currencies share ("$", "টাকা") are an amount of no named currency.
_BEFORE = {
    "₹": "INR", "rs": "INR", "€": "EUR", "£": "GBP", "৳": "BDT", "tk": None, "$": None,
    "us$": "USD", "a$": "AUD", "c$": "CAD", "s$": "SGD",
}  # fmt: skip
_AFTER = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "dollar": None, "dollars": None,
    "rupee": "INR", "rupees": "INR", "rs": "INR", "rupaye": "INR", "rupay": "INR",
    "रुपये": "INR", "रुपए": "INR", "रुपया": "INR", "रु": "INR", "টাকা": None,
    "ரூபாய்": "INR", "ரூ": "INR",
}  # fmt: skip
_TIMES = {
    "lakh": 100_000, "lac": 100_000, "लाख": 100_000, "লাখ": 100_000, "லட்சம்": 100_000,
    "crore": 10_000_000, "करोड़": 10_000_000, "কোটি": 10_000_000, "கோடி": 10_000_000,
}  # fmt: skip


def _any(words: dict[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


# Groups of thousands, or of hundreds as India writes them; the digits of any script.
_NUMBER = (
    r"\d{1,3}(?:[,.'\u00a0\u202f]\d{2,3})+(?:[.,]\d{1,2})?(?!\d)|\d{1,12}(?:[.,]\d{1,2})?(?!\d)"
)
_TIMES_RE = rf"(?:[ ]?(?P<times>{_any(dict(_TIMES))})s?(?![^\W\d_]))?"
_AMOUNT = re.compile(
    rf"(?<![^\W\d_])(?P<sign>{_any(dict(_BEFORE))}|{_CODES})\.?[ \u00a0]?"
    rf"(?P<after_sign>{_NUMBER}){_TIMES_RE}"
    rf"|(?<![\w.,-])(?P<before_word>{_NUMBER})"
    rf"(?:[ ]?(?P<times_before>{_any(dict(_TIMES))})s?)?"
    rf"[ \u00a0]?(?P<word>{_any(dict(_AFTER))}|{_CODES})(?![^\W_])"
)


_hinted = any_of((*_BEFORE, *_AFTER, *_CODES.split("|")))  # beside the number of every find


@dataclass(frozen=True, slots=True)
class Amount:
    """What is said, in plain digits; `currency` by ISO 4217, None where its sign leaves it open."""

    value: Decimal
    currency: str | None
    start: int
    end: int


def amounts(seen: Seen) -> Iterator[Amount]:
    """Every number that has a sign, a code or a word of money beside it."""
    if not _hinted(seen.beside):
        return
    for match in _AMOUNT.finditer(seen.low):
        sign = match["sign"] or match["word"]
        value = _read(match["after_sign"] or match["before_word"])
        times = match["times"] or match["times_before"]
        known = _BEFORE if match["sign"] else _AFTER
        yield Amount(
            value * _TIMES[times] if times else value,
            known[sign] if sign in known else sign.upper(),
            *match.span(),
        )


def _read(written: str) -> Decimal:
    """The last point or comma is the decimal one where at most two digits follow it."""
    head, mark, tail = written, "", ""
    for place in range(len(written) - 1, -1, -1):
        if not written[place].isdecimal():
            head, mark, tail = written[:place], written[place], written[place + 1 :]
            break
    # Indian groups have two digits, too, but never the last one.
    decimal = mark in {",", "."} and 0 < len(tail) < 3  # noqa: PLR2004
    digits = re.sub(r"\D", "", head if decimal else written)
    # Of digits of another script this makes ours.
    return Decimal(f"{int(digits)}.{_ascii(tail)}") if decimal else Decimal(int(digits))


def _ascii(digits: str) -> str:
    return "".join(str(int(digit)) for digit in digits)
