"""The operator's sources file: which tenant and format a record belongs to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from services.chassis import documents
from services.chassis.errors import Rejected
from services.intake.envelope import Envelope
from services.intake.formats import ALL

FEEDBACK = "feedback"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tenant(_Strict):
    """What is particular to one tenant."""

    business_patterns: dict[str, str] = {}

    @field_validator("business_patterns")
    @classmethod
    def _compile(cls, patterns: dict[str, str]) -> dict[str, str]:
        for name, pattern in patterns.items():
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{name}: not a regular expression: {error}") from error
            if compiled.match(""):
                raise ValueError(f"{name}: matches the empty text; it would protect nothing")
            if re.search(r"[*+]\)[*+{]", pattern):
                raise ValueError(f"{name}: nested repetition can take for ever; bound it")
        return patterns


class Source(_Strict):
    """One source of events."""

    name: str
    tenant: str
    topic: str
    format: str
    ce_source: str
    bare: bool = False
    integration_users: frozenset[str] = frozenset()

    @field_validator("format")
    @classmethod
    def _known(cls, name: str) -> str:
        if name != FEEDBACK and name not in ALL:
            raise ValueError(f"unknown format; known: {', '.join([*ALL, FEEDBACK])}")
        return name

    def matches(self, ce_source: str) -> bool:
        """Exact, or by prefix."""
        if self.ce_source.endswith("*"):
            return ce_source.startswith(self.ce_source[:-1])
        return ce_source == self.ce_source


class SourcesFile(_Strict):
    """The file."""

    tenants: dict[str, Tenant]
    sources: tuple[Source, ...]

    @model_validator(mode="after")
    def _consistent(self) -> "SourcesFile":
        seen: set[tuple[str, str]] = set()
        for source in self.sources:
            if source.tenant not in self.tenants:
                raise ValueError(f"source {source.name}: tenant {source.tenant} is not listed")
            if (source.topic, source.ce_source) in seen:
                raise ValueError(f"source {source.name}: another has its topic and ce_source")
            seen.add((source.topic, source.ce_source))
        return self


@dataclass(frozen=True, slots=True)
class Sources:
    """The file, ready to be asked."""

    tenants: Mapping[str, Tenant]
    by_topic: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)

    def of(self, topic: str, envelope: Envelope) -> Source:
        """The one source a record belongs to.

        Raises:
            Rejected: none matches, or more than one could be meant.
        """
        candidates = self.by_topic.get(topic, ())
        if envelope.source is not None:
            found = [s for s in candidates if s.matches(envelope.source)]
            if found:  # the longest is the most particular one
                return max(found, key=lambda s: len(s.ce_source))
            raise Rejected(
                f"ce_source: no source of {topic} matches it; add one to the sources file"
            )
        return _by_shape(topic, candidates, envelope.data)


def _by_shape(topic: str, candidates: tuple[Source, ...], data: Any) -> Source:
    """Structural detection: only where exactly one source can be meant."""
    fitting = [
        s for s in candidates if s.bare and s.format in ALL and ALL[s.format].recognise(data)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(s.name for s in fitting)
        raise Rejected(f"ce_source: missing, and {names} could all be meant; send CloudEvents")
    raise Rejected(
        f"ce_source: missing, and no source of {topic} takes bare records of this shape;"
        " send CloudEvents attributes as headers"
    )


def load(path: Path) -> Sources:
    """Read the sources file; raises ConfigurationError naming file, line and field."""
    file = documents.load(path, SourcesFile)
    by_topic: dict[str, tuple[Source, ...]] = {}
    for source in file.sources:
        by_topic[source.topic] = (*by_topic.get(source.topic, ()), source)
    return Sources(file.tenants, by_topic)
