"""Structured personal data out of the text, business references left in.

Every pattern is bounded, so that no text takes more than linear time. Order matters: what the
operator configures as business references is set aside first, Luhn-valid numbers included.
"""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.intake.domain import checkdigits


class PersonalData(StrEnum):
    """What is masked, by class."""

    EMAIL = "email"
    SECRET = "secret"  # noqa: S105 - the name of a class of data
    IBAN = "iban"
    GSTIN = "gstin"
    PAN = "pan"
    CARD = "card"
    AADHAAR = "aadhaar"
    PHONE = "phone"


# Of these no trace is kept, not even a keyed hash.
_TRACELESS = frozenset({PersonalData.CARD, PersonalData.SECRET})

_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8}")
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,8000}"
    r"(?:-----END [A-Z ]{0,30}KEY-----)?"
    r"|\beyJ[\w\-]{8,2000}\.[\w\-]{8,2000}\.[\w\-]{8,2000}"
    r"|\b(?:sk|pk|rk)[-_][\w\-]{16,200}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,100}"
    r"|(?i:\bbearer\s{1,3}[\w\-.~+/=]{16,2000})"
    # A word for a secret, a separator, and a value: after "is" only one with a digit.
    r"|(?i:\b(?:password|passwd|passcode|pwd|otp|cvv|cvc|pin|api[ _\-]?key|secret|token)"
    r"\s{0,3}(?:[:=]\s{0,3}[^\s,;]{3,200}|(?:is|hai|-)\s{1,3}(?=[^\s]{0,200}\d)[^\s,;]{3,200}))"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_GSTIN = re.compile(r"(?i)\b\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]\b")
_PAN = re.compile(r"(?i)\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b")
_CARD = re.compile(r"(?<![\d.])\d(?:[ \-]?\d){12,18}(?!\d)")
_AADHAAR = re.compile(r"(?<!\d)[2-9]\d{3}([ \-]?)\d{4}\1\d{4}(?!\d)")
_PHONE = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[ \-.]?(?:\(\d{1,4}\)[ \-.]?)?\d(?:[ \-.]?\d){5,12}"  # international
    r"|(?:0|91[ \-]?)?[6-9]\d{4}[ \-]?\d{5}"  # Indian mobile
    r"|0\d{2,4}[ \-]\d{6,8}"  # Indian landline
    r"|1[89]00[ \-]?\d{3}[ \-]?\d{3,4}"  # toll-free
    r"|\(?\d{3}\)?[ \-.]\d{3}[ \-.]\d{4})(?![\w])"  # North American
)

_NOT_ALNUM = re.compile(r"[^A-Za-z0-9]")


def _digits(found: str) -> str:
    return _NOT_ALNUM.sub("", found).upper()


_CHECKS: tuple[tuple[PersonalData, re.Pattern[str], Callable[[str], bool]], ...] = (
    (PersonalData.SECRET, _SECRET, lambda _: True),
    (PersonalData.EMAIL, _EMAIL, lambda _: True),
    (PersonalData.IBAN, _IBAN, lambda s: len(_digits(s)) >= 15 and checkdigits.iban(_digits(s))),  # noqa: PLR2004 - Norway's, the shortest
    (PersonalData.GSTIN, _GSTIN, lambda s: checkdigits.gstin(s.upper())),
    (PersonalData.PAN, _PAN, lambda _: True),
    (PersonalData.CARD, _CARD, lambda s: checkdigits.luhn(_digits(s))),
    (PersonalData.AADHAAR, _AADHAAR, lambda s: checkdigits.verhoeff(_digits(s))),
    (PersonalData.PHONE, _PHONE, lambda s: 7 <= len(_digits(s)) <= 15),  # noqa: PLR2004 - E.164
)

# Private-use characters stand for what was set aside; texts are cleaned of them before.
_OPEN, _CLOSE = "\ue000", "\ue001"
_ASIDE = re.compile(f"{_OPEN}(\\d{{1,6}}){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data, and how many spans of each class went."""

    text: str
    counts: dict[str, int]


class Masker:
    """Masks by a key and a tenant's protected patterns.

    The same value gives the same placeholder for the same key, and nobody without the key can
    compute it: `[[EMAIL:6f1c09d2aa]]`.
    """

    def __init__(self, key: bytes, protected: Sequence[re.Pattern[str]] = ()) -> None:
        self._key = key
        self._protected = (
            re.compile("|".join(f"(?:{pattern.pattern})" for pattern in protected))
            if protected
            else None
        )

    def mask(self, text: str) -> Masked:
        """Mask a cleaned text (`cleaning.clean`)."""
        if not text:
            return Masked("", {})
        aside: list[str] = []

        def put_aside(match: re.Match[str]) -> str:
            if not match[0]:
                return ""
            aside.append(match[0])
            return f"{_OPEN}{len(aside) - 1}{_CLOSE}"

        # A producer's own "[[...]]" must not pass for one of our placeholders.
        text = text.replace("[[", "[ [")
        if self._protected is not None:
            text = self._protected.sub(put_aside, text)
        counts: Counter[str] = Counter()
        for kind, pattern, valid in _CHECKS:
            text = pattern.sub(lambda m, k=kind, v=valid: self._replace(m, k, v, counts), text)  # type: ignore[misc] # bound per turn
        return Masked(_ASIDE.sub(lambda m: aside[int(m[1])], text), dict(counts))

    def reference(self, value: str) -> str:
        """A keyed hash of an id: joins what belongs to one person without naming them."""
        return hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()[:20]

    def identifier(self, value: str) -> str:
        """An id as it is, or its keyed hash where it is itself personal data."""
        if _EMAIL.search(value) or _PHONE.fullmatch(value):
            return self.reference(value)
        return value

    def _replace(
        self,
        match: re.Match[str],
        kind: PersonalData,
        valid: Callable[[str], bool],
        counts: Counter[str],
    ) -> str:
        found = match[0]
        if _OPEN in found or _CLOSE in found or not valid(found):
            return found
        counts[kind] += 1
        if kind in _TRACELESS:
            return f"[[{kind.name}]]"
        exact = found.lower() if kind is PersonalData.EMAIL else _digits(found)
        return f"[[{kind.name}:{self.reference(f'{kind}:{exact}')[:10]}]]"
