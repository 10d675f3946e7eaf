"""What a fact or a parameter can be."""

from collections.abc import Mapping
from enum import StrEnum

Scalar = str | int | float | bool
Facts = Mapping[str, Scalar]

# JSON writes integers of any length; beyond this a float has lost the units.
_MOST = 2**63


class Kind(StrEnum):
    """The type of a value. A boolean is no number."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"


def kind_of(value: object) -> Kind | None:
    """The kind of a value as YAML or JSON gives it.

    None for what is no scalar, and for numbers that cannot be reckoned with.
    """
    match value:
        case bool():
            return Kind.BOOLEAN
        case int() | float():
            return Kind.NUMBER if -_MOST < value < _MOST else None
        case str():
            return Kind.STRING
        case _:
            return None


def number(facts: Facts, name: str) -> float | None:
    """A fact that is a number; None where it is missing."""
    value = facts.get(name)
    return None if value is None or isinstance(value, str | bool) else float(value)


def present(named: Mapping[str, object]) -> dict[str, Scalar]:
    """What is there, without the classes of the wire."""
    found: dict[str, Scalar] = {}
    for name, value in named.items():
        if isinstance(value, str):
            found[name] = str(value)
        elif isinstance(value, bool | int | float):
            found[name] = value
    return found


def decimal(value: object) -> float | None:
    """A number of the wire, which may be a Decimal, as facts have it."""
    return None if value is None else float(value)  # type: ignore[arg-type]  # Decimal or number
