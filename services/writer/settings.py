"""What the writer alone may be told."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings


class WriterSettings(AdapterSettings):
    """Bounds of time and length."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_WRITER_", frozen=True, extra="forbid")

    patience_s: float = Field(
        45,
        gt=0,
        le=50,
        description="For one text at most, waiting for those before it included; its own deadline"
        " may be nearer. Below the 60 s after which a partition that stands still ends us.",
    )
    max_chars: int = Field(
        4_000,
        ge=200,
        le=12_000,
        description="Of a text that the model is shown; what is cut off is said in the answer."
        " 4,000 characters of English are about a thousand tokens, a third of what it can take.",
    )
    look_every_s: float = Field(
        10, gt=0, description="How often an idle process looks whether a writer is served."
    )
