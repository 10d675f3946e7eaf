"""How this process reaches Triton, and how much it asks at once."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings


class TritonSettings(AdapterSettings):
    """Address, patience and batching."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_TRITON_", frozen=True, extra="forbid")

    url: str = Field(min_length=1, description="host:port of Triton's gRPC; no default on purpose.")
    deadline_s: float = Field(
        10,
        gt=0,
        description="Per request. Eight full requests queue for about one second on two cores; "
        "ten times that is a server that hangs.",
    )
    canary_deadline_s: float = Field(
        5, gt=0, description="Of the known tiny inference that tells an outage from a bad text."
    )
    revive_deadline_s: float = Field(
        40,
        gt=0,
        description="Of loading a model again after its process died; warming up counts. With the "
        "request's own below SLUICE_KAFKA_STANDSTILL_S, so that a slow load is told as an outage "
        "before it is taken for standing still.",
    )
    max_rows: int = Field(
        32, ge=1, le=128, description="Texts per request: 12 times cheaper than one by one."
    )
    max_bytes: int = Field(
        8 * 1024 * 1024, ge=1, description="Bytes of text per request; a single text may be more."
    )
    in_flight: int = Field(
        8,
        ge=1,
        description="Requests at once. The server groups what lies before it by length: 8 x 32 "
        "rows gave 7 % more than 4 x 32. This bound stands in for Triton's queue policies, which "
        "stall it.",
    )
    linger_ms: float = Field(
        10, ge=0, description="How long a lone text waits for company before it travels."
    )
    canary_every_s: float = Field(
        3, gt=0, description="An idle process asks this often whether the model still answers."
    )
