"""What a policy waits for before it decides, and what a written text says as facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.decider.domain.conditions import Condition
from services.decider.domain.values import Facts, Scalar

TASKS = ("extract", "summarise", "draft")
STATUSES = ("written", "guarded", "expired", "unavailable", "failed", "other")
LONGEST = timedelta(seconds=60)

# Nobody is there to be asked: the decision does not wait.
UNAVAILABLE: Mapping[str, Scalar] = {"writing.status": "unavailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A text that a policy wants for some cases, and for how long it waits."""

    task: str
    when: Condition
    within: timedelta


def of_text(text: Mapping[str, Any]) -> Facts:
    """What came of it; of a text that a guard held, nothing else counts."""
    facts: dict[str, Scalar] = {"writing.status": str(text["status"])}
    found = text.get("extraction")
    if found is None or facts["writing.status"] != "written":
        return facts
    facts["writing.references"] = len(found["references"])
    if found.get("type") is not None:
        facts["writing.type"] = found["type"]
    for name in ("delay_days", "quantity"):
        if found.get(name) is not None:
            facts[f"writing.{name}"] = float(found[name])
    return facts
