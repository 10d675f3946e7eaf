"""What a label pack may say, and the digest of what a head is made from."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.assessor.domain.asking import Task

# What no label fits. It is always there, and an answer that never counts.
OTHER = "other"
# A tone is always one of its labels; of wishes and exceptions no list is complete.
_OPEN = frozenset({Task.INTENT, Task.EXCEPTION})

# The words by which infra/triton/repository/injection tells what is suspicious.
_SUSPICION = frozenset({"instruction", "ordinary", "task"})

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class _Strict(BaseModel):
    """A field that nobody knows is a mistake; values are those that were written."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Strict):
    """Below these an answer does not count."""

    confidence: float = Field(ge=0, lt=1)
    margin: float = Field(ge=0, lt=1)
    scope: float = Field(0.0, ge=0, lt=1)


class Label(_Strict):
    """One thing that a text may be about."""

    title: Annotated[Words, Field(max_length=80)]
    description: Words
    category: Name | None = None
    risk: Literal["low", "medium", "high"] | None = None
    queue: Name | None = None
    # What labelled files call it, where that is no name or another one.
    known_as: Words | None = None
    examples: Mapping[Language, tuple[Words, ...]] = Field(default_factory=dict)


class Pack(_Strict):
    """One set of labels, for one task."""

    pack: Name
    version: int = Field(ge=1)
    task: Literal[Task.INTENT, Task.SENTIMENT, Task.EXCEPTION, Task.URGENCY, Task.INJECTION]
    title: Words
    description: Words
    languages: tuple[Language, ...] = ()
    thresholds: Limits
    labels: Mapping[Name, Label] = Field(min_length=2)

    @property
    def id(self) -> str:
        """Name and version, as assessments and warrants quote them."""
        return f"{self.pack}:{self.version}"

    @property
    def digest(self) -> str:
        """Sha256 of what a head is made from: labels, descriptions, examples.

        Not of comments, order or layout, nor of thresholds and queues: these may change without
        a new model.
        """
        canonical = json.dumps(
            [self.id, self.task, self.material()],
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def known_as(self) -> dict[str, str]:
        """Each label by what it is called: its name, and what labelled files say."""
        return {
            word: name
            for name, label in self.labels.items()
            for word in (name, label.known_as or name)
        }

    def without_examples(self) -> "Pack":
        """What is left is what titles and descriptions say."""
        bare = {
            name: label.model_copy(update={"examples": {}}) for name, label in self.labels.items()
        }
        return self.model_copy(update={"labels": bare})

    def material(self) -> list[dict[str, Any]]:
        """The labels as a head is fitted to them, in an order that the file does not decide."""
        return [
            {
                "id": name,
                "title": label.title,
                "description": label.description,
                "examples": sorted(text for texts in label.examples.values() for text in texts),
            }
            for name, label in sorted(self.labels.items())
        ]


def mistakes(pack: Pack) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong between fields that are right one by one: where, and what to do."""
    if pack.task in _OPEN and OTHER not in pack.labels:
        yield ("labels",), f"there is no label '{OTHER}': add it, for what none of the others fits"
    if pack.task is Task.INJECTION and set(pack.labels) != _SUSPICION:
        known = ", ".join(sorted(_SUSPICION))
        yield ("labels",), f"a pack for injection has the labels {known}: the model asks for them"
    seen: dict[str, str] = {}
    called: dict[str, str] = {}
    for name, label in pack.labels.items():
        for word in {name, label.known_as or name}:
            if called.setdefault(word, name) != name:
                yield (
                    ("labels", name, "known_as"),
                    f"'{called[word]}' is called '{word}', too: rename one of them",
                )
        for language, texts in label.examples.items():
            where = ("labels", name, "examples", language)
            if pack.languages and language not in pack.languages:
                yield where, f"'{language}' is not in languages: add it there, or leave these out"
            for number, text in enumerate(texts):
                known = seen.setdefault(" ".join(text.casefold().split()), name)
                if known != name:
                    yield (*where, number), f"'{known}' has this example, too: keep one of them"
