"""What the assessor asks of the world: readers of text, and facts from outside the case."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.automation.case import Case
from services.assessor.domain.asking import Question
from services.assessor.domain.joining import Known
from services.assessor.domain.reading import Readings
from services.chassis.ports import Trace


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be read. `id` is the same at every redelivery, and opaque."""

    id: str
    text: str
    tenant: str
    trace: Trace


class Reader(Protocol):
    """Asks models about one text; the same text gets the same answers."""

    async def read(self, question: Question, text: Text) -> Readings:
        """All answers to the question.

        Raises:
            Outage: the model does not work for anybody now.
            InferenceFailed: it works, and this text alone breaks it.
        """
        ...


class Facts(Protocol):
    """Facts from outside the case. What is not known is simply not among the answer."""

    async def about(self, case: Case, wanted: Sequence[str]) -> Sequence[Known]:
        """Those of the wanted ones that are known. Raises `Outage`."""
        ...
