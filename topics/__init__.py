"""Where events travel: a topic ties a name to the one event type on it, its key and its life."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Literal, TypeVar

from schemas.base import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Generic[E_co]):
    """A topic as declared; `sluice topics apply` makes it so on the broker.

    `key` names what the key is made of, in words: keys are opaque and never personal data.
    `partitions` is "chain" for the one count that the whole chain shares (24, or 4 on one
    machine), since partition n of every topic in it belongs together.
    `retention` None keeps for ever. `max_message_bytes` includes key and headers.
    `compaction_lag`: what was replaced or removed by its key is out of the log after so long.
    """

    name: str
    event: type[E_co] | None
    key: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    description: str
    partitions: int | Literal["chain"] = "chain"
    cleanup: Literal["delete", "compact", "compact,delete"] = "delete"
    retention: timedelta | None = timedelta(days=7)
    compaction_lag: timedelta | None = None
    max_message_bytes: int = MIB

    @property
    def config(self) -> dict[str, str]:
        """The topic's configuration in Kafka's own names."""
        config = {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "CreateTime",
        }
        if "delete" in self.cleanup:
            config["retention.ms"] = "-1" if self.retention is None else _ms(self.retention)
        if "compact" in self.cleanup:
            config["delete.retention.ms"] = _ms(timedelta(days=7))
        if self.compaction_lag is not None:
            config["max.compaction.lag.ms"] = _ms(self.compaction_lag)
        return config


def _ms(length: timedelta) -> str:
    return str(length // timedelta(milliseconds=1))
