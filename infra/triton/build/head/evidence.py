"""Which sentences carried a label: what becomes of it when each of them is left out.

No Triton in here, and no second pass of the encoder: a text's vector is the sum of its sentences'.
"""

from collections.abc import Callable

import numpy as np


def carried(
    chances: Callable[[np.ndarray], np.ndarray],
    vectors: np.ndarray,
    parts: np.ndarray,
    shares: np.ndarray,
) -> np.ndarray:
    """Per text and sentence, by how much the best label loses (in logarithms) without it.

    Of a text of one sentence that one carries everything. Below 0: it spoke against the label.
    """
    told = np.zeros(shares.shape, np.float32)
    for row, vector in enumerate(vectors):
        there = np.flatnonzero(shares[row] > 0)
        if len(there) == 1:
            told[row, there] = 1.0
        if len(there) < 2:  # noqa: PLR2004 - nothing to leave out
            continue
        without = vector - parts[row][there] * shares[row][there][:, None]
        without = without / np.maximum(np.linalg.norm(without, axis=1, keepdims=True), 1e-12)
        found = chances(np.vstack([vector[None], without.astype(np.float32)]))
        best = int(found[0].argmax())
        lost = np.log(np.maximum(found[:, best], 1e-12))
        told[row, there] = lost[0] - lost[1:]
    return told
