"""Intake's settings."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings
from services.chassis.vault.keys import PublicKey

_KEY_BYTES = 32


class IntakeSettings(AdapterSettings):
    """What intake needs to know; the masking key comes from the environment and nowhere else."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_INTAKE_", frozen=True, extra="forbid")

    masking_key: SecretStr = Field(
        description="Key of the placeholders' hashes, 32 bytes or more: `openssl rand -hex 32`."
        " Another key gives other placeholders for the same person."
    )
    sources: Path = Field(
        Path(__file__).with_name("sources.yaml"),
        description="Which tenant and format each source is; the shipped file knows the examples.",
    )

    vault_public_key: SecretStr | None = Field(
        None,
        description="Public half of the courier's master key: what customers tell is kept for"
        " answers, sealed to it. Without it nothing is kept. `sluice vault new-key` makes a pair.",
    )

    @field_validator("masking_key")
    @classmethod
    def _long_enough(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value().encode()) < _KEY_BYTES:
            raise ValueError(f"must be at least {_KEY_BYTES} bytes: `openssl rand -hex 32`")
        return key

    @field_validator("vault_public_key")
    @classmethod
    def _public_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None or not key.get_secret_value().strip():
            return None  # as compose files hand on what is not set
        PublicKey.parse(key.get_secret_value())
        return key
