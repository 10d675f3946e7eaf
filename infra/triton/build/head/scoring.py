"""Vector to labels: a fitted head, the same bits for a vector whatever else is in the batch.

No Triton in here. The build copies this file beside every head, and measures with it, too.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

# Labels told per text, best first; a head of fewer fills up with empty ones.
TOLD = 3


class Head:
    """One fitted head. `identity` is what it says of itself with every answer."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, digest in manifest["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                raise ValueError(f"{folder / name} is not the file that was built: build it again")
        self.identity = manifest["identity"]
        with np.load(folder / "head.npz", allow_pickle=False) as stored:
            self._labels = [label.encode() for label in stored["labels"].tolist()]
            self._mean, self._weights, self._bias = (
                np.ascontiguousarray(stored[name], np.float64)
                for name in ("mean", "weights", "bias")
            )

    def tell(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels [n, TOLD] as bytes and their probabilities [n, TOLD], best first."""
        if vectors.shape[1:] != self._mean.shape:
            raise ValueError(f"EMBEDDING is {list(vectors.shape)}, not [n, {len(self._mean)}]")
        if not np.isfinite(vectors).all():
            raise ValueError("EMBEDDING is not finite")
        chances = probabilities(vectors, self._mean, self._weights, self._bias)
        order = np.argsort(-chances, axis=1, kind="stable")[:, :TOLD]
        labels = np.full((len(vectors), TOLD), b"", dtype=object)
        scores = np.zeros((len(vectors), TOLD), np.float32)
        for row, best in enumerate(order):
            labels[row, : len(best)] = [self._labels[place] for place in best]
            scores[row, : len(best)] = chances[row, best]
        return labels, scores


def probabilities(
    vectors: np.ndarray, mean: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """Per row the chance of each label; `weights` is [labels, width]."""
    prepared = centred(vectors, mean)
    # Row by row: a product of whole matrices sums in another order for another batch.
    found = np.stack([weights @ row for row in prepared]) if len(prepared) else np.empty((0, 1))
    found = found + bias
    found = np.exp(found - found.max(axis=1, keepdims=True))
    return found / found.sum(axis=1, keepdims=True)


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Directions from the middle: this encoder's vectors all lie in one narrow cone."""
    moved = vectors.astype(np.float64) - mean
    return moved / np.maximum(np.sqrt((moved * moved).sum(axis=1, keepdims=True)), 1e-12)
