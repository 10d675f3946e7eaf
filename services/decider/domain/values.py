"""What a fact or a parameter can be."""

from collections.abc import Mapping
from enum import StrEnum

Scalar = str | int | float | bool
Facts = Mapping[str, Scalar]


class Kind(StrEnum):
    """The type of a value. A boolean is no number."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"


def kind_of(value: object) -> Kind | None:
    """The kind of a value as YAML or JSON gives it; None for anything that is not a scalar."""
    match value:
        case bool():
            return Kind.BOOLEAN
        case int() | float():
            return Kind.NUMBER
        case str():
            return Kind.STRING
        case _:
            return None
