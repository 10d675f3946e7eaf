"""Fits heads to label packs: descriptions and examples become a small linear classifier.

Linear discriminant analysis with a shrunken covariance: closed form, so the same pack and encoder
give the same file; it learns from few examples, and it takes the spread between languages, which
is large in this encoder's vectors, for what it is: no difference between labels.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from infra.triton.build import calibrating, manifests
from infra.triton.build.head import scoring

Encode = Callable[[list[str]], np.ndarray]

_SHARED = Path(__file__).parent / "head"
_LANGUAGE = Path(__file__).parents[1] / "repository" / "language" / "1"

# How far the covariance is shrunk towards a ball. Of 0.2 to 0.9 none differs by more than chance
# on texts that were not fitted; this one was best or next to it on every pack that we ship.
_SHRINKAGE = 0.6
_NO_SPREAD = 1e-6
# The centre of a label with few texts is uncertain: it is drawn to the middle as if so many texts
# lay there. Without it a label that has nothing but a description is found for 1 % of its examples,
# with it for 51 to 73 %, and the others lose nothing.
_DRAWN = 4
# A pack of descriptions alone leaves nothing to calibrate by. Then this is what five packs'
# examples asked of a head of their descriptions (0.15 to 0.23), with a unit vector's spread.
_BARE_TEMPERATURE = 0.2
# Parts of the cross-validation that finds the temperature.
_FOLDS = 10


def build(spec: dict[str, Any], encode: Encode, into: Path, encoder_digest: str) -> None:
    """Fit the head of one pack and write its whole model version: code, head.npz, manifest.json.

    `spec` is one of `services.assessor.packs.head_specs`; `encode` must be the served encoder,
    down to its form: another quantization gives other vectors.

    Raises:
        ValueError: the encoder gives something else than one finite vector per text.
    """
    texts, owners = _material(spec["labels"])
    vectors = np.asarray(encode(texts), np.float64)
    if len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise ValueError(
            f"{spec['model']}: {vectors.shape} from the encoder for {len(texts)} texts"
        )
    labels = [label["id"] for label in spec["labels"]]
    mean, weights, bias = _fit(vectors, owners, len(labels))
    temperature, scope, held_out = _calibrate(vectors, owners, labels)
    _copy(_SHARED, ("model.py", "scoring.py", "evidence.py"), into)
    np.savez(
        into / "head.npz",
        labels=np.array(labels),
        mean=mean,
        weights=weights * temperature,
        bias=bias * temperature,
        scope=scope,
    )
    facts = {"labels": len(labels), "texts": len(texts), **held_out}
    _describe(_about(spec, encoder_digest), facts, into)


def take(spec: dict[str, Any], into: Path, encoder_digest: str) -> None:
    """Put a head that was fitted to a labelled file into its model version, as it is.

    Raises:
        ValueError: it was fitted to another encoder, or is not the file that was described.
    """
    fitted = spec["fitted"]
    if fitted["encoder_digest"] != encoder_digest:
        raise ValueError(
            f"{spec['pack']}: the head was fitted to encoder {fitted['encoder_digest'][:12]}, this "
            f"machine serves {encoder_digest[:12]}: run `sluice packs fit` here, or choose the "
            "form that it was fitted to (SLUICE_MODELS_FORM)"
        )
    _copy(_SHARED, ("model.py", "scoring.py", "evidence.py"), into)
    shutil.copyfile(fitted["file"], into / "head.npz")
    files = manifests.digests(into)
    if files["head.npz"] != fitted["sha256"]:
        raise ValueError(f"{fitted['file']} is not the file that was described beside it")
    about = _about(spec, encoder_digest)
    facts = {"labels": len(spec["labels"]), "data": fitted["data"], "held_out": fitted["held_out"]}
    _describe(about, facts, into, calibrated=True)


def build_language(lid_file: Path, into: Path) -> None:
    """Write the language model's version: fastText's identification, and our rules around it."""
    _copy(_LANGUAGE, ("model.py", "telling.py"), into)
    shutil.copyfile(lid_file, into / "lid.176.ftz")
    _describe({"name": "language", "version": "1"}, {}, into)


def _copy(folder: Path, code: tuple[str, ...], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for name in code:
        shutil.copyfile(folder / name, into / name)


def _about(spec: dict[str, Any], encoder_digest: str) -> dict[str, Any]:
    return {
        "name": spec["model"],
        "version": spec["pack"].rpartition(":")[2],
        "pack": spec["pack"],
        "pack_digest": spec["pack_digest"],
        "encoder_digest": encoder_digest,
    }


def _describe(
    about: dict[str, Any], facts: dict[str, Any], into: Path, *, calibrated: bool = False
) -> None:
    files = manifests.digests(into)
    identity = about | {
        # Of the code, too: it decides as much as the numbers do.
        "digest": manifests.digest(files),
        # Held-out examples of a pack set its head's temperature; no labelled traffic confirmed it.
        "calibrated": calibrated,
    }
    manifests.write({"identity": identity, "files": files, **facts}, into)


def _material(labels: list[dict[str, Any]]) -> tuple[list[str], np.ndarray]:
    """All texts, and the number of the label that each belongs to: the description is one more."""
    texts, owners = [], []
    for number, label in enumerate(labels):
        own = [f"{label['title']}. {label['description']}", *label["examples"]]
        texts += own
        owners += [number] * len(own)
    return texts, np.array(owners)


def _fit(vectors: np.ndarray, owners: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    """Mean, weights [labels, width] and bias [labels]."""
    mean = vectors.mean(axis=0)
    moved = scoring.centred(vectors, mean)
    centres = np.stack([moved[owners == number].mean(axis=0) for number in range(count)])
    spread = moved - centres[owners]
    covariance = spread.T @ spread / len(moved)
    size = np.trace(covariance) / len(covariance)
    if size < _NO_SPREAD:  # one text per label: the nearest description wins
        size = 1 / len(covariance)
    covariance = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * size * np.eye(len(covariance))
    texts = np.bincount(owners, minlength=count)
    centres = centres * (texts / (texts + _DRAWN))[:, None]
    weights = np.linalg.solve(covariance, centres.T).T
    return mean, weights, -0.5 * (centres * weights).sum(axis=1)


def _calibrate(
    vectors: np.ndarray, owners: np.ndarray, labels: list[str]
) -> tuple[float, np.ndarray, dict[str, float]]:
    """Temperature and scope that fit texts left out of the fit, and how well it told them apart."""
    logits, kept = _held_out(vectors, owners, len(labels))
    if not kept.any():
        return _BARE_TEMPERATURE, calibrating.unlearnt(len(labels)), {}
    logits, owners = logits[kept], owners[kept]
    temperature = calibrating.temperature(logits, owners)
    other = scoring.other_place(labels)
    seen, outside = scoring.signs(logits * temperature, other), owners == other
    return (
        temperature,
        calibrating.scope(seen[~outside], seen[outside]),
        {
            "temperature": round(temperature, 4),
            "held_out": len(owners),
            "held_out_accuracy": round(float((logits.argmax(axis=1) == owners).mean()), 4),
            "held_out_log_loss": round(calibrating.log_loss(logits, owners, temperature), 4),
        },
    )


def _held_out(vectors: np.ndarray, owners: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits of each text by a fit without it, and which texts could be left out at all.

    A label's description always stays in, so no label is ever without a text.
    """
    turn = np.zeros(len(owners), int)  # 0 is never left out
    for number in range(count):
        places = np.flatnonzero(owners == number)[1:]
        turn[places] = 1 + (np.arange(len(places)) + number) % _FOLDS
    logits = np.zeros((len(owners), count))
    for fold in range(1, _FOLDS + 1):
        out = turn == fold
        if out.any():
            mean, weights, bias = _fit(vectors[~out], owners[~out], count)
            logits[out] = scoring.centred(vectors[out], mean) @ weights.T + bias
    return logits, turn > 0
