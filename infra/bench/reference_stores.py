"""Other places where the reference copy could be kept, for comparison. Tests fake it with a dict.

LMDB and RocksDB are no dependencies of Sluice: `pip install lmdb rocksdict` to measure them, too.
"""

import contextlib
import importlib.util
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from typing_extensions import override

from services.assessor.reference.store import Kept, SqliteStore, Store

_META = b"\0meta"
_POSITION = b"\0position:"
_HOLE = b""


class DictStore(Store):
    """A plain dict: nothing outlives the process."""

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._values: dict[bytes, bytes] = {}

    @override
    def kept(self) -> Kept | None:
        return self._kept

    @override
    def begin(self, identity: str, at: float) -> None:
        self._kept, self._values = Kept(identity, {}, at), {}

    @override
    def get(self, name: str) -> bytes | None:
        return self._values.get(name.encode())

    @override
    def apply(
        self, changes: Sequence[tuple[str, bytes | None]], positions: Mapping[int, int]
    ) -> None:
        for name, value in changes:
            if value is None:
                self._values.pop(name.encode(), None)
            else:
                # A copy of its own: what a serializer gives may stand in a far larger block.
                self._values[name.encode()] = bytes(memoryview(value))
        assert self._kept is not None  # noqa: S101 - it was begun
        reached = {**self._kept.positions, **positions}
        self._kept = Kept(self._kept.identity, reached, self._kept.sound_at)

    @override
    def sound(self, at: float) -> None:
        assert self._kept is not None  # noqa: S101 - it was begun
        self._kept = Kept(self._kept.identity, self._kept.positions, at)

    @override
    def holes(self) -> int:
        return sum(value == _HOLE for value in self._values.values())

    @override
    def close(self) -> None:
        pass


class LmdbStore(Store):
    """One LMDB file, mapped into memory."""

    # Address space, not memory.
    _MAP_BYTES = 16 * 1024**3
    # Its longest key is 511 bytes: ours may be a little longer, and then only its beginning counts.
    _KEY_BYTES = 500

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        import lmdb  # type: ignore[import-not-found] # noqa: PLC0415 - no dependency of ours

        self._env: Any = lmdb.open(
            str(self._path), map_size=self._MAP_BYTES, sync=False, metasync=False, lock=False
        )

    @override
    def kept(self) -> Kept | None:
        with self._env.begin() as reading:
            meta = reading.get(_META)
            positions = {
                int(key.removeprefix(_POSITION)): int(value)
                for key, value in _scan(reading.cursor())
            }
        return _kept(meta, positions)

    @override
    def begin(self, identity: str, at: float) -> None:
        self._env.close()
        shutil.rmtree(self._path)
        self._open()
        with self._env.begin(write=True) as writing:
            writing.put(_META, orjson.dumps([identity, at]))

    @override
    def get(self, name: str) -> bytes | None:
        with self._env.begin() as reading:
            found = reading.get(name.encode()[: self._KEY_BYTES])
        return None if found is None else bytes(found)

    @override
    def apply(
        self, changes: Sequence[tuple[str, bytes | None]], positions: Mapping[int, int]
    ) -> None:
        with self._env.begin(write=True) as writing:
            for name, value in changes:
                key = name.encode()[: self._KEY_BYTES]
                if value is None:
                    writing.delete(key)
                else:
                    writing.put(key, value)
            for number, next_ in positions.items():
                writing.put(_POSITION + str(number).encode(), str(next_).encode())

    @override
    def sound(self, at: float) -> None:
        with self._env.begin(write=True) as writing:
            identity, _ = orjson.loads(writing.get(_META))
            writing.put(_META, orjson.dumps([identity, at]))

    @override
    def holes(self) -> int:
        with self._env.begin() as reading:
            return sum(bytes(value) == _HOLE for _, value in reading.cursor())

    @override
    def close(self) -> None:
        self._env.close()


class RocksStore(Store):
    """One RocksDB folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        import rocksdict  # type: ignore[import-not-found] # noqa: PLC0415 - no dependency of ours

        self._batch: Callable[..., Any] = rocksdict.WriteBatch
        self._db: Any = rocksdict.Rdict(str(self._path), rocksdict.Options(raw_mode=True))

    @override
    def kept(self) -> Kept | None:
        positions = {
            int(key.removeprefix(_POSITION)): int(value)
            for key, value in self._db.items(from_key=_POSITION)
            if key.startswith(_POSITION)
        }
        return _kept(self._db.get(_META), positions)

    @override
    def begin(self, identity: str, at: float) -> None:
        self._db.close()
        shutil.rmtree(self._path)
        self._open()
        self._db[_META] = orjson.dumps([identity, at])

    @override
    def get(self, name: str) -> bytes | None:
        found: bytes | None = self._db.get(name.encode())
        return found

    @override
    def apply(
        self, changes: Sequence[tuple[str, bytes | None]], positions: Mapping[int, int]
    ) -> None:
        batch = self._batch(raw_mode=True)
        for name, value in changes:
            if value is None:
                batch.delete(name.encode())
            else:
                batch.put(name.encode(), value)
        for number, next_ in positions.items():
            batch.put(_POSITION + str(number).encode(), str(next_).encode())
        self._db.write(batch)

    @override
    def sound(self, at: float) -> None:
        identity, _ = orjson.loads(self._db[_META])
        self._db[_META] = orjson.dumps([identity, at])

    @override
    def holes(self) -> int:
        return sum(value == _HOLE for _, value in self._db.items())

    @override
    def close(self) -> None:
        self._db.close()


def _scan(cursor: Any) -> Iterator[tuple[bytes, bytes]]:
    if cursor.set_range(_POSITION):
        for key, value in cursor:
            if not bytes(key).startswith(_POSITION):
                return
            yield bytes(key), bytes(value)


def _kept(meta: bytes | None, positions: Mapping[int, int]) -> Kept | None:
    if meta is None:
        return None
    identity, sound_at = orjson.loads(meta)
    return Kept(identity, positions, sound_at)


# By name: what has to be installed for it, and how it is opened in a folder.
CANDIDATES: Mapping[str, tuple[str | None, Callable[[Path], Store]]] = {
    "dict": (None, lambda _: DictStore()),
    "sqlite": (None, lambda folder: SqliteStore(folder / "reference.sqlite")),
    "lmdb": ("lmdb", lambda folder: LmdbStore(folder / "reference.lmdb")),
    "rocksdb": ("rocksdict", lambda folder: RocksStore(folder / "reference.rocks")),
}


def installed(name: str) -> bool:
    """Whether a candidate can be tried here."""
    package = CANDIDATES[name][0]
    return package is None or importlib.util.find_spec(package) is not None


@contextlib.contextmanager
def opened(name: str, folder: Path) -> Iterator[Store]:
    """A candidate, in a folder of its own."""
    store = CANDIDATES[name][1](folder)
    try:
        yield store
    finally:
        store.close()
