"""What must be remembered about texts on their way, so that one that kills is found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A text that was on its way when something was lost.

    `company` is the number of texts it may travel with at most; `failures` counts those alone.
    """

    company: int
    failures: int = 0


# 32 -> 8 -> 1: two more losses find the text that kills, and the innocent are soon through.
SMALL = 8


def narrower(size: int) -> int:
    """The company allowed after a loss in a company of this size."""
    return SMALL if size > SMALL else 1


class Memory(Protocol):
    """Survives the process, if the adapter does. Ids are opaque. Every call may raise `Outage`."""

    def suspicion(self, id: str) -> Suspicion | None:  # noqa: A002 - it is the id
        """What is held against this text."""
        ...

    def depart(self, ids: Sequence[str]) -> int:
        """These travel now: were this process lost, they are suspicious to the next."""
        ...

    def arrive(self, flight: int) -> None:
        """That flight is over, however it ended: we live."""
        ...

    def suspect(self, ids: Collection[str], company: int) -> None:
        """They were on their way when something was lost."""
        ...

    def alone(self, id: str) -> int:  # noqa: A002 - it is the id
        """About to be tried alone: one failure more, counted before; returns how many."""
        ...

    def excuse(self, id: str) -> None:  # noqa: A002 - it is the id
        """Take the last one back: it was not the text's."""
        ...

    def clear(self, ids: Collection[str]) -> None:
        """Nothing is held against them any more."""
        ...


class ShortMemory(Memory):
    """Forgets with the process: for tests, and for callers without a state directory."""

    def __init__(self) -> None:
        self._held: dict[str, Suspicion] = {}

    @override
    def suspicion(self, id: str) -> Suspicion | None:
        return self._held.get(id)

    @override
    def depart(self, ids: Sequence[str]) -> int:
        return 0

    @override
    def arrive(self, flight: int) -> None:
        pass

    @override
    def suspect(self, ids: Collection[str], company: int) -> None:
        for each in ids:
            before = self._held.get(each)
            self._held[each] = (
                replace(before, company=min(company, before.company))
                if before
                else Suspicion(company)
            )

    @override
    def alone(self, id: str) -> int:
        before = self._held.get(id, Suspicion(1))
        self._held[id] = Suspicion(1, before.failures + 1)
        return before.failures + 1

    @override
    def excuse(self, id: str) -> None:
        before = self._held[id]
        self._held[id] = replace(before, failures=before.failures - 1)

    @override
    def clear(self, ids: Collection[str]) -> None:
        for each in ids:
            self._held.pop(each, None)
