"""Fits a head to labelled texts: logistic regression, with settings from cross-validation.

The vectors are first stretched so that texts of one label lie close together, then separated by L2
logistic regression. Both are one linear map in the end, so the head is as small as any other.
Everything that says how sure it may be comes from texts that were left out of a fit.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from infra.triton.build import calibrating
from infra.triton.build.head import scoring

Say = Callable[[str], None]

# How far the spread within labels is shrunk towards a ball, and the inverse weight of the penalty.
_GRID = tuple((shrinkage, weight) for shrinkage in (0.3, 0.8) for weight in (3.0, 10.0, 30.0))
_PLAIN = (0.8, 10.0)  # before any is chosen
_CLEARLY = 0.1  # above the least of so many texts of the labels
_FOLDS = 5
_FEW, _GRID_FOLDS = 4000, 2  # of more texts than that, so many parts choose the settings
_TWO = 2  # with fewer there is nothing to tell apart
_GROUPS = 3  # of labels that are left out as a whole, to stand for what is out of scope


@dataclass(frozen=True, slots=True)
class Fitted:
    """Mean, weights [labels, width] and bias [labels]."""

    mean: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """As the served head computes them, but for the last bits."""
        return scoring.centred(vectors, self.mean) @ self.weights.T + self.bias


def build(
    spec: dict[str, Any], vectors: np.ndarray, into: Path, encoder: dict[str, str], say: Say
) -> None:
    """Fit the rows of `spec` and write head.npz and held-out.json.

    `spec` has `labels`, `texts` and `owners`: the number of each text's label. The last
    `background` of the texts are about nothing in particular, owned by the last label.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - in the build's environment

    labels, texts, owners = spec["labels"], spec["texts"], np.array(spec["owners"])
    # More threads sum in another order: other last digits, so another digest.
    with threadpool_limits(1):
        other = scoring.other_place(labels)
        kept = _background(vectors, owners, spec["background"])
        dropped = int((~kept).sum())
        vectors, owners = vectors[kept], owners[kept]
        turn = turns([texts[place] for place in np.flatnonzero(kept)], owners, len(labels))
        settings = _choose(vectors, owners, turn, other, say)
        say(f"leaving out each of {_FOLDS} parts once (shrinkage {settings[0]}, C {settings[1]:g})")
        logits = _held_out(vectors, owners, turn, *settings)
        say("fitting to all texts")
        head = fit(vectors, owners, *settings)
        out = turn > 0
        logits, left = logits[out], owners[out]
        silent = bool(spec["background"])
        inside, outside = logits[left != other], logits[left == other]
        temperature = (
            calibrating.temperature(scoring.without(inside, other), left[left != other])
            if silent
            else calibrating.temperature(logits, left)
        )
        unknown = outside[:0]
        if spec["background"] or other is None:
            say("leaving out labels, to learn what text outside of all labels looks like")
            _, unknown = _left_out_labels(vectors, owners, turn, settings, other)
        scope = calibrating.scope(
            *(scoring.signs(each * temperature, other) for each in (inside, outside, unknown))
        )
    into.mkdir(parents=True, exist_ok=True)
    np.savez(
        into / "head.npz",
        labels=np.array(labels),
        mean=head.mean.astype(np.float32),
        weights=(head.weights * temperature).astype(np.float32),
        bias=(head.bias * temperature).astype(np.float32),
        scope=scope,
        silent=np.array(silent),
    )
    nobody = np.full(len(unknown), -1)
    held = {
        "rows": _told(logits, left, temperature, scope, other, silent=silent),
        "left_out": _told(unknown, nobody, temperature, scope, other, silent=silent),
        "encoder": encoder,
        "shrinkage": settings[0],
        "penalty_c": settings[1],
        "temperature": round(temperature, 4),
        "background": spec["background"] - dropped,
    }
    (into / "held-out.json").write_text(json.dumps(held), encoding="utf-8")


def _background(vectors: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    """Which rows stay: of the background, what is not clearly about one of these labels.

    By the labels' energy: with few labels any text gives one of them a high probability.
    """
    kept = np.ones(len(owners), bool)
    if count:
        head = fit(vectors[:-count], owners[:-count], *_PLAIN)
        energy = scoring.signs(head.logits(vectors), None)[:, 0]
        kept[-count:] = energy[-count:] < np.quantile(energy[:-count], _CLEARLY)
    return kept


def turns(texts: list[str], owners: np.ndarray, count: int) -> np.ndarray:
    """Which part each text is left out with, from 1; 0 for what always stays: a label's only text.

    By the text alone, so the order of a file decides nothing; equal texts go together.
    """
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    turn = np.zeros(len(texts), int)
    for number in range(count):
        places = np.flatnonzero(owners == number)
        seen = sorted({digests[place] for place in places})
        if len(seen) < _TWO:
            continue
        part = {digest: 1 + (rank + number) % _FOLDS for rank, digest in enumerate(seen)}
        turn[places] = [part[digests[place]] for place in places]
    return turn


def fit(vectors: np.ndarray, owners: np.ndarray, shrinkage: float, weight: float) -> Fitted:
    """Every label from 0 to the largest owner must have a text."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - the same

    count = int(owners.max()) + 1
    mean = vectors.mean(axis=0)
    moved = scoring.centred(vectors, mean)
    centres = np.stack([moved[owners == number].mean(axis=0) for number in range(count)])
    spread = moved - centres[owners]
    covariance = spread.T @ spread / len(moved)
    size = max(np.trace(covariance) / len(covariance), 1e-6)
    covariance = (1 - shrinkage) * covariance + shrinkage * size * np.eye(len(covariance))
    stretch = np.linalg.cholesky(np.linalg.inv(covariance))
    stretched = moved @ stretch
    scale = np.sqrt((stretched * stretched).sum(axis=1).mean())
    # Half of the time of double precision, and nothing is lost: vectors come with 32 bits.
    told = LogisticRegression(C=weight, max_iter=500, tol=1e-4).fit(
        (stretched / scale).astype(np.float32), owners
    )
    weights = told.coef_.astype(np.float64) @ stretch.T / scale
    bias = told.intercept_.astype(np.float64)
    if count == _TWO:  # scikit-learn has one row for two labels
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return Fitted(mean, weights, bias)


def _choose(
    vectors: np.ndarray, owners: np.ndarray, turn: np.ndarray, other: int | None, say: Say
) -> tuple[float, float]:
    """What tells left-out texts in scope apart best; how sure it may be is settled afterwards."""
    folds = _FOLDS if len(owners) <= _FEW else _GRID_FOLDS
    part = (turn > 0) & (turn <= folds) & (owners != other)
    best, found = (-1.0, 0.0), _GRID[0]
    for number, (shrinkage, weight) in enumerate(_GRID, 1):
        logits = scoring.without(
            _held_out(vectors, owners, turn, shrinkage, weight, folds)[part], other
        )
        right = float((logits.argmax(axis=1) == owners[part]).mean())
        loss = calibrating.log_loss(
            logits, owners[part], calibrating.temperature(logits, owners[part])
        )
        say(f"settings {number} of {len(_GRID)}: {right:.4f} of left-out texts right")
        if (right, -loss) > best:
            best, found = (right, -loss), (shrinkage, weight)
    return found


def _held_out(
    vectors: np.ndarray,
    owners: np.ndarray,
    turn: np.ndarray,
    shrinkage: float,
    weight: float,
    folds: int = _FOLDS,
) -> np.ndarray:
    logits = np.zeros((len(owners), int(owners.max()) + 1))
    for fold in range(1, folds + 1):
        out = turn == fold
        if out.any():
            logits[out] = fit(vectors[~out], owners[~out], shrinkage, weight).logits(vectors[out])
    return logits


def _left_out_labels(
    vectors: np.ndarray,
    owners: np.ndarray,
    turn: np.ndarray,
    settings: tuple[float, float],
    other: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits of left-out texts of known labels, and of texts whose label the fit never saw.

    A label that is left out gets the logit of nothing, as if it were not there.
    """
    count = int(owners.max()) + 1
    nothing = np.zeros((0, count))
    inside, outside = [nothing], [nothing]
    for group in range(_GROUPS):
        unknown = np.arange(count) % _GROUPS == group
        if other is not None:
            unknown[other] = False
        known = np.flatnonzero(~unknown)
        if len(known) < _TWO or not unknown.any():
            continue
        tested = (turn == 1 + group) & ~unknown[owners] & (owners != other)
        fitted = ~unknown[owners] & ~tested
        head = fit(vectors[fitted], np.searchsorted(known, owners[fitted]), *settings)
        for rows, into in ((tested, inside), (unknown[owners], outside)):
            logits = np.full((int(rows.sum()), count), -1e4)
            logits[:, known] = head.logits(vectors[rows])
            into.append(logits)
    return np.concatenate(inside), np.concatenate(outside)


def _told(
    logits: np.ndarray,
    owners: np.ndarray,
    temperature: float,
    scope: np.ndarray,
    other: int | None,
    *,
    silent: bool,
) -> list[list[float]]:
    """Owner (-1: none of the labels), best label, its confidence, scope: a row per text."""
    scaled = logits * temperature
    # `other` is the last label, so the places of the others stay as they are.
    chances = scoring.softmax(scoring.without(scaled, other) if silent else scaled)
    inside = scoring.in_scope(scoring.signs(scaled, other), scope)
    best = chances.argmax(axis=1)
    return [
        [int(owner), int(label), round(float(chance), 6), round(float(within), 6)]
        for owner, label, chance, within in zip(
            owners, best, chances.max(axis=1), inside, strict=True
        )
    ]
