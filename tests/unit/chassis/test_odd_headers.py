"""A header's name that is no UTF-8 stops nobody: the record is read, and those around it."""

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.structs import TopicPartition
from typing_extensions import override

from services.chassis.kafka import odd_headers

TP = TopicPartition("in", 0)
SOUND = [("ce_id", b"1")]


class Odd(str):
    """A name as only a client in another language can write it."""

    __slots__ = ()

    @override
    def encode(self, *_: str) -> bytes:
        return b"ce_\xff\xfeid"


@pytest.fixture(autouse=True)
def _admitted(monkeypatch) -> None:
    """For this test alone: other tests have aiokafka as it comes."""
    for name in ("MemoryRecords", "PartitionRecords"):
        monkeypatch.setattr(fetcher, name, getattr(fetcher, name))
    odd_headers.admit()


def batch(first: int, headers: list, *, compression: int = 0) -> bytes:
    """Records 0, 1, ... with these headers, as a broker keeps them from that offset on."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2, compression_type=compression, is_transactional=False, producer_id=-1,
        producer_epoch=-1, base_sequence=-1, batch_size=1 << 16,
    )  # fmt: skip
    for n, each in enumerate(headers):
        assert builder.append(n, 1_700_000_000_000, b"key", b"value", each)
    made = bytearray(builder.build())
    made[:8] = first.to_bytes(8, "big")  # not covered by the checksum
    return bytes(made)


def opened(data: bytes, fetch_offset: int = 0) -> fetcher.PartitionRecords:
    """As the fetcher opens what it got."""
    return fetcher.PartitionRecords(
        TP, fetcher.MemoryRecords(data), [], fetch_offset, None, None,
        check_crcs=True, isolation_level=fetcher.READ_COMMITTED,
    )  # fmt: skip


def read(data: bytes, fetch_offset: int = 0) -> list[tuple[int, list]]:
    """Offsets and headers, as the fetcher hands them out."""
    records = opened(data, fetch_offset)
    return [(each.offset, list(each.headers)) for each in records]


@pytest.mark.parametrize("compression", [0, 1], ids=["plain", "gzip"])
def test_an_odd_name_is_read_escaped_and_each_record_once(compression: int) -> None:
    """Before it, itself, behind it, in this batch and the next: in order, nothing twice."""
    odd = [(Odd("ce_id"), b"2"), ("b", None)]
    data = batch(5, [SOUND, odd, SOUND], compression=compression) + batch(8, [SOUND])
    assert read(data, 5) == [
        (5, SOUND),
        (6, [(r"ce_\xff\xfeid", b"2"), ("b", None)]),
        (7, SOUND),
        (8, SOUND),
    ]


def test_sound_records_are_read_by_the_compiled_reader() -> None:
    """Who sends what is right pays nothing for those who do not."""
    records = opened(batch(0, [SOUND]))
    assert [each.offset for each in records] == [0]
    assert isinstance(records._records, odd_headers._Kept)


def test_two_odd_batches_in_one_fetch() -> None:
    """Leniently from the first on."""
    odd = [(Odd("x"), b"")]
    assert [offset for offset, _ in read(batch(0, [odd]) + batch(1, [SOUND, odd]))] == [0, 1, 2]
