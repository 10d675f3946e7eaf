"""Text to vectors, the same bits for the same text whatever else is in the batch.

No Triton in here: the build fits the heads with it, and a direct measurement can use it too.
"""

import hashlib
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from parts import PARTS, parts, pooled
from tokenizers import Tokenizer

# 128 tokens are some 500 characters; what is far beyond cannot matter and would cost seconds.
MAX_CHARACTERS = 8_192
# Texts whose length rounds up to the same multiple run together. More than 8 gain nothing.
MULTIPLE, GROUP = 8, 8


@dataclass(frozen=True)
class Encoded:
    """What one pass over n texts tells of each.

    `vectors` [n, 384] have length 1; `parts` [n, PARTS, 384] and `shares` [n, PARTS] are those of
    its sentences, which lie at `spans` [n, PARTS, 2], in characters; `tokens` [n] were read, and
    `spent` [n] is each text's share of the time in µs.
    """

    vectors: np.ndarray
    parts: np.ndarray
    shares: np.ndarray
    spans: np.ndarray
    tokens: np.ndarray
    spent: np.ndarray


class Encoder:
    """One model in one process on one thread. `manifest` says what it is."""

    def __init__(self, folder: Path) -> None:
        self.manifest = json.loads((folder / "manifest.json").read_text())
        verify(folder, self.manifest["files"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.manifest["max_tokens"])
        if self.manifest["runtime"] == "openvino":
            self._run, self._group, self._multiple = _openvino(folder), GROUP, MULTIPLE
        else:
            # Its dynamic ranges span a batch, so a batch would change the bits.
            self._run, self._group, self._multiple = _onnxruntime(folder), 1, 1

    def encode(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Vectors [n, 384] of length 1, tokens [n], and each text's share of the time in µs [n]."""
        read = self.read(texts)
        return read.vectors, read.tokens, read.spent

    def read(self, texts: list[str]) -> Encoded:
        """Everything that one pass tells, in groups of one length."""
        began = time.perf_counter()
        prepared = self._prepared(texts)
        found = self._tokenizer.encode_batch(prepared)
        ids = [each.ids for each in found]
        cuts = [self._cuts(text, each.offsets) for text, each in zip(prepared, found, strict=True)]
        reading_us = (time.perf_counter() - began) * 1e6 / max(1, len(texts))
        made = Encoded(
            np.empty((len(texts), 384), np.float32),
            np.zeros((len(texts), PARTS, 384), np.float32),
            np.zeros((len(texts), PARTS), np.float32),
            np.zeros((len(texts), PARTS, 2), np.int32),
            np.array([len(row) for row in ids], np.int32),
            np.empty(len(texts), np.int32),
        )
        for length, rows in self._groups(ids):
            began = time.perf_counter()
            block = np.full((len(rows), length), self.manifest["pad_id"], np.int64)
            for place, row in enumerate(rows):
                block[place, : len(ids[row])] = ids[row]
            seen = np.arange(length) < np.array([[len(ids[row])] for row in rows])
            made.vectors[rows], states = self._run(block, seen.astype(np.int64))
            for place, row in enumerate(rows):
                own, tokens = cuts[row], len(ids[row])
                made.parts[row], made.shares[row] = pooled(states[place], own, tokens)
                made.spans[row, : len(own)] = self._spans(prepared[row], own, found[row].offsets)
            made.spent[rows] = round((time.perf_counter() - began) * 1e6 / len(rows) + reading_us)
        return made

    def _cuts(self, text: str, offsets: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The parts of what the customer wrote: the model's own prefix is none of it."""
        prefix = len(self.manifest["prefix"])
        shifted = [(max(0, start - prefix), max(0, end - prefix)) for start, end in offsets]
        return parts(text[prefix:], shifted)

    def _spans(
        self, text: str, cuts: list[tuple[int, int]], offsets: list[tuple[int, int]]
    ) -> np.ndarray:
        """In characters of what the customer wrote; a word's token has the space before it."""
        prefix = len(self.manifest["prefix"])
        found = []
        for first, after in cuts:
            start, end = max(prefix, offsets[first][0]), offsets[after - 1][1]
            start += len(text[start:end]) - len(text[start:end].lstrip())
            found.append((start - prefix, end - prefix))
        return np.array(found, np.int32).reshape(-1, 2)  # a text of nothing has none

    def ids(self, text: str) -> list[int]:
        """What the model is given for a text."""
        return self._tokenizer.encode(*self._prepared([text])).ids

    def warm(self, lengths: range = range(16, 73, 8), sizes: tuple[int, ...] = (1, 4, 8)) -> None:
        """Run the common shapes once: a runtime's first pass over a shape takes twice as long."""
        for length in lengths:
            for size in sizes if self._group > 1 else (1,):
                self._run(np.full((size, length), 6, np.int64), np.ones((size, length), np.int64))

    def _prepared(self, texts: list[str]) -> list[str]:
        return [self.manifest["prefix"] + text[:MAX_CHARACTERS] for text in texts]

    def _groups(self, ids: list[list[int]]) -> list[tuple[int, list[int]]]:
        """Padded length and rows of each run, in an order that depends on the texts alone."""
        by_length = defaultdict(list)
        for row, tokens in enumerate(ids):
            by_length[-(-len(tokens) // self._multiple) * self._multiple].append(row)
        return [
            (length, rows[at : at + self._group])
            for length, rows in sorted(by_length.items())
            for at in range(0, len(rows), self._group)
        ]


def verify(folder: Path, files: dict[str, str]) -> None:
    """Raise when a file is not the one that was built."""
    for name, digest in files.items():
        with (folder / name).open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != digest:
                raise ValueError(f"{folder / name} is not the file that was built: build it again")


def _openvino(folder: Path):
    import openvino as ov

    compiled = ov.Core().compile_model(
        folder / "model.xml",
        "CPU",
        {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",  # else bf16 where the CPU has it: other results
            "ENABLE_CPU_PINNING": False,  # it pins every process to the same core
        },
    )
    request = compiled.create_infer_request()

    def run(ids: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = request.infer({"input_ids": ids, "attention_mask": seen})
        return found["embedding"], found["states"]

    return run


def _onnxruntime(folder: Path):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(
        folder / "model.onnx", options, providers=["CPUExecutionProvider"]
    )

    def run(ids: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return session.run(["embedding", "states"], {"input_ids": ids, "attention_mask": seen})

    return run
