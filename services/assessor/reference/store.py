"""Where a copy of the reference topic is kept: names to bytes, and how far the topic was read."""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog
from typing_extensions import override

from services.chassis.errors import ConfigurationError, Crash, Outage

_log = structlog.get_logger()

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE positions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE entities (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX holes ON entities (name) WHERE value = x'';
"""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_CACHE_KIB = 16 * 1024
# Pages of the write-ahead log before they go into the file: fewer, larger writes while loading.
_CHECKPOINT_PAGES = 8_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Whose copy it is, the next offset of each partition, and when it was last known to be sound.

    It is sound when it is empty, and when all that is in the log is applied.
    """

    identity: str
    positions: Mapping[int, int]
    sound_at: float


class Store(Protocol):
    """Everything that is applied together is kept together, or not at all.

    An empty value is a hole: something is there that could not be read.
    """

    def kept(self) -> Kept | None:
        """What is there; None where nothing is."""
        ...

    def begin(self, identity: str, at: float) -> None:
        """Throw everything away and begin an empty copy, sound at that time."""
        ...

    def get(self, name: str) -> bytes | None:
        """What was last applied under the name."""
        ...

    def apply(
        self, changes: Sequence[tuple[str, bytes | None]], positions: Mapping[int, int]
    ) -> None:
        """Changes in their order, None for what is gone, and how far they reach."""
        ...

    def sound(self, at: float) -> None:
        """It was so at that time."""
        ...

    def holes(self) -> int:
        """How many there are."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class SqliteStore(Store):
    """One SQLite file, this process's alone; a damaged one is thrown away.

    A commit is one transaction of entities and offsets. The last ones may be lost with the machine,
    never part of one: then the topic is read again from there.

    Raises:
        ConfigurationError: the place cannot be written, or another process uses it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise _refused(path, error) from error
            _log.warning("reference copy thrown away: damaged", file=path.name)
            _remove(path)
            self._db = _open(path)

    @override
    def kept(self) -> Kept | None:
        with self._safely():
            meta = dict(self._db.execute("SELECT key, value FROM meta"))
            positions = dict(self._db.execute("SELECT partition, next FROM positions"))
        if meta.keys() != {"identity", "sound_at"}:
            return None
        return Kept(meta["identity"], positions, meta["sound_at"])

    @override
    def begin(self, identity: str, at: float) -> None:
        self.close()
        _remove(self._path)
        self._db = _open(self._path)
        made = [("identity", identity), ("sound_at", at)]
        with self._safely(), self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO meta VALUES (?, ?)", made)

    @override
    def get(self, name: str) -> bytes | None:
        with self._safely():
            found = self._db.execute(
                "SELECT value FROM entities WHERE name = ?", (name,)
            ).fetchone()
        return None if found is None else found[0]

    @override
    def apply(
        self, changes: Sequence[tuple[str, bytes | None]], positions: Mapping[int, int]
    ) -> None:
        # Of several changes to one entity the last alone is seen by anybody.
        last = dict(changes)
        with self._safely(), self._db:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT OR REPLACE INTO entities VALUES (?, ?)",
                [(name, value) for name, value in last.items() if value is not None],
            )
            self._db.executemany(
                "DELETE FROM entities WHERE name = ?",
                [(name,) for name, value in last.items() if value is None],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO positions VALUES (?, ?)", positions.items()
            )

    @override
    def sound(self, at: float) -> None:
        with self._safely():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('sound_at', ?)", (at,))

    @override
    def holes(self) -> int:
        with self._safely():
            (count,) = self._db.execute(
                "SELECT count(*) FROM entities WHERE value = x''"
            ).fetchone()
        return int(count)

    @override
    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) in _DAMAGED:
                # The next process begins anew.
                self.close()
                _remove(self._path)
                raise Crash(f"{self._path.name} is damaged and was thrown away: {error}") from error
            raise Outage(f"SLUICE_STATE_DIR: {self._path} cannot be used: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    # Autocommit: transactions are begun by name.
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        # Nobody else reads it: no shared memory, and a second process is refused at once.
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        db.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        db.execute("BEGIN EXCLUSIVE")
        if not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            for statement in _SCHEMA.strip().split(";\n"):
                db.execute(statement)
        db.execute("COMMIT")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _refused(path: Path, error: sqlite3.OperationalError) -> ConfigurationError:
    if "locked" in str(error):
        return ConfigurationError(
            f"SLUICE_INSTANCE: another assessor uses {path}; give each process its own"
            " SLUICE_INSTANCE or SLUICE_STATE_DIR"
        )
    return ConfigurationError(f"SLUICE_STATE_DIR: {path}: {error}")
