"""The courier's part of the vault's settings; intake has the public half among its own."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings
from services.chassis.vault.keys import MasterKey


class VaultSettings(AdapterSettings):
    """Which master keys open the vault; from the environment and nowhere else."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_VAULT_", frozen=True, extra="forbid")

    private_keys: SecretStr = Field(
        description="Private master keys, separated by commas: the present one, and those that it"
        " replaced as long as the topics keep what was sealed to them."
        " `sluice vault new-key` makes a pair."
    )

    @field_validator("private_keys")
    @classmethod
    def _keys(cls, text: SecretStr) -> SecretStr:
        _masters(text)
        return text

    @property
    def masters(self) -> tuple[MasterKey, ...]:
        """Ready to open."""
        return _masters(self.private_keys)


def _masters(text: SecretStr) -> tuple[MasterKey, ...]:
    return tuple(MasterKey.parse(each) for each in text.get_secret_value().split(","))
