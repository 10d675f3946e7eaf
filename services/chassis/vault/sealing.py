"""What intake does: seal what a customer told us, so that it can not read it again itself."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.vault import VaultChanged, VaultKeyChanged
from services.chassis.vault import keys
from services.chassis.vault.records import Place, written

_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """One case's records: the key, and what lies under it. All must be out before an ack."""

    key: VaultKeyChanged
    values: Sequence[VaultChanged]


class Sealer:
    """One per process: its session's secret is in this memory and nowhere else in the clear."""

    def __init__(self, master: keys.PublicKey) -> None:
        self._master_id = master.id
        self._secret = os.urandom(keys.KEY_BYTES)
        self._session = written(master.seal(self._secret))

    def seal(self, tenant: str, customer_ref: str, values: Mapping[str, str]) -> Sealed:
        """Each value by its placeholder, under a key that was not there before.

        A new key for each case: no two processes have to agree on one, and none that was
        destroyed comes back when the customer writes again.
        """
        key_id, salt = os.urandom(_ID_BYTES).hex(), os.urandom(keys.KEY_BYTES)
        data_key = keys.data_key(self._secret, salt, Place(tenant, customer_ref, key_id).key)
        return Sealed(
            VaultKeyChanged(
                tenant=tenant,
                customer_ref=customer_ref,
                key_id=key_id,
                master_id=self._master_id,
                session=self._session,
                salt=written(salt),
            ),
            [
                self._sealed(Place(tenant, customer_ref, placeholder), key_id, data_key, value)
                for placeholder, value in values.items()
            ],
        )

    def _sealed(self, place: Place, key_id: str, data_key: bytes, value: str) -> VaultChanged:
        nonce, sealed = keys.encrypt(data_key, value.encode(), place.key)
        return VaultChanged(
            tenant=place.tenant,
            customer_ref=place.customer_ref,
            placeholder=place.name,
            key_id=key_id,
            nonce=written(nonce),
            sealed=written(sealed),
        )
