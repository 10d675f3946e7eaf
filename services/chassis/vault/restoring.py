"""What the courier does: put one customer's own values back into a text for that customer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from schemas.vault import VaultChanged, VaultKeyChanged
from services.chassis.record import Record
from services.chassis.vault import keys
from services.chassis.vault.keys import MasterKey, Unopenable
from services.chassis.vault.records import PLACEHOLDER, Place, place_of, read


class Missing(StrEnum):
    """Why a placeholder is not restored."""

    UNKNOWN = "unknown"  # this customer never told us, or too long ago
    ERASED = "erased"  # the key is destroyed
    OTHER_MASTER = "other_master"  # sealed to a master key that is not among ours
    DAMAGED = "damaged"  # not as intake wrote it


@dataclass(frozen=True, slots=True)
class Restored:
    """The text, and the placeholders that are still in it. One that lacks any is not to be sent."""

    text: str
    missing: Mapping[str, Missing]


class Vault:
    """Both topics as they are now, in memory, and never in the clear there.

    Two `Broadcast`s feed it; confirm the ends of both before a restore, or a value may lack the
    key that was written with it.
    """

    def __init__(self, masters: Iterable[MasterKey]) -> None:
        self._masters = {master.public.id: master for master in masters}
        self._keys: dict[bytes, bytes] = {}
        self._values: dict[bytes, bytes] = {}

    def apply_key(self, record: Record) -> None:
        """A record of `intake.vault-key.changed.v1`."""
        _apply(self._keys, record)

    def apply_value(self, record: Record) -> None:
        """A record of `intake.vault.changed.v1`."""
        _apply(self._values, record)

    def restore(self, text: str, tenant: str, customer_ref: str) -> Restored:
        """Put back what this customer told us; what another one told stays a placeholder."""
        missing: dict[str, Missing] = {}

        def value(match: re.Match[str]) -> str:
            found = self._value(Place(tenant, customer_ref, match[1]))
            if isinstance(found, Missing):
                missing[match[1]] = found
                return match[0]
            return found

        return Restored(PLACEHOLDER.sub(value, text), missing)

    def _value(self, place: Place) -> str | Missing:
        try:
            raw = self._values.get(place.key)
            if raw is None:
                return Missing.UNKNOWN
            value = VaultChanged.from_json(raw)
            raw = self._keys.get(Place(place.tenant, place.customer_ref, value.key_id).key)
            if raw is None:
                return Missing.ERASED
            key = VaultKeyChanged.from_json(raw)
            master = self._masters.get(key.master_id)
            if master is None:
                return Missing.OTHER_MASTER
            return _opened(master, place, key, value)
        except (ValidationError, Unopenable, UnicodeDecodeError):
            return Missing.DAMAGED


def _opened(master: MasterKey, place: Place, key: VaultKeyChanged, value: VaultChanged) -> str:
    """Everything is bound to where it was asked for: a record in another's place opens nothing."""
    whose = Place(place.tenant, place.customer_ref, value.key_id).key
    data_key = keys.data_key(master.open(read(key.session)), read(key.salt), whose)
    return keys.decrypt(data_key, read(value.nonce), read(value.sealed), place.key).decode()


def _apply(shelf: dict[bytes, bytes], record: Record) -> None:
    if place_of(record.key) is None or record.key is None:
        raise ValueError("key: must be tenant|customer|name")
    if record.value is None:
        shelf.pop(record.key, None)
    else:
        shelf[record.key] = record.value
