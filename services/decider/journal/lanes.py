"""The journals of the lanes that this process holds, each with its file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.chassis.errors import Crash, Outage
from services.chassis.ports import Clock, Lane, Publisher
from services.decider.journal.journal import Journal
from services.decider.journal.snapshot import Identity
from services.decider.journal.state import State
from services.decider.ports import Log
from topics.automation import JOURNAL_APPENDED


class JournalLanes:
    """Opens a journal when its lane comes and closes it when the lane goes."""

    def __init__(
        self,
        home: Path,
        *,
        instance: str,
        cluster: str,
        partitions: int,
        log: Log,
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self._home = home
        self._instance = instance
        self._cluster = cluster
        self._partitions = partitions
        self._log = log
        self._publisher = publisher
        self._clock = clock
        self._open: dict[int, Journal] = {}

    def open(self, lane: Lane) -> Journal:
        """The lane's journal, to be caught up: somebody else may have had the lane meanwhile."""
        writer = f"{self._instance}/{lane.generation}"
        journal = self._open.get(lane.number)
        if journal is None:
            journal = Journal(
                lane.number,
                state=State(self._path(lane.number), self._identity(lane.number)),
                log=self._log,
                publisher=self._publisher,
                clock=self._clock,
                writer=writer,
            )
            self._open[lane.number] = journal
        journal.begin(writer)
        return journal

    def __getitem__(self, number: int) -> Journal:
        journal = self._open.get(number)
        if journal is None:
            raise Outage(f"lane {number} is not prepared")
        return journal

    def close(self, number: int) -> None:
        """The lane is gone; its file stays, as a start for the next time."""
        journal = self._open.pop(number, None)
        if journal is not None:
            journal.state.close()

    @contextmanager
    def damage_ends_us(self, journal: Journal) -> Iterator[None]:
        """A file that fails is nobody's record's fault: throw it away and begin anew.

        Raises:
            Crash: the database failed; the next process rebuilds it from the journal.
            Outage: the lane was released meanwhile.
        """
        try:
            yield
        except sqlite3.Error as error:
            if journal.state.closed:
                raise Outage(f"lane {journal.number} was released") from error
            self._open.pop(journal.number, None)
            journal.state.abandon(f"{type(error).__name__} while it was in use")
            raise Crash(f"lane {journal.number}: its snapshot failed: {error}") from error

    def _path(self, number: int) -> Path:
        return self._home / f"decider-{self._instance}-{number}.sqlite"

    def _identity(self, number: int) -> Identity:
        return Identity(self._cluster, JOURNAL_APPENDED.name, number, self._partitions)
