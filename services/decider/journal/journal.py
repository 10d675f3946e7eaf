"""One lane's journal: decided in one transaction, appended in one go, kept only if it fits.

The order is the whole point: fold into the open transaction, append, compare the offsets that the
broker reports with those the entries were meant for, and only then commit.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import structlog

from schemas.automation.journal import Emitted
from services.chassis import crashpoints
from services.chassis.errors import Crash, Outage, Refused, Rejected
from services.chassis.identity import stable_id
from services.chassis.ports import Clock, Lane, Publisher
from services.decider.journal.chunk import Chunk
from services.decider.journal.reading import Outbound, catch_up, outbound
from services.decider.journal.state import State, digest
from services.decider.ports import Log

# Each round somebody else has written: after so many it is no accident of a takeover.
_MAX_ROUNDS = 20

_log = structlog.get_logger()


class _OvertakenError(Exception):
    """Somebody wrote in between: what was decided is void."""

    def __init__(self, confirmed: frozenset[bytes]) -> None:
        super().__init__("another writer appended to the journal")
        self.confirmed = confirmed


class Journal:
    """One lane's log and the fold of it. Only ever used by one task at a time."""

    def __init__(
        self,
        number: int,
        *,
        state: State,
        log: Log,
        publisher: Publisher,
        clock: Clock,
        writer: str,
    ) -> None:
        self.number = number
        self.state = state
        self.unsent: deque[Outbound] = deque()
        self._log = log
        self._publisher = publisher
        self._clock = clock
        self._writer = writer
        self._stale = True
        self._emitted_through = -1
        self._emitted_tenant = ""

    @property
    def marker_owed(self) -> bool:
        """Whether more was emitted than the journal says."""
        return self._emitted_through > self.state.position.marker

    def begin(self, writer: str) -> None:
        """A new tenure: somebody else may have written since."""
        self._writer = writer
        self._stale = True

    async def ready(self, confirmed: frozenset[bytes] = frozenset()) -> None:
        """Catch up, unless the state is known to be the journal's end.

        Raises:
            Outage, Crash: as `reading.catch_up` does.
        """
        if self._stale:
            found = await catch_up(self.state, self._log, self.number, confirmed)
            self.unsent = deque(each for each in found if each.offset > self._emitted_through)
            self._stale = False

    async def append(
        self, lane: Lane, draft: Callable[[Chunk], None], *, mark: bool = False
    ) -> None:
        """Append what `draft` adds to a chunk, and with it the marker that is owed.

        `draft` is called again, over the newer state, whenever somebody else had written. With
        `mark` the marker is appended even if it is alone.

        Raises:
            Outage: the lane or the broker was gone before anything was appended.
            Rejected: the broker will never take an entry of this chunk; try each alone.
            Crash: nobody knows what was appended.
        """
        for _ in range(_MAX_ROUNDS):
            await self.ready()
            try:
                with self.state.transaction():
                    chunk = Chunk(self.state, self.number, self._writer)
                    draft(chunk)
                    if self.marker_owed and (mark or chunk.written):
                        self._add_marker(chunk)
                    if chunk.written:
                        await self._send(lane, chunk)
            except _OvertakenError as overtaken:
                _log.warning("journal: another writer appended", lane=self.number)
                await self.ready(overtaken.confirmed)
                continue
            for each in chunk.written:
                self.unsent.extend(outbound(each.entry, maybe_sent=False))
            return
        raise Outage(f"journal {self.number}: another writer keeps appending")

    def emitted(self, through: int) -> None:
        """Note that all the journal promises up to that offset was confirmed."""
        while self.unsent and self.unsent[0].offset <= through:
            self._emitted_tenant = self.unsent.popleft().tenant
        self._emitted_through = max(self._emitted_through, through)

    def _add_marker(self, chunk: Chunk) -> None:
        crashpoints.reach("decider.before-marker")
        through = self._emitted_through
        chunk.add(
            str(stable_id("emitted", self.number, through)),
            self._emitted_tenant,
            self._clock.now(),
            Emitted(through=through),
        )

    async def _send(self, lane: Lane, chunk: Chunk) -> None:
        """Append the chunk at the offsets it is meant for, within the open transaction."""
        if not lane.held():
            raise Outage(f"lane {self.number} is no longer ours")
        crashpoints.reach("decider.before-append")
        # Whatever ends the wait, from here on only the log knows.
        self._stale = True
        try:
            positions = await self._publisher.send(chunk.messages())
        except Refused as error:
            # It is not in the log and never will be; what followed it there is void.
            raise Rejected(f"the journal's broker refuses the entry: {error}") from error
        except Outage as error:
            raise Crash(f"journal {self.number}: an append of unknown fate: {error}") from error
        crashpoints.reach("decider.after-append")
        first = chunk.written[0].entry.offset
        expected = list(range(first, first + len(chunk.written)))
        if [position.offset for position in positions] != expected:
            raise _OvertakenError(frozenset(each.value for each in chunk.written))
        tail = digest(chunk.written[-1].value)
        self.state.position = replace(self.state.position, tail=tail)
        self._stale = False
