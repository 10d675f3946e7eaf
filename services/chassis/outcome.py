"""How a delivery ends: in exactly one of these values, never in an exception."""

from dataclasses import dataclass
from typing import Literal

from services.chassis.record import Message

# Public contract: alerts, runbooks and `sluice dead-letters` key off these words.
Reason = Literal[
    "undecodable",  # not the bytes that the topic's contract promises
    "rejected",  # readable, but no event we may accept: the detail names field and remedy
    "inference-failed",  # this text alone breaks the model while others pass
    "crashed",  # a bug of ours, met by this record
    "retries-exhausted",  # a transient fault of this record alone did not pass
]


@dataclass(frozen=True, slots=True)
class Done:
    """Processed. `messages` are written in this order before the input is acknowledged."""

    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Not processable: the original goes to the dead-letter topic byte for byte.

    `detail` names the field and the remedy and never quotes the payload.
    """

    reason: Reason
    detail: str


Outcome = Done | DeadLetter
