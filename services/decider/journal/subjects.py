"""What the fold keeps of subjects for the events to come: what is expected, what was measured."""

import sqlite3
from datetime import UTC, datetime

from schemas.automation.journal import Decided
from services.decider.domain.remembering import Expected, Watched


def millis(instant: datetime) -> int:
    """Milliseconds since the epoch."""
    return int(instant.timestamp() * 1000)


def expected(db: sqlite3.Connection, subject: str, what: str) -> Expected | None:
    """The last word of an event on when the subject will do that."""
    row = db.execute(
        "SELECT event, time, first FROM expected WHERE subject = ? AND what = ?", (subject, what)
    ).fetchone()
    if row is None:
        return None
    event, time, first = row
    return Expected(what=what, event_id=event, time=_instant(time), first=_instant(first))


def watched(db: sqlite3.Connection, subject: str, device: str) -> Watched | None:
    """The last reading that a device told of the subject."""
    row = db.execute(
        "SELECT time, celsius, out FROM watched WHERE subject = ? AND device = ?",
        (subject, device),
    ).fetchone()
    if row is None:
        return None
    time, celsius, out = row
    return Watched(device=device, at=_instant(time), celsius=celsius, seconds_out=out)


def learn(db: sqlite3.Connection, body: Decided, at_ms: int) -> None:
    """Both count until the next event's."""
    if (said := body.expected) is not None:
        db.execute(
            "INSERT OR REPLACE INTO expected VALUES (?, ?, ?, ?, ?, ?)",
            (body.subject, said.what, said.event_id, millis(said.time), millis(said.first), at_ms),
        )
    for told in body.watched:
        db.execute(
            "INSERT OR REPLACE INTO watched VALUES (?, ?, ?, ?, ?, ?)",
            (body.subject, told.device, millis(told.at), told.celsius, told.seconds_out, at_ms),
        )


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
