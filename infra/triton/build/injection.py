"""Fits the head that finds orders to a machine, sentence by sentence.

Its examples are put among ordinary ones, as an attack comes, and each sentence's share of the one
pass over the whole is what the head learns from: a sentence is another vector in other company.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from infra.triton.build import calibrating, manifests
from infra.triton.build.head import scoring

_SCORING = Path(__file__).parent / "head" / "scoring.py"
_CODE = Path(__file__).parents[1] / "repository" / "injection" / "1"
_ORDINARY = "ordinary"
_SEED = 20261125
# Penalty and steps of the fit. Of 0.3, 1 and 3 the last found most at one false alarm in a hundred.
_PENALTY, _STEPS = 3.0, 300
# A part that two examples share is an example of neither.
_MOSTLY = 0.7

_Piece = tuple[str, int]


def build(
    spec: dict[str, Any], others: list[dict[str, Any]], read: Callable[[list[str]], Any],
    into: Path, encoder_digest: str,
) -> None:  # fmt: skip
    """Write the whole model version; what other packs have as examples is ordinary, too.

    `read` is the served encoder's, which tells sentences.
    """
    labels = [label["id"] for label in spec["labels"]]
    texts = composed(spec["labels"], [text for other in others for text in _examples(other)])
    vectors, owners = _sentences(texts, read)
    mean, weights, bias = fit(vectors, owners, len(labels))
    into.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_SCORING, into / "scoring.py")
    for name in ("model.py", "suspecting.py"):
        shutil.copyfile(_CODE / name, into / name)
    np.savez(
        into / "head.npz",
        labels=np.array(labels),
        mean=mean,
        weights=weights,
        bias=bias,
        scope=calibrating.ALL_IN,
    )
    files = manifests.digests(into)
    identity = {
        "name": spec["model"],
        "version": spec["pack"].rpartition(":")[2],
        "pack": spec["pack"],
        "pack_digest": spec["pack_digest"],
        "encoder_digest": encoder_digest,
        "digest": manifests.digest(files),
        "calibrated": False,
    }
    facts = {"labels": len(labels), "texts": len(texts), "sentences": len(owners)}
    manifests.write({"identity": identity, "files": files, **facts}, into)


def composed(labels: list[dict[str, Any]], ordinary: list[str]) -> list[list[_Piece]]:
    """Texts of one to four pieces, each with the number of its label; always the same ones."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    usual = next(n for n, label in enumerate(labels) if label["id"] == _ORDINARY)
    plain = [(text, usual) for text in [*labels[usual]["examples"], *ordinary]]
    made = [[piece] for piece in plain]
    for number, label in enumerate(labels):
        for text in label["examples"]:
            own = (text, number)
            some = [chance.choice(plain) for _ in range(8)]
            made += [[own, some[0]], [some[1], own], [some[2], own, some[3]]]
            made += [[*some[4:6], own], [some[6], own, *some[6:8]]] if number != usual else []
            if number != usual:
                made.append([own])
    return made


def fit(vectors: np.ndarray, owners: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    """Multinomial logistic regression: mean, weights [labels, width] and bias [labels].

    Accelerated gradient steps of a fixed number: the same sentences give the same file.
    """
    mean = vectors.mean(axis=0)
    inputs = np.hstack([scoring.centred(vectors, mean), np.ones((len(vectors), 1))])
    wanted = np.eye(count)[owners]
    # A label of few sentences weighs more than its number, less than as if it had as many.
    weigh = np.sqrt(len(owners) / (count * np.bincount(owners, minlength=count)))[owners][:, None]
    steepest = np.linalg.norm(inputs * np.sqrt(weigh), 2) ** 2 / 2 + _PENALTY
    found = ahead = np.zeros((inputs.shape[1], count))
    penalty = np.full((inputs.shape[1], 1), _PENALTY)
    penalty[-1] = 0
    pace = 1.0
    for _ in range(_STEPS):
        logits = inputs @ ahead
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        slope = inputs.T @ (weigh * (chances - wanted)) + penalty * ahead
        fresh = ahead - slope / steepest
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = fresh + (pace - 1) / faster * (fresh - found)
        found, pace = fresh, faster
    return mean, found[:-1].T.copy(), found[-1].copy()


def _examples(spec: dict[str, Any]) -> list[str]:
    return [text for label in spec["labels"] for text in label["examples"]]


def _sentences(
    texts: list[list[_Piece]], read: Callable[[list[str]], Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Vector and label of every sentence that is one piece's own."""
    vectors: list[np.ndarray] = []
    owners: list[int] = []
    written = [_written(pieces) for pieces in texts]
    encoded = read([text for text, _ in written])
    for row, (_, places) in enumerate(written):
        for part in np.flatnonzero(encoded.shares[row] > 0):
            start, end = encoded.spans[row, part]
            shares = [(min(end, stop) - max(start, begin), label) for begin, stop, label in places]
            most, label = max(shares)
            if most >= _MOSTLY * (end - start):
                vectors.append(encoded.parts[row, part])
                owners.append(label)
    return np.array(vectors, np.float64), np.array(owners)


def _written(pieces: list[_Piece]) -> tuple[str, list[tuple[int, int, int]]]:
    """One text, with a full stop where a piece has no end, and where each piece lies in it.

    Every second one of them by lines, as mails are.
    """
    text = ""
    places = []
    between = "\n" if len(pieces[0][0]) % 2 else " "
    for piece, label in pieces:
        text += between if text else ""
        ended = piece if piece[-1:] in ".!?।" or len(pieces) == 1 else f"{piece}."
        places.append((len(text), len(text) + len(ended), label))
        text += ended
    return text, places
