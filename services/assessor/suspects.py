"""Remembers, over the death of the process, which texts were on their way when it died."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import structlog
from typing_extensions import override

from services.chassis.errors import ConfigurationError, Outage
from services.chassis.triton.memory import Memory, Suspicion, narrower

log = structlog.get_logger()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS suspects (
  id TEXT PRIMARY KEY, company INTEGER NOT NULL, failures INTEGER NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS flights (id INTEGER PRIMARY KEY, ids TEXT NOT NULL);
"""

# What is held against a text longer than its record is kept is held against nobody.
_HORIZON_S = 14 * 24 * 3600


class Suspects(Memory):
    """One small SQLite file; ids and counts alone, no text. Losing it costs time.

    A commit survives the process, not the machine: in WAL mode without fsync it costs 30 us.

    Raises:
        ConfigurationError: the place cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._db = _open(path)
        with self._safely():
            self._db.execute("DELETE FROM suspects WHERE at < ?", (time.time() - _HORIZON_S,))
            self._held = {
                id_: Suspicion(company, failures)
                for id_, company, failures in self._db.execute(
                    "SELECT id, company, failures FROM suspects"
                )
            }
            lost = [json.loads(ids) for (ids,) in self._db.execute("SELECT ids FROM flights")]
            for ids in lost:
                self.suspect(ids, narrower(len(ids)))
            self._db.execute("DELETE FROM flights")
        if lost:
            log.warning("the last life ended with texts on their way", texts=sum(map(len, lost)))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @override
    def suspicion(self, id: str) -> Suspicion | None:
        return self._held.get(id)

    @override
    def depart(self, ids: Sequence[str]) -> int:
        with self._safely():
            made = self._db.execute("INSERT INTO flights (ids) VALUES (?)", (json.dumps(ids),))
            assert made.lastrowid is not None  # noqa: S101 - an INSERT has one
            return made.lastrowid

    @override
    def arrive(self, flight: int) -> None:
        with self._safely():
            self._db.execute("DELETE FROM flights WHERE id = ?", (flight,))

    @override
    def suspect(self, ids: Collection[str], company: int) -> None:
        for each in ids:
            before = self._held.get(each, Suspicion(company))
            self._hold(each, replace(before, company=min(company, before.company)))

    @override
    def alone(self, id: str) -> int:
        before = self._held.get(id, Suspicion(1))
        self._hold(id, Suspicion(1, before.failures + 1))
        return before.failures + 1

    @override
    def excuse(self, id: str) -> None:
        before = self._held[id]
        self._hold(id, replace(before, failures=before.failures - 1))

    @override
    def clear(self, ids: Collection[str]) -> None:
        for each in ids:
            if self._held.pop(each, None):
                with self._safely():
                    self._db.execute("DELETE FROM suspects WHERE id = ?", (each,))

    def _hold(self, id_: str, suspicion: Suspicion) -> None:
        with self._safely():
            self._db.execute(
                "INSERT OR REPLACE INTO suspects VALUES (?, ?, ?, ?)",
                (id_, suspicion.company, suspicion.failures, time.time()),
            )
        self._held[id_] = suspicion

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise Outage(f"the state directory cannot be written: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    """Open the file; a damaged one is thrown away, it holds nothing that is not found again.

    Raises:
        ConfigurationError: the place cannot be written.
    """
    try:
        return _prepared(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise ConfigurationError(f"SLUICE_STATE_DIR: {path}: {error}") from error
        log.warning("thrown away: damaged", file=path.name)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _prepared(path)


def _prepared(path: Path) -> sqlite3.Connection:
    # Autocommit: each statement is a commit of its own.
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=OFF")
    db.executescript(_SCHEMA)
    return db
