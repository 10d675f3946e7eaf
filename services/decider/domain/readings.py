"""What a model read, as facts."""

from collections.abc import Mapping
from typing import Any

from services.decider.domain.values import Scalar


def of_reading(prefix: str, reading: Mapping[str, Any] | None) -> dict[str, Scalar]:
    """An abstained label is told as a guess only: no rule relies upon it by accident."""
    if reading is None:
        return {}
    abstention = reading.get("abstained")
    facts: dict[str, Scalar] = {
        f"{prefix}.guess": reading["label"],
        f"{prefix}.confidence": reading["confidence"],
        f"{prefix}.margin": reading.get("margin", 0.0),
        f"{prefix}.abstained": abstention is not None,
    }
    if abstention is None:
        facts[f"{prefix}.label"] = reading["label"]
    else:
        facts[f"{prefix}.abstention"] = str(abstention)
    return facts
