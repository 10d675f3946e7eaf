"""What the assessor alone may be told."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings


class AssessorSettings(AdapterSettings):
    """Where the label packs and the reference file are, how many cases are read at once."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_ASSESSOR_", frozen=True, extra="forbid")

    packs: Path | None = Field(
        None, description="Folder of label packs (YAML); None takes those that come with Sluice."
    )
    reference: Path = Field(
        Path(__file__).with_name("reference") / "reference.yaml",
        description="Change feeds and database tables of reference data (YAML); the shipped file "
        "knows none.",
    )
    chunk: int = Field(64, ge=1, description="Records of a partition per call: two full requests.")
    chunks_in_flight: int = Field(
        4,
        ge=1,
        description="Chunks of one partition at once: with one busy partition 256 texts are on "
        "their way, as many as Triton is given (SLUICE_TRITON_IN_FLIGHT x _MAX_ROWS).",
    )
