"""What one lane remembers: the fold's tables, asked by index and never held in memory whole."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

from schemas.automation.journal import Charge, Claim, Decided, Held
from services.decider.domain.remembering import Expected, Watched
from services.decider.journal import snapshot, subjects
from services.decider.journal.subjects import millis
from services.decider.journal.waits import Waits

# Record time, as all horizons; the journal's own retention is not shorter (topics/automation.py).
HORIZON = timedelta(days=90)

_PRUNED = (
    "seen", "revisions", "messages", "actions", "claims", "charges", "proposals", "expected",
    "watched", "waiting",
)  # fmt: skip


class ActionState(StrEnum):
    """What became of an action, as far as the journal says."""

    PROPOSED = "proposed"
    REQUESTED = "requested"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    ENDED = "ended"  # an outcome freed what it had claimed


@dataclass(frozen=True, slots=True)
class Position:
    """How far the journal is folded, and how far its outboxes are known to be emitted.

    `tail` is a digest of the last record folded: a log that was made anew differs there.
    """

    next_offset: int = 0
    marker: int = -1
    clock_ms: int = 0
    tail: bytes = b""


def digest(value: bytes | None) -> bytes:
    """For `Position.tail`."""
    return blake2b(value or b"", digest_size=16).digest()


class State:
    """One lane's fold. Not safe for threads; one transaction at a time.

    Raises `sqlite3.Error` from everything when the file is damaged: discard it, then end.
    """

    def __init__(self, path: Path, identity: snapshot.Identity) -> None:
        self.path = path
        self.closed = False
        self._identity = identity
        self._open()

    def _open(self) -> None:
        self._db = snapshot.open_file(self.path, self._identity)
        self.waits = Waits(self._db)
        row = self._db.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()
        self.position = Position() if row is None else _parse(row[0])

    def reset(self, why: str) -> None:
        """Forget everything: the journal tells it again."""
        self._db.close()
        snapshot.discard(self.path, why)
        self._open()

    def abandon(self, why: str) -> None:
        """Throw it away without looking back: it failed."""
        self.closed = True
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        snapshot.discard(self.path, why)

    def close(self) -> None:
        """Close the file; what was not committed is forgotten."""
        self.closed = True
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        snapshot.close_file(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, `position` included. What the body raises undoes it."""
        before = self.position
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if self.position != before:
                self._db.execute(
                    "INSERT OR REPLACE INTO meta VALUES ('position', ?)", (_render(self.position),)
                )
            self._db.execute("COMMIT")
        except BaseException:
            self.position = before
            if not self.closed and self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    # What the domain asks.

    def offset_of(self, entry_id: str) -> int | None:
        """Where the entry of this id stands in the journal, if it does."""
        row = self._db.execute("SELECT offset FROM seen WHERE entry = ?", (_key(entry_id),))
        found = row.fetchone()
        return None if found is None else int(found[0])

    def highest_revision(self, subject: str) -> int | None:
        """The highest revision of the subject that was decided."""
        row = self._db.execute("SELECT revision FROM revisions WHERE subject = ?", (subject,))
        found = row.fetchone()
        return None if found is None else int(found[0])

    def message_decided(self, subject: str, message_id: str) -> bool:
        """Whether a decided case of the subject carried the message."""
        return (
            self._db.execute(
                "SELECT 1 FROM messages WHERE subject = ? AND message = ?", (subject, message_id)
            ).fetchone()
            is not None
        )

    def effect_holder(self, effect_key: str, now: datetime) -> UUID | None:
        """The action that holds the effect now."""
        found = self._db.execute(
            "SELECT action FROM claims WHERE effect = ? AND until > ?", (effect_key, millis(now))
        ).fetchone()
        return None if found is None else UUID(bytes=found[0])

    def budget_used(self, budget: str, now: datetime) -> float:
        """What is charged against the budget within its window."""
        return float(
            self._db.execute(
                "SELECT TOTAL(amount) FROM charges WHERE budget = ? AND until > ?",
                (budget, millis(now)),
            ).fetchone()[0]
        )

    def expected(self, subject: str, what: str) -> Expected | None:
        """The last word of an event on when the subject will do that."""
        return subjects.expected(self._db, subject, what)

    def watched(self, subject: str, device: str) -> Watched | None:
        """The last reading that a device told of the subject."""
        return subjects.watched(self._db, subject, device)

    def action(self, action_id: UUID) -> tuple[str, ActionState] | None:
        """The tenant and the state of an action."""
        found = self._db.execute(
            "SELECT tenant, state FROM actions WHERE action = ?", (action_id.bytes,)
        ).fetchone()
        return None if found is None else (found[0], ActionState(found[1]))

    def proposal(self, action_id: UUID) -> Held | None:
        """The proposed action, while it waits."""
        found = self._db.execute(
            "SELECT held FROM proposals WHERE action = ?", (action_id.bytes,)
        ).fetchone()
        return None if found is None else Held.model_validate_json(found[0])

    def expired_proposals(self, now: datetime, limit: int) -> list[tuple[str, UUID]]:
        """Tenant and action of proposals that nobody answered in time, oldest first."""
        rows = self._db.execute(
            "SELECT tenant, action FROM proposals WHERE expires <= ? ORDER BY expires LIMIT ?",
            (millis(now), limit),
        )
        return [(tenant, UUID(bytes=action)) for tenant, action in rows]

    # What the fold does.

    def remember(self, entry_id: str, offset: int, at_ms: int) -> bool:
        """Note an entry; False where its id was there before: the first one counts."""
        return (
            self._db.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (offset, _key(entry_id), at_ms)
            ).rowcount
            == 1
        )

    def note_revision(self, subject: str, revision: int, at_ms: int) -> None:
        """Raise the subject's highest revision."""
        highest = self.highest_revision(subject)
        if highest is None or revision >= highest:
            self._db.execute(
                "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?)", (subject, revision, at_ms)
            )

    def note_message(self, subject: str, message_id: str, at_ms: int) -> None:
        """The message is decided."""
        self._db.execute(
            "INSERT OR IGNORE INTO messages VALUES (?, ?, ?)", (subject, message_id, at_ms)
        )

    def learn(self, body: Decided, at_ms: int) -> None:
        """What an event expects and its devices measured counts until the next one's word."""
        subjects.learn(self._db, body, at_ms)

    def note_action(self, action_id: UUID, tenant: str, state: ActionState, at_ms: int) -> None:
        """A new action."""
        self._db.execute(
            "INSERT OR IGNORE INTO actions VALUES (?, ?, ?, ?)",
            (action_id.bytes, tenant, state.value, at_ms),
        )

    def move_action(self, action_id: UUID, state: ActionState) -> None:
        """The action has become something else."""
        self._db.execute(
            "UPDATE actions SET state = ? WHERE action = ?", (state.value, action_id.bytes)
        )

    def take(self, claims: tuple[Claim, ...], charges: tuple[Charge, ...], at_ms: int) -> None:
        """Claim effects and charge budgets for actions that are noted."""
        for claim in claims:
            self._db.execute(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)",
                (claim.effect_key, claim.action_id.bytes, millis(claim.until), at_ms),
            )
        for charge in charges:
            self._db.execute(
                "INSERT INTO charges VALUES (?, ?, ?, ?, ?)",
                (charge.budget, charge.action_id.bytes, charge.amount, millis(charge.until), at_ms),
            )

    def free(self, action_id: UUID) -> None:
        """Give back what the action claimed and was charged."""
        self._db.execute("DELETE FROM claims WHERE action = ?", (action_id.bytes,))
        self._db.execute("DELETE FROM charges WHERE action = ?", (action_id.bytes,))

    def hold(self, proposal: Held, tenant: str, at_ms: int) -> None:
        """Keep a proposed action until somebody answers or it expires."""
        self._db.execute(
            "INSERT OR IGNORE INTO proposals VALUES (?, ?, ?, ?, ?)",
            (
                proposal.action.action_id.bytes,
                tenant,
                proposal.model_dump_json(exclude_none=True),
                millis(proposal.expires_at),
                at_ms,
            ),
        )

    def drop_proposal(self, action_id: UUID) -> None:
        """Nobody waits for it any more."""
        self._db.execute("DELETE FROM proposals WHERE action = ?", (action_id.bytes,))

    def prune(self, limit: int) -> int:
        """Forget what is older than the horizon, at most `limit` rows a table; returns how many.

        Rows are in the order they were last written, so only the oldest few are looked at.
        """
        before = self.position.clock_ms - int(HORIZON / timedelta(milliseconds=1))
        with self.transaction():
            return sum(
                self._db.execute(
                    f"DELETE FROM {table} WHERE rowid IN"  # noqa: S608 - names of our own
                    f" (SELECT rowid FROM {table} ORDER BY rowid LIMIT ?) AND at < ?",
                    (limit, before),
                ).rowcount
                for table in _PRUNED
            )


def _key(entry_id: str) -> bytes:
    """An entry's id, packed where it is a UUID, as all of ours are."""
    try:
        return UUID(entry_id).bytes
    except ValueError:
        return entry_id.encode()


def _render(position: Position) -> str:
    return (
        f"{position.next_offset} {position.marker} {position.clock_ms} {position.tail.hex() or '-'}"
    )


def _parse(text: str) -> Position:
    next_offset, marker, clock_ms, tail = text.split(" ")
    return Position(
        int(next_offset), int(marker), int(clock_ms), b"" if tail == "-" else bytes.fromhex(tail)
    )
