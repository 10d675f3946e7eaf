"""What intake keeps of customers for the courier alone: values under keys that can be destroyed."""

from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Id, ShortText


class VaultKeyChanged(Event):
    """Half of a key of one customer's; a null value with the same key destroys it.

    The other half, the session's secret, is sealed to the courier's master key: neither half
    is worth anything without the other.
    """

    event_type: ClassVar[str] = "intake.vault-key.changed.v1"

    tenant: Id
    customer_ref: Id
    key_id: Id
    master_id: Id = Field(description="Which master key the session is sealed to.")
    session: ShortText = Field(description="The session's secret, sealed by HPKE. Base 64.")
    salt: ShortText = Field(description="Random: with it goes every copy of the key. Base 64.")


class VaultChanged(Event):
    """What a placeholder stands for in one customer's words, encrypted."""

    event_type: ClassVar[str] = "intake.vault.changed.v1"

    tenant: Id
    customer_ref: Id
    placeholder: Id = Field(description='As in the text, without brackets: "EMAIL:6f1c09d2aa31".')
    key_id: Id
    nonce: ShortText = Field(description="Base 64.")
    sealed: ShortText = Field(description="AES-256-GCM over the value. Base 64.")
