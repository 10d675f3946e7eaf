"""Vector to labels: a fitted head, the same bits for a vector whatever else is in the batch.

No Triton in here. The build copies this file beside every head, and measures with it, too.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

# Labels told per text, best first; a head of fewer fills up with empty ones.
TOLD = 3
_OTHER = "other"


class Head:
    """One fitted head. `identity` is what it says of itself with every answer."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, digest in manifest["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                raise ValueError(f"{folder / name} is not the file that was built: build it again")
        self.identity = manifest["identity"]
        with np.load(folder / "head.npz", allow_pickle=False) as stored:
            labels = stored["labels"].tolist()
            # Learnt from noise of ours alone: it says what is outside, and is never an answer.
            self._silent = bool(stored["silent"]) if "silent" in stored else False
            self._mean, self._weights, self._bias, self._scope = (
                np.ascontiguousarray(stored[name], np.float64)
                for name in ("mean", "weights", "bias", "scope")
            )
        self._other = other_place(labels)
        told = [label for label in labels if not (self._silent and label == _OTHER)]
        self.labels = [label.encode() for label in told]

    def tell(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels [n, TOLD] as bytes, their probabilities [n, TOLD], best first, and scope [n, 1].

        The scope is the chance that the text is about any of the labels at all.
        """
        found = self._logits(vectors)
        chances = self._chances(found)
        order = np.argsort(-chances, axis=1, kind="stable")[:, :TOLD]
        labels = np.full((len(vectors), TOLD), b"", dtype=object)
        scores = np.zeros((len(vectors), TOLD), np.float32)
        for row, best in enumerate(order):
            labels[row, : len(best)] = [self.labels[place] for place in best]
            scores[row, : len(best)] = chances[row, best]
        scope = in_scope(signs(found, self._other), self._scope)
        return labels, scores, scope.astype(np.float32).reshape(-1, 1)

    def chances(self, vectors: np.ndarray) -> np.ndarray:
        """Of every label [n, labels], in the order of `labels`."""
        return self._chances(self._logits(vectors))

    def _chances(self, found: np.ndarray) -> np.ndarray:
        return softmax(without(found, self._other) if self._silent else found)

    def _logits(self, vectors: np.ndarray) -> np.ndarray:
        if vectors.shape[1:] != self._mean.shape:
            raise ValueError(f"EMBEDDING is {list(vectors.shape)}, not [n, {len(self._mean)}]")
        if not np.isfinite(vectors).all():
            raise ValueError("EMBEDDING is not finite")
        return logits(vectors, self._mean, self._weights, self._bias)


def other_place(labels: list[str]) -> int | None:
    """Where the label for what no other fits is, in a head that has learnt it."""
    return labels.index(_OTHER) if _OTHER in labels else None


def logits(
    vectors: np.ndarray, mean: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """Per row one number per label; `weights` is [labels, width]."""
    prepared = centred(vectors, mean)
    # Row by row: a product of whole matrices sums in another order for another batch.
    return np.array([weights @ row + bias for row in prepared]).reshape(len(prepared), len(bias))


def without(found: np.ndarray, place: int | None) -> np.ndarray:
    """All columns but one."""
    return found if place is None else np.delete(found, place, axis=1)


def softmax(found: np.ndarray) -> np.ndarray:
    """Per row the chance of each label."""
    chances = np.exp(found - found.max(axis=1, keepdims=True, initial=-np.inf))
    return chances / chances.sum(axis=1, keepdims=True)


def signs(found: np.ndarray, other: int | None) -> np.ndarray:
    """What tells inside from outside, [n, 2]: all labels' energy, and `other` above it.

    A text about none of the labels gives low logits for all, where it would still give some label
    a high probability.
    """
    real = without(found, other)
    top = real.max(axis=1, initial=-1e300)
    energy = top + np.log(np.exp(real - top[:, None]).sum(axis=1).clip(1e-300))
    above = np.zeros(len(found)) if other is None else found[:, other] - energy
    return np.column_stack([energy, above])


def in_scope(seen: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Chance of being inside by `signs`, [n]."""
    # Not a product of matrices, for the same reason as above.
    total = seen[:, 0] * coefficients[0] + seen[:, 1] * coefficients[1] + coefficients[2]
    return 1.0 / (1.0 + np.exp(-total.clip(-50, 50)))


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Directions from the middle: this encoder's vectors all lie in one narrow cone."""
    moved = vectors.astype(np.float64) - mean
    return moved / np.maximum(np.sqrt((moved * moved).sum(axis=1, keepdims=True)), 1e-12)
