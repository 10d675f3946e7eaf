"""The vault's records: how they are keyed, and how the bytes in them are written."""

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

# Intake's placeholders (services/intake/domain/masking.py) of the classes that are kept.
PLACEHOLDER = re.compile(r"\[\[([A-Z]+:[0-9a-f]{12})\]\]")


@dataclass(frozen=True, slots=True)
class Place:
    """What a record of either topic is about: whose, and which of theirs."""

    tenant: str
    customer_ref: str
    name: str  # a key's id, or a placeholder

    @property
    def key(self) -> bytes:
        """The record's Kafka key."""
        return f"{self.tenant}|{self.customer_ref}|{self.name}".encode()


def place_of(key: bytes | None) -> Place | None:
    """What a Kafka key says, None where it is not one of ours."""
    try:
        parts = (key or b"").decode().split("|")
    except UnicodeDecodeError:
        return None
    return Place(*parts) if len(parts) == 3 and all(parts) else None  # noqa: PLR2004 - its fields


def written(raw: bytes) -> str:
    """Bytes as a record has them."""
    return b64encode(raw).decode()


def read(text: str) -> bytes:
    """And back; what is no base 64 is no bytes, which open nothing."""
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
