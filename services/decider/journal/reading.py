"""Catching up: the journal is read to its end, folded, and what it still promises is gathered."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import structlog

from schemas.automation.journal import Emitted, JournalAppended, OutboxMessage
from services.chassis.errors import Crash, Outage
from services.chassis.record import Record
from services.decider.journal import entries
from services.decider.journal.fold import fold, outbox_of
from services.decider.journal.state import State, digest
from services.decider.ports import Log
from topics.automation import JOURNAL_APPENDED

# Records folded per transaction.
_STRIDE = 500
_PROGRESS_S = 2.0

# Two writers void each other's entries a few at a time. Thousands in a row mean that the log is a
# copy whose offsets are not its own, and to fold it would be to forget everything.
_MAX_VOID_RUN = 10_000

_TOPIC = JOURNAL_APPENDED.name

_log = structlog.get_logger()


@dataclass(slots=True)
class Outbound:
    """A message that the journal promises and that is not known to be emitted."""

    offset: int
    tenant: str
    message: OutboxMessage
    maybe_sent: bool


def outbound(entry: JournalAppended, *, maybe_sent: bool) -> Iterator[Outbound]:
    """What an entry that counts wants to be emitted."""
    for message in outbox_of(entry):
        yield Outbound(entry.offset, entry.tenant, message, maybe_sent)


class _StrangerError(Exception):
    """The log is not the one that the state was folded from."""


async def catch_up(
    state: State, log: Log, number: int, confirmed: frozenset[bytes] = frozenset()
) -> list[Outbound]:
    """Fold the journal to its end; returns what follows its last marker.

    `confirmed` are values that the broker said it had, so they must be met.

    Raises:
        Outage: the log cannot be read now.
        Crash: something is missing in it, or it is not a journal of this decider's version.
    """
    begin = await log.begin_offset(_TOPIC, number)
    end = await log.end_offset(_TOPIC, number)
    _fit(state, begin, end)
    try:
        return await _Reading(state, number, set(confirmed)).run(log, begin, end)
    except _StrangerError:
        state.reset("the journal has another record where the snapshot ends: it was made anew")
        _fit(state, begin, end)
        return await _Reading(state, number, set(confirmed)).run(log, begin, end)


def _fit(state: State, begin: int, end: int) -> None:
    """Bring the state to where reading can begin."""
    at = state.position.next_offset
    if at > end:
        state.reset("the journal ends before it: the topic was made anew or truncated")
    elif 0 < at < begin:
        state.reset("the journal begins after it: retention has passed it by")
    if state.position.next_offset < begin:
        with state.transaction():
            state.position = replace(state.position, next_offset=begin)


class _Reading:
    """One pass over the log, from the last marker or the last record folded, to the end."""

    def __init__(self, state: State, number: int, missing: set[bytes]) -> None:
        self._state = state
        self._number = number
        self._missing = missing
        self._unsent: list[Outbound] = []
        self._void_run = 0

    async def run(self, log: Log, begin: int, end: int) -> list[Outbound]:
        position = self._state.position
        first = at = max(begin, min(position.marker + 1, position.next_offset - 1))
        told = time.monotonic()
        stride: list[Record] = []
        if at < end:
            async for record in log.read(_TOPIC, self._number, at, end):
                if record.offset != at:
                    raise Crash(
                        f"journal {self._number}: offsets {at} to {record.offset - 1} are missing:"
                        " restore them from a replica, or go on from behind them;"
                        " docs/runbooks/lag.md says how, and what that forgets"
                    )
                at += 1
                stride.append(record)
                if len(stride) == _STRIDE or at == end:
                    self._take(stride)
                    stride.clear()
                if time.monotonic() - told > _PROGRESS_S:
                    told = time.monotonic()
                    _log.info(
                        "journal: catching up", lane=self._number, begun=first, at=at, end=end
                    )
        if at < end:
            raise Outage(f"journal {self._number}: could be read to {at} of {end} only")
        if self._missing:
            raise Crash(f"journal {self._number}: {len(self._missing)} confirmed entries are gone")
        marker = self._state.position.marker
        return [each for each in self._unsent if each.offset > marker]

    def _take(self, records: list[Record]) -> None:
        with self._state.transaction():
            for record in records:
                self._missing.discard(record.value or b"")
                self._take_one(record)
            last = records[-1]
            if last.offset == self._state.position.next_offset - 1:
                self._state.position = replace(self._state.position, tail=digest(last.value))
        # What a marker has passed is not kept: a rebuild reads millions of entries.
        marker = self._state.position.marker
        if self._unsent and self._unsent[0].offset <= marker:
            self._unsent = [each for each in self._unsent if each.offset > marker]

    def _take_one(self, record: Record) -> None:
        position = self._state.position
        if record.offset == position.next_offset - 1 and position.tail != digest(record.value):
            raise _StrangerError
        entry = entries.read(record)
        if record.offset < position.next_offset:
            counts = entry is not None and self._counted(entry, record.offset)
        else:
            counts = entry is not None and fold(self._state, entry, record.offset)
            self._state.position = replace(self._state.position, next_offset=record.offset + 1)
            self._note_void(counts=counts)
        if entry is not None and counts and not isinstance(entry.body, Emitted):
            self._unsent.extend(outbound(entry, maybe_sent=True))

    def _counted(self, entry: JournalAppended, offset: int) -> bool:
        """Whether an entry that was folded before, and is read again for its outbox, counted."""
        return entry.offset == offset and (
            not outbox_of(entry) or self._state.offset_of(entry.entry_id) == offset
        )

    def _note_void(self, *, counts: bool) -> None:
        self._void_run = 0 if counts else self._void_run + 1
        if self._void_run > _MAX_VOID_RUN:
            raise Crash(
                f"journal {self._number}: {_MAX_VOID_RUN} entries in a row are not where they were"
                " written for: this is a copy of a journal, not a journal"
            )
