"""The weights' file is read as it is written, and a damaged one is refused."""

import struct
from pathlib import Path

import numpy as np
import pytest

from infra.triton.build import weights

# Two blocks of one row: scale 0.5, then scale -2. Nibble 8 is zero; low nibbles come first.
NIBBLES = [[8] * 32, [0, 15, *[8] * 29, 9]]
SCALES = [0.5, -2.0]
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁दर", -3.5)]


def block(scale: float, nibbles: list[int]) -> bytes:
    """One Q4_0 block, written by hand from its definition."""
    packed = bytes(low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True))
    return struct.pack("<e", scale) + packed


def e5s1(tensors: dict[str, tuple[int, int, bytes]], *, cut: int = 0) -> bytes:
    """A file of that format: name to kind, count of elements, bytes."""
    texts = [text.encode() for text, _ in PIECES]
    offsets = [sum(map(len, texts[:number])) for number in range(len(texts) + 1)]
    head = b"E5S1" + struct.pack("<I7if i", 1, 64, 1, 2, 128, 5, 16, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, texts)))
    head += struct.pack(f"<{len(offsets)}I", *offsets)
    head += struct.pack(f"<{len(PIECES)}f", *(score for _, score in PIECES))
    head += b"".join(texts) + struct.pack("<iI", 1, 9) + b"\0" * 9  # one entry of normalisation
    directory_size = sum(2 + len(name) + 21 for name in tensors)
    at = len(head) + 4 + directory_size
    directory, data = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, raw) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, at + len(data), len(raw))
        data += raw
    whole = head + directory + data
    return whole[: len(whole) - cut]


TENSORS = {
    "a.w": (1, 64, block(SCALES[0], NIBBLES[0]) + block(SCALES[1], NIBBLES[1])),
    "a.b": (0, 3, struct.pack("<3f", 1.5, -2.5, 0.0)),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A whole small file."""
    path = tmp_path / "small.bin"
    path.write_bytes(e5s1(TENSORS))
    return path


def test_a_file_is_read_as_written(file: Path) -> None:
    """Shape, vocabulary with non-ASCII pieces, special ids, both kinds of tensors."""
    read = weights.read(file)
    assert (read.shape.hidden, read.shape.layers, read.shape.heads) == (64, 1, 2)
    assert read.pieces == tuple(PIECES)
    assert (read.special.begin, read.special.end, read.special.pad, read.special.unknown) == (
        0,
        2,
        1,
        3,
    )
    assert read.vector("a.b").tolist() == [1.5, -2.5, 0.0]


def test_a_block_of_four_bits_is_what_its_definition_says(file: Path) -> None:
    """Value = (nibble - 8) * scale; element 16 sits in the high half of byte 0."""
    (row,) = weights.read(file).matrix("a.w", 64)
    assert row[:32].tolist() == [0.0] * 32
    assert row[32:35].tolist() == [16.0, -14.0, 0.0]
    assert row[63] == -2.0
    assert np.count_nonzero(row) == 3


def test_a_part_of_a_block_is_refused() -> None:
    """Half a block would shift every value after it."""
    with pytest.raises(weights.WeightsError, match="no whole number"):
        weights.decode_q4(np.zeros(17, np.uint8))


@pytest.mark.parametrize("cut", [1, 40, 100, 200])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    """Wherever a download broke off, the error names the file or the tensor."""
    path = tmp_path / "short.bin"
    path.write_bytes(e5s1(TENSORS, cut=cut))
    with pytest.raises(weights.WeightsError):
        weights.read(path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    """By its first bytes, with its name."""
    path = tmp_path / "other.gguf"
    path.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(weights.WeightsError, match=r"other\.gguf: not an E5S1"):
        weights.read(path)
