"""What an operator may set about deciding."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings


class DeciderSettings(AdapterSettings):
    """Where the rules are, and the few limits of the journal."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_DECIDER_", frozen=True, extra="forbid")

    policies: Path = Field(
        Path(__file__).parent / "policies",
        description="Folder of policy files; the shipped ones by default. All of them are read,"
        " and the tests in them run, before the service starts.",
    )
    macros: Path = Field(
        Path(__file__).parent / "macros",
        description="Folder of approved texts that policies name; the shipped ones by default.",
    )
    chunk: int = Field(
        128,
        ge=1,
        le=1024,
        description="Cases decided and appended in one go: 128 share one round trip to the"
        " broker, and a chunk of the largest entries still fits in memory.",
    )
    writer: bool = Field(
        default=False,
        description="A writer is served: policies may wait for its texts, 60 s at most. Without one"
        " they are decided at once, with writing.status unavailable.",
    )
    control_stale_s: float = Field(
        10.0,
        gt=0,
        description="Hold when the end of the control topic was not confirmed for so long: a stop"
        " that cannot be heard must not be missed.",
    )
