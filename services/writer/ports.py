"""What the writer asks of the world: a model that writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.chassis.errors import SluiceError
from services.chassis.ports import Trace
from services.writer.domain.prompting import Prompt


class LateError(SluiceError):
    """Nobody waits for the text any more."""


@dataclass(frozen=True, slots=True)
class Written:
    """An answer, which bits gave it and what it cost. Not `whole`: it was cut off for length."""

    text: str
    whole: bool
    model: Mapping[str, str]
    tokens: int
    compute_us: int


class Model(Protocol):
    """Writes one text after another; the same prompt gets the same text."""

    async def served(self) -> bool:
        """Whether there is such a model here at all.

        Raises:
            Outage: the server does not answer, so nobody knows.
        """
        ...

    async def write(self, prompt: Prompt, *, within_s: float, trace: Trace) -> Written:
        """The answer to a prompt.

        Raises:
            Outage: the model does not work for anybody now.
            InferenceFailed: it works, and does not write about this text.
            LateError: it took longer than that.
        """
        ...
