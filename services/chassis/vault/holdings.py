"""What the vault's topics hold of customers, without opening any of it; and how it is destroyed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from schemas.vault import VaultChanged, VaultKeyChanged
from services.chassis.record import Message, Record
from services.chassis.vault.records import Place, place_of
from topics.vault import VAULT_CHANGED, VAULT_KEY_CHANGED

UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Held:
    """One live record. `by` is a key's master, or a value's key."""

    place: Place
    topic: str
    partition: int
    at: datetime
    by: str

    @property
    def tombstone(self) -> Message:
        """What removes it, also where the partition count would choose another partition now."""
        return Message(self.topic, self.place.key, None, partition=self.partition)


@dataclass(slots=True)
class Holdings:
    """A tenant's live records, of some customers or of all; feed it both topics in log order."""

    tenant: str
    customers: frozenset[str] = frozenset()
    keys: dict[Place, Held] = field(default_factory=dict)
    values: dict[Place, Held] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """Note a record of either topic; other tenants' and customers' are none of ours."""
        place = place_of(record.key)
        if place is None or place.tenant != self.tenant:
            return
        if self.customers and place.customer_ref not in self.customers:
            return
        shelf = self.keys if record.topic == VAULT_KEY_CHANGED.name else self.values
        if record.value is None:
            shelf.pop(place, None)
            return
        shelf[place] = Held(
            place, record.topic, record.partition, record.timestamp, _by(record.topic, record.value)
        )

    def opens(self, value: Held) -> bool:
        """Whether the value's key is still there."""
        place = value.place
        return Place(place.tenant, place.customer_ref, value.by) in self.keys

    @property
    def known(self) -> list[str]:
        """Customers of whom anything is there."""
        return sorted({place.customer_ref for place in (*self.keys, *self.values)})

    @property
    def classes(self) -> Counter[str]:
        """Values by the class of personal data."""
        return Counter(place.name.partition(":")[0] for place in self.values)

    @property
    def masters(self) -> Counter[str]:
        """Keys by the master key that their session is sealed to: of an old one, 0 at last."""
        return Counter(key.by for key in self.keys.values())


def topics() -> tuple[str, str]:
    """Keys before values: what is destroyed first makes the rest worthless."""
    return VAULT_KEY_CHANGED.name, VAULT_CHANGED.name


def _by(topic: str, value: bytes) -> str:
    try:
        if topic == VAULT_KEY_CHANGED.name:
            return VaultKeyChanged.from_json(value).master_id
        return VaultChanged.from_json(value).key_id
    except ValidationError:
        return UNREADABLE
