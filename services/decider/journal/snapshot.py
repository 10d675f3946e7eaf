"""The file that a fold is kept in: whose it is, whether it may be trusted, and throwing it away."""

import fcntl
import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

import structlog

from services.chassis.errors import ConfigurationError

# Counted up with every change of the tables or of what an entry does to them.
FORMAT = 3

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE seen (offset INTEGER PRIMARY KEY, entry BLOB NOT NULL UNIQUE, at INTEGER NOT NULL);
CREATE TABLE revisions (subject TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL,
    at INTEGER NOT NULL);
CREATE TABLE messages (subject TEXT NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL,
    UNIQUE (subject, message));
CREATE TABLE actions (action BLOB NOT NULL UNIQUE, tenant TEXT NOT NULL, state TEXT NOT NULL,
    at INTEGER NOT NULL);
CREATE TABLE claims (effect TEXT NOT NULL UNIQUE, action BLOB NOT NULL, until INTEGER NOT NULL,
    at INTEGER NOT NULL);
CREATE INDEX claims_by_action ON claims (action);
CREATE TABLE charges (budget TEXT NOT NULL, action BLOB NOT NULL, amount REAL NOT NULL,
    until INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE INDEX charges_by_budget ON charges (budget, until, amount);
CREATE INDEX charges_by_action ON charges (action);
CREATE TABLE proposals (action BLOB NOT NULL UNIQUE, tenant TEXT NOT NULL, held TEXT NOT NULL,
    expires INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE expected (subject TEXT NOT NULL, what TEXT NOT NULL, event TEXT NOT NULL,
    time INTEGER NOT NULL, first INTEGER NOT NULL, at INTEGER NOT NULL, UNIQUE (subject, what));
CREATE TABLE watched (subject TEXT NOT NULL, device TEXT NOT NULL, time INTEGER NOT NULL,
    celsius REAL NOT NULL, out REAL NOT NULL, at INTEGER NOT NULL, UNIQUE (subject, device));
CREATE TABLE waiting (case_id BLOB NOT NULL UNIQUE, tenant TEXT NOT NULL, held TEXT NOT NULL,
    deadline INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE INDEX waiting_by_deadline ON waiting (deadline);
CREATE INDEX proposals_by_expiry ON proposals (expires);
"""

# Enough for the inner pages of every index; a lane has a file of its own and there may be 24.
_CACHE_KIB = 4096

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a snapshot belongs to; one of another identity is thrown away."""

    cluster: str
    topic: str
    partition: int
    partitions: int
    format: int = FORMAT


def lock(home: Path, instance: str) -> IO[str]:
    """Make this process the only one that uses `home` as `instance`, until it ends.

    Raises:
        ConfigurationError: another process does.
    """
    home.mkdir(parents=True, exist_ok=True)
    handle = (home / f"decider-{instance}.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise ConfigurationError(
            f"SLUICE_INSTANCE: another decider already runs as {instance!r} with its state in"
            f" {home}; give each process its own SLUICE_INSTANCE or SLUICE_STATE_DIR"
        ) from error
    return handle


def discard(path: Path, why: str) -> None:
    """Throw a snapshot away: it is rebuilt from the journal."""
    for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        each.unlink(missing_ok=True)
    _log.warning("snapshot thrown away", file=path.name, why=why)


def open_file(path: Path, identity: Identity) -> sqlite3.Connection:
    """Open the snapshot, or begin an empty one where there is none to be trusted."""
    if path.exists():
        why = _distrust(path, identity)
        if why is None:
            return _connect(path)
        discard(path, why)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    connection.executescript(_SCHEMA)
    connection.execute("INSERT INTO meta VALUES ('identity', ?)", (_text(identity),))
    connection.execute("INSERT INTO meta VALUES ('boot', ?)", (_boot_id(),))
    return connection


def close_file(connection: sqlite3.Connection) -> None:
    """Close it so that it may be trusted after a restart of the machine, too."""
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("UPDATE meta SET value = '' WHERE key = 'boot'")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _distrust(path: Path, identity: Identity) -> str | None:
    try:
        connection = _connect(path)
        try:
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            if meta.get("identity") != _text(identity):
                return "it belongs to another cluster, topic, partition or format"
            # Nothing is flushed to the disk while we run: a kill loses nothing, a power cut may.
            if meta.get("boot") not in {"", _boot_id()}:
                return "the machine went down while it was in use"
            connection.execute("UPDATE meta SET value = ? WHERE key = 'boot'", (_boot_id(),))
        finally:
            connection.close()
    except sqlite3.Error as error:
        return f"it cannot be read: {type(error).__name__}"
    return None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _text(identity: Identity) -> str:
    return json.dumps(asdict(identity), sort_keys=True)


def _boot_id() -> str:
    """The kernel's id of this boot; where there is none every start counts as a power cut."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid4())
