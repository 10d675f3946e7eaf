"""Cases that wait for a text, as the fold keeps them until they are decided."""

import sqlite3
from datetime import datetime
from uuid import UUID

from schemas.automation.journal import Waiting
from services.decider.journal.subjects import millis


class Waits:
    """A table of the lane's fold."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of(self, case_id: UUID) -> tuple[str, Waiting] | None:
        """The tenant of a case that waits, and what it waits with."""
        found = self._db.execute(
            "SELECT tenant, held FROM waiting WHERE case_id = ?", (case_id.bytes,)
        ).fetchone()
        return None if found is None else (found[0], Waiting.model_validate_json(found[1]))

    def overdue(self, now: datetime, limit: int) -> list[UUID]:
        """Cases whose text did not come in time, oldest first."""
        rows = self._db.execute(
            "SELECT case_id FROM waiting WHERE deadline <= ? ORDER BY deadline LIMIT ?",
            (millis(now), limit),
        )
        return [UUID(bytes=case_id) for (case_id,) in rows]

    def keep(self, held: Waiting, tenant: str, at_ms: int) -> None:
        """Until its text or its deadline comes; what goes out for it is read from the log again."""
        self._db.execute(
            "INSERT OR IGNORE INTO waiting VALUES (?, ?, ?, ?, ?)",
            (
                held.case_id.bytes,
                tenant,
                held.model_copy(update={"outbox": ()}).model_dump_json(),
                millis(held.deadline),
                at_ms,
            ),
        )

    def forget(self, case_id: UUID) -> None:
        """It is decided."""
        self._db.execute("DELETE FROM waiting WHERE case_id = ?", (case_id.bytes,))
