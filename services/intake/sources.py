"""The operator's sources file: which tenant and format a record belongs to."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from services.chassis import documents
from services.chassis.errors import Rejected
from services.intake.envelope import Envelope
from services.intake.formats import ALL
from topics.automation import OUTCOME_REPORTED, REVIEW_GIVEN

FEEDBACK = "feedback"
_FEEDBACK_TOPICS = (OUTCOME_REPORTED.name, REVIEW_GIVEN.name)

# What each outside topic may carry.
TOPICS: dict[str, tuple[str, ...]] = dict.fromkeys(_FEEDBACK_TOPICS, (FEEDBACK,)) | {
    topic: tuple(each.name for each in ALL.values() if each.topic == topic)
    for topic in dict.fromkeys(each.topic for each in ALL.values())
}

# Part of keys and subjects, where "|" and "/" separate.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]

# In a pattern: what is one character or an escape, whatever stands in it.
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _bounded(pattern: str) -> str:
    """A business pattern that protects something, and holds no record up."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if compiled.match(""):
        raise ValueError("matches the empty text; it would protect nothing")
    shape = _ATOM.sub("x", pattern)
    if re.search(r"[*+]|\{\d*,\}", shape):
        raise ValueError("unbounded repetition takes too long on a hostile text; write {1,40}")
    if re.search(r"[?}]\)\{", shape):
        raise ValueError("nested repetition takes too long on a hostile text; write it out")
    return pattern


class Tenant(_Strict):
    """What is particular to one tenant."""

    business_patterns: dict[str, Annotated[str, AfterValidator(_bounded)]] = {}


class Source(_Strict):
    """One source of events."""

    name: Name
    tenant: Name
    topic: str
    format: str
    ce_source: str = Field(min_length=1)
    bare: bool = False
    integration_users: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()
    order_field: str | None = None

    @field_validator("topic")
    @classmethod
    def _outside(cls, topic: str) -> str:
        return _one_of(topic, list(TOPICS))

    @field_validator("format")
    @classmethod
    def _known(cls, name: str) -> str:
        return _one_of(name, [*ALL, FEEDBACK])

    def matches(self, ce_source: str) -> bool:
        """Exact, or by prefix."""
        if self.ce_source.endswith("*"):
            return ce_source.startswith(self.ce_source[:-1])
        return ce_source == self.ce_source

    def is_staff(self, author: str) -> bool:
        """A colleague, by id or by the domain of an address ("@acme.example")."""
        return author in self.staff or f"@{author.rpartition('@')[2]}" in self.staff

    @property
    def closeness(self) -> tuple[bool, int]:
        """Of two sources that match, the greater is meant: exact before prefix, then longer."""
        return not self.ce_source.endswith("*"), len(self.ce_source)

    def takes(self, data: Any) -> bool:
        """Whether a bare record of this shape may be one of its."""
        if not self.bare:
            return False
        if self.format == FEEDBACK:
            return isinstance(data, dict) and not {"outcome", "review"}.isdisjoint(data)
        return ALL[self.format].recognise(data)


def _one_of(given: str, known: list[str]) -> str:
    if given not in known:
        near = difflib.get_close_matches(given, known, n=1)
        raise ValueError(f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")
    return given


class SourcesFile(_Strict):
    """The file."""

    tenants: dict[Name, Tenant]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


_Field = Literal["tenant", "format", "name", "ce_source", "bare"]


def _misfits(file: SourcesFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What a source can not know alone."""
    seen: dict[tuple[str, ...], str] = {}
    for index, source in enumerate(file.sources):
        found: list[tuple[_Field, str]] = []
        if source.tenant not in file.tenants:
            found.append(("tenant", f"{source.tenant} is not listed under tenants; add it there"))
        if source.format not in TOPICS[source.topic]:
            fitting = ", ".join(TOPICS[source.topic])
            found.append(("format", f"{source.topic} carries {fitting}"))
        # A case's id is made of tenant, source and event id.
        unique: list[tuple[_Field, tuple[str, ...], str]] = [
            ("name", ("name", source.tenant, source.name), "its tenant and name"),
            ("ce_source", ("from", source.topic, source.ce_source), "its topic and ce_source"),
        ]
        if source.bare:
            shape = ("bare", source.topic, source.format)
            unique.append(
                ("bare", shape, "its topic and format, bare, too: nothing tells them apart")
            )
        for field, key, what in unique:
            if key in seen:
                found.append((field, f"{seen[key]} has {what}"))
            seen.setdefault(key, f"{source.tenant}'s {source.name}")
        yield from ((("sources", index, field), what) for field, what in found)


@dataclass(frozen=True, slots=True)
class Sources:
    """The file, ready to be asked."""

    tenants: Mapping[str, Tenant]
    by_topic: Mapping[str, tuple[Source, ...]]

    def of(self, topic: str, envelope: Envelope) -> Source:
        """The one source a record belongs to.

        Raises:
            Rejected: none matches, or more than one could be meant.
        """
        candidates = self.by_topic.get(topic, ())
        if envelope.source is None:
            return _by_shape(topic, candidates, envelope.data)
        found = [source for source in candidates if source.matches(envelope.source)]
        if not found:
            raise Rejected(
                f"ce_source: no source of {topic} matches it; add one to the sources file"
            )
        return max(found, key=lambda source: source.closeness)


def _by_shape(topic: str, candidates: tuple[Source, ...], data: Any) -> Source:
    """Structural detection: only where exactly one source can be meant."""
    fitting = [source for source in candidates if source.takes(data)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(source.name for source in fitting)
        raise Rejected(f"ce_source: missing, and {names} could all be meant; send CloudEvents")
    raise Rejected(
        f"ce_source: missing, and no source of {topic} takes bare records of this shape;"
        " send CloudEvents attributes as headers"
    )


def load(path: Path) -> Sources:
    """Read the sources file; raises ConfigurationError naming file, line and field."""
    file = documents.load(path, SourcesFile, check=_misfits)
    by_topic: dict[str, tuple[Source, ...]] = {}
    for source in file.sources:
        by_topic[source.topic] = (*by_topic.get(source.topic, ()), source)
    return Sources(file.tenants, by_topic)
