"""What models said about a text, and when it is not to be relied upon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.assessor.domain.asking import Task


class Abstention(StrEnum):
    """Why an answer is not to be relied upon."""

    LOW_CONFIDENCE = "low_confidence"
    SMALL_MARGIN = "small_margin"
    OUT_OF_SCOPE = "out_of_scope"
    NO_TEXT = "no_text"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


# The label of a reading that was wanted and could not be made.
UNREAD = "unread"
# Of the injection task: nothing is suspected.
USUAL = "ordinary"


Span = tuple[int, int]

# The fewest sentences that carry so much of a label are its evidence; and never more than so many.
_MOST_OF_IT = 0.6
_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Bits:
    """Which bits answered."""

    name: str
    version: str
    digest: str
    quantization: str | None = None
    runtime: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label and its calibrated probability."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One head's answer: the likeliest label first."""

    task: Task
    candidates: tuple[Candidate, ...]
    models: tuple[Bits, ...]
    pack: str | None = None
    calibrated: bool = True
    # The chance that the text is about any of the labels at all; None where nobody says.
    scope: float | None = None
    # The sentences that it rests upon, in code points; none: upon the whole text.
    spans: tuple[Span, ...] = ()

    @property
    def margin(self) -> float:
        """Distance to the second label; where only one is told, the least that it can be."""
        first = self.candidates[0].confidence
        second = self.candidates[1].confidence if len(self.candidates) > 1 else 1 - first
        return max(0.0, round(first - second, 6))


@dataclass(frozen=True, slots=True)
class Readings:
    """All answers about one text, and what they cost. `batch` is the request's trace id."""

    answers: tuple[Answer, ...]
    tokens: int
    compute_us: int
    batch: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a task's answer counts. An empty set of languages is all of them."""

    confidence: float = 0.0
    margin: float = 0.0
    languages: frozenset[str] = frozenset()
    out_of_scope: frozenset[str] = frozenset()
    scope: float = 0.0


def abstentions(
    readings: Readings, thresholds: Mapping[Task, Thresholds]
) -> dict[Task, Abstention | None]:
    """Per answer, why it does not count. The language is judged first: it limits the others."""
    judged = {
        answer.task: _judge(answer, thresholds.get(answer.task, Thresholds()), None)
        for answer in readings.answers
        if answer.task is Task.LANGUAGE
    }
    language = next(
        (
            answer.candidates[0].label
            for answer in readings.answers
            if answer.task is Task.LANGUAGE and judged[answer.task] is None
        ),
        None,
    )
    return judged | {
        answer.task: _judge(answer, thresholds.get(answer.task, Thresholds()), language)
        for answer in readings.answers
        if answer.task is not Task.LANGUAGE
    }


def bearing(carried: Sequence[float], spans: Sequence[Span]) -> tuple[Span, ...]:
    """The sentences that carried a label, in the order of the text; none where all of it did.

    `carried` is what the label loses without each; one that spoke against it carries nothing.
    """
    told = [(lost, span) for lost, span in zip(carried, spans, strict=True) if span[1] > span[0]]
    if len(told) < 2:  # noqa: PLR2004 - one sentence is the whole text
        return ()
    total = sum(lost for lost, _ in told if lost > 0)
    kept: list[Span] = []
    so_far = 0.0
    for lost, span in sorted(told, key=lambda each: -each[0]):
        if lost <= 0 or so_far >= _MOST_OF_IT * total or len(kept) == _SENTENCES:
            break
        kept.append(span)
        so_far += lost
    return tuple(sorted(kept))


def _judge(answer: Answer, limits: Thresholds, language: str | None) -> Abstention | None:
    best = answer.candidates[0]
    if language is not None and limits.languages and language not in limits.languages:
        return Abstention.UNSUPPORTED_LANGUAGE
    if best.label in limits.out_of_scope or (
        answer.scope is not None and answer.scope < limits.scope
    ):
        return Abstention.OUT_OF_SCOPE
    if best.confidence < limits.confidence:
        return Abstention.LOW_CONFIDENCE
    if answer.margin < limits.margin:
        return Abstention.SMALL_MARGIN
    return None
