"""What an event is about: the one reference that later events about the same thing share."""

import hashlib
from collections.abc import Sequence

# The narrower and the more lasting first: a shipment is talked about under many numbers.
_PRECEDENCE = (
    "shipment",
    "container",
    "bl",
    "booking",
    "po",
    "so",
    "asn",
    "lot",
    "sscc",
    "serial",
    "sku",
    "gtin",
    "invoice",
    "document",
    "asset",
    "vessel",
    "voyage",
    "carrier",
    "supplier",
    "location",
)

MAX_ID = 200
_HASH = 32


def choose(refs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The (kind, value) that names the subject; the first, as "other", where no type is known."""
    by_type: dict[str, str] = {}
    for kind, value in refs:
        by_type.setdefault(kind, value)
    for kind in _PRECEDENCE:
        if kind in by_type:
            return kind, by_type[kind]
    return "other", refs[0][1]


def fitting(value: str) -> str:
    """An id that is not longer than ids may be: a long one ends in a hash of the whole."""
    if len(value) <= MAX_ID:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:_HASH]
    return f"{value[: MAX_ID - _HASH - 1]}~{digest}"
