"""How a JSON object of GS1's must look: which fields, of what kind; checked by path.

A field of the standard stands by its bare name; one of somebody's own has a prefix or is a URI.
What is absent or null is not there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.intake.formats import cbv
from services.intake.formats.base import Reader
from services.intake.formats.cbv import Vocabulary

Check = Callable[[Reader, str], None]

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
# A field's name may be told in an error where it is one and no value in disguise.
_TELLABLE = re.compile(r"[A-Za-z_][\w.-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shape:
    """An object's fields. `own`: fields of one's own may stand beside them."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()
    own: bool = True

    def check(self, reader: Reader) -> None:
        """Raises `Rejected` naming the first field that is not as the standard says."""
        for name in self.required:
            if reader.data.get(name) is None:
                raise reader.refuse(name, "is required")
        for name, value in reader.data.items():
            known = self.fields.get(name)
            if known is None:
                self._unknown(reader, name)
            elif value is not None:
                known(reader, name)

    def _unknown(self, reader: Reader, name: str) -> None:
        if not self.own or ":" not in name:
            told = name if _TELLABLE.fullmatch(name) else "(a field)"
            remedy = "; write one of your own with a prefix" if self.own else "; leave it out"
            raise reader.refuse(told, f"is no field that EPCIS 2.0 knows here{remedy}")


def one(shape: Shape) -> Check:
    """An object of a shape."""

    def check(reader: Reader, name: str) -> None:
        shape.check(Reader(reader.data[name], reader.path(name)))

    return check


def many(shape: Shape, at_least: int = 0) -> Check:
    """An array of objects of a shape."""

    def check(reader: Reader, name: str) -> None:
        items = reader.items(name)
        if len(items) < at_least:
            raise reader.refuse(name, f"must hold at least {at_least}")
        for each in items:
            shape.check(each)

    return check


def uri(reader: Reader, name: str) -> None:
    """A URI, or a CURIE, which looks the same."""
    a_uri(reader, name, reader.data[name])


def uris(reader: Reader, name: str) -> None:
    """An array of them."""
    for n, each in enumerate(reader.array(name)):
        a_uri(reader, f"{name}[{n}]", each)


def distinct_uris(reader: Reader, name: str) -> None:
    """A set of them: nothing twice."""
    uris(reader, name)
    given = reader.array(name)
    if len(set(given)) != len(given):
        raise reader.refuse(name, "names something twice")


def a_uri(reader: Reader, name: str, value: Any) -> None:
    """One that is not a field's whole value."""
    if not isinstance(value, str):
        raise reader.refuse(name, "must be a string")
    if cbv.URI.fullmatch(value) is None:
        raise reader.refuse(name, "must be a URI")


def time(reader: Reader, name: str) -> None:
    """RFC 3339 with an offset."""
    matching(_TIME, "must be an RFC 3339 time with an offset, e.g. 2026-11-20T07:00:12Z")(
        reader, name
    )
    reader.instant(name)


def number(reader: Reader, name: str) -> None:
    """A JSON number."""
    value = reader.data[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise reader.refuse(name, "must be a number")


def text(reader: Reader, name: str) -> None:
    """Any string."""
    if not isinstance(reader.data[name], str):
        raise reader.refuse(name, "must be a string")


def truth(reader: Reader, name: str) -> None:
    """A boolean."""
    if not isinstance(reader.data[name], bool):
        raise reader.refuse(name, "must be true or false")


def anything(reader: Reader, name: str) -> None:
    """Left to others."""


def word(vocabulary: Vocabulary) -> Check:
    """A word of a vocabulary, or one of somebody's own as a URI."""

    def check(reader: Reader, name: str) -> None:
        text(reader, name)
        if vocabulary.word(reader.data[name]) is None:
            raise reader.refuse(name, _NO_WORD)

    return check


_NO_WORD = "is no word of the CBV; write one of your own as a URI"


def words(vocabulary: Vocabulary) -> Check:
    """An array of them, not empty."""

    def check(reader: Reader, name: str) -> None:
        given = reader.array(name)
        if not given:
            raise reader.refuse(name, "must hold at least 1")
        for n, each in enumerate(given):
            if not isinstance(each, str) or vocabulary.word(each) is None:
                raise reader.refuse(f"{name}[{n}]", _NO_WORD)

    return check


def matching(pattern: re.Pattern[str], otherwise: str) -> Check:
    """A string of a pattern."""

    def check(reader: Reader, name: str) -> None:
        text(reader, name)
        if pattern.fullmatch(reader.data[name]) is None:
            raise reader.refuse(name, otherwise)

    return check
