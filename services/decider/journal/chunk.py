"""Entries that are decided together: each one sees what those before it did."""

from dataclasses import dataclass, replace
from datetime import datetime

from schemas.automation.journal import InputPosition, JournalAppended
from services.chassis.errors import Rejected
from services.chassis.record import Message
from services.decider.journal.fold import Body, fold
from services.decider.journal.state import State
from topics.automation import JOURNAL_APPENDED

# Key, headers and the batch's framing beside the value.
_FRAMING = 1024


@dataclass(frozen=True, slots=True)
class Written:
    """An entry and the bytes it travels as."""

    entry: JournalAppended
    value: bytes


class Chunk:
    """Entries folded into an open transaction, to be appended in one go."""

    def __init__(self, state: State, number: int, writer: str) -> None:
        self.state = state
        self.written: list[Written] = []
        self._number = number
        self._writer = writer

    def add(
        self,
        entry_id: str,
        tenant: str,
        at: datetime,
        body: Body,
        cause: InputPosition | None = None,
    ) -> bool:
        """Add an entry; False, and nothing added, where the journal knows its id already.

        Raises:
            Rejected: it is larger than the journal's topic takes.
        """
        offset = self.state.position.next_offset
        entry = JournalAppended(
            entry_id=entry_id,
            tenant=tenant,
            at=at,
            offset=offset,
            writer=self._writer,
            input=cause,
            body=body,
        )
        value = entry.to_json()
        if len(value) + _FRAMING > JOURNAL_APPENDED.max_message_bytes:
            raise Rejected(
                f"the journal entry has {len(value)} bytes, {JOURNAL_APPENDED.max_message_bytes}"
                " with framing are taken: send smaller events or fewer facts"
            )
        if not fold(self.state, entry, offset):
            return False
        self.state.position = replace(self.state.position, next_offset=offset + 1)
        self.written.append(Written(entry, value))
        return True

    def messages(self) -> list[Message]:
        """The entries as records of the journal's partition."""
        return [
            Message(
                topic=JOURNAL_APPENDED.name,
                key=each.entry.tenant.encode(),
                value=each.value,
                partition=self._number,
            )
            for each in self.written
        ]
