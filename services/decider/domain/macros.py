"""Approved texts: an action names one and its variables, it never carries words of its own."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from services.decider.domain.values import Scalar

LOCALES = ("en", "hi", "bn", "ta", "hi-Latn")

# Sent in place of an answer that was wrong: every policy that replies must be able to say so.
CORRECTION = "correction"

# An id, a status, a number: nothing that a mail program makes a link of, nothing that is prose.
_LONGEST = 40
_WORDS = 3
_BESIDE_LETTERS = frozenset(" #_-")
_REGION = re.compile(r"-(?:[A-Z]{2}|\d{3})$")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """A text in every locale it was approved in; each variable is filled from one fact."""

    id: str
    title: str
    variables: Mapping[str, str]
    texts: Mapping[str, str]


def approved_locale(macro: Macro, wanted: str) -> str | None:
    """The locale to answer in: the one wanted, or without its region; another script is another."""
    for locale in (wanted, _REGION.sub("", wanted)):
        if locale in macro.texts:
            return locale
    return None


def fit_for_customers(value: Scalar) -> bool:
    """Whether a fact may stand in a text to a customer: some of them are a producer's words."""
    if not isinstance(value, str):
        return True
    # Letters, their marks (many scripts need them) and digits.
    plain = all(c in _BESIDE_LETTERS or unicodedata.category(c)[0] in "LMN" for c in value)
    return plain and 0 < len(value) <= _LONGEST and 0 < len(value.split()) <= _WORDS


def variables_in(text: str) -> frozenset[str]:
    """The names between braces."""
    return frozenset(_VARIABLE.findall(text))


def render(macro: Macro, locale: str, variables: Mapping[str, Scalar]) -> str:
    """The text as the customer gets it."""
    return _VARIABLE.sub(lambda found: str(variables[found.group(1)]), macro.texts[locale])
