"""What an event is about: the one reference that later events about the same thing share."""

from collections.abc import Sequence

# The narrower and the more lasting first: a shipment is talked about under many numbers.
_PRECEDENCE = (
    "shipment",
    "container",
    "booking",
    "bl",
    "asn",
    "po",
    "so",
    "lot",
    "sscc",
    "serial",
    "sku",
    "gtin",
    "asset",
    "invoice",
    "document",
    "supplier",
    "location",
)


def choose(refs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The (type, value) that names the subject; the first given where no type is known."""
    by_type: dict[str, str] = {}
    for kind, value in refs:
        by_type.setdefault(kind, value)
    for kind in _PRECEDENCE:
        if kind in by_type:
            return kind, by_type[kind]
    return refs[0]
