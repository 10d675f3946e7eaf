"""How far a class of actions may go by itself, and who keeps out of it to measure the benefit."""

from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import Protocol

_BASIS_POINTS = 10_000


class Level(StrEnum):
    """From least to most."""

    SHADOW = "shadow"
    APPROVE = "approve"
    NOTICE = "act_with_notice"
    ACT = "act"


class _Rank(IntEnum):
    SHADOW = 0
    APPROVE = 1
    NOTICE = 2
    ACT = 3


class Control(Protocol):
    """The operator's word now. Shadow is for a class nobody released."""

    def autonomy(
        self, tenant: str, action_type: str, language: str | None, /
    ) -> tuple[Level, str | None]:
        """The level and the id of the record that granted it, None where nobody did."""
        ...

    def stopped(self, tenant: str, action_type: str, /) -> bool:
        """Whether a kill switch covers this."""
        ...


def lower(granted: Level, asked: Level) -> Level:
    """The lesser of what the operator granted and what the policy asks: a policy never raises."""
    return granted if _Rank[granted.name] <= _Rank[asked.name] else asked


def in_control_group(tenant: str, action_type: str, subject: str, percent: float) -> bool:
    """Whether the subject is kept out of this class; always the same answer for one subject."""
    if percent <= 0:
        return False
    told = f"{tenant}\x1f{action_type}\x1f{subject}".encode()
    drawn = int.from_bytes(blake2b(told, digest_size=8).digest(), "big") % _BASIS_POINTS
    return drawn < round(percent * 100)
