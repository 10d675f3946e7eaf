r"""Header names that are not UTF-8: read, with the odd bytes as `\xff`, not stumbled over.

Kafka's protocol says UTF-8 and no broker checks it. aiokafka cannot read such a record (nor go on
behind it), so one producer could stop a partition for all others.
"""

from collections.abc import Iterator
from typing import Any

import structlog
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy
from typing_extensions import override

log = structlog.get_logger()

_MAGIC_AT = 16  # of a batch: where its format's number stands, in all formats


def admit() -> None:
    """Let this process's consumers read such records; aiokafka has no hook for it."""
    fetcher.MemoryRecords = _Kept
    fetcher.PartitionRecords = _Records


class _Kept:
    """A fetched partition's bytes, as aiokafka's compiled reader reads them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        made = MemoryRecords(data)
        self.has_next, self.next_batch = made.has_next, made.next_batch
        self.size_in_bytes = made.size_in_bytes


class _Records(fetcher.PartitionRecords):  # type: ignore[misc] # aiokafka is untyped
    """Reads on leniently, and ten times slower, where the compiled reader stumbles."""

    _records: "_Kept | _Lenient"

    @override
    def _unpack_records(self) -> Iterator[Any]:
        try:
            yield from super()._unpack_records()
        except UnicodeDecodeError:
            if isinstance(self._records, _Lenient):
                raise
            log.warning("header names that are not UTF-8", partition=str(self._tp))
            self._records = _Lenient(self._records.data)
            # What was given already lies before `next_fetch_offset`, and is passed over.
            yield from super()._unpack_records()


class _Lenient:
    """The same bytes by aiokafka's reader in Python, which can be told how to decode."""

    def __init__(self, data: bytes) -> None:
        self._whole = _MemoryRecordsPy(data)
        self.has_next = self._whole.has_next

    def next_batch(self) -> Any:
        part = self._whole._next_slice  # noqa: SLF001 - the bytes of the next batch
        strict = self._whole.next_batch()
        return strict if part is None or part[_MAGIC_AT] < 2 else _Batch(part)  # noqa: PLR2004 - format 2 has headers


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc] # final to whoever has a choice
    _buffer: bytearray

    @override
    def __iter__(self) -> "_Batch":
        super().__iter__()
        self._buffer = _Bytes(self._buffer)
        return self


class _Bytes(bytearray):
    """Decodes whatever it is; slices of it, too."""

    @override
    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Bytes(found) if isinstance(at, slice) else found

    @override
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")
