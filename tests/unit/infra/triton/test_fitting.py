"""A fitted head: the same for the same rows, honest about what it was not shown."""

import json
from pathlib import Path

import numpy as np
import pytest

from infra.triton.build import calibrating, fitting, heads
from infra.triton.build.head import scoring
from infra.triton.build.head.scoring import Head

WIDTH = 48
ENCODER = {"name": "encoder", "digest": "e" * 64}
# What a text is like that belongs to no label: as far from all of them as they from each other.
NOISE = 9


def vectors(kinds: list[int], seed: int = 0, spread: float = 0.35) -> np.ndarray:
    """Unit vectors in one narrow cone, near the middle of their kind."""
    middles = np.random.default_rng(99).normal(size=(NOISE + 1, WIDTH)) / np.sqrt(WIDTH)
    noise = np.random.default_rng(seed).normal(size=(len(kinds), WIDTH)) / np.sqrt(WIDTH)
    found = middles[kinds] + spread * noise + 2.0 / np.sqrt(WIDTH)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def built(into: Path, kinds: list[int], background: int = 0, **changes) -> dict:
    """A head for labels a, b, ... (and other), as the build writes it; what it told."""
    count = max(kinds) + 1
    labels = [chr(ord("a") + number) for number in range(count)]
    if background:
        labels, kinds = [*labels, "other"], [*kinds, *[count] * background]
    spec = {
        "labels": labels,
        "texts": [f"text {place}" for place in range(len(kinds))],
        "owners": kinds,
        "background": background,
    }
    made = vectors([NOISE if kind == count else kind for kind in kinds])
    fitting.build(spec | changes, made, into, ENCODER, lambda _: None)
    return json.loads((into / "held-out.json").read_text())


def served(into: Path) -> Head:
    """The head as Triton loads it."""
    spec = {
        "model": "intent_retail", "pack": "p:1", "pack_digest": "d" * 64, "labels": [],
        "fitted": {
            "file": str(into / "head.npz"), "encoder_digest": ENCODER["digest"], "data": "rows",
            "sha256": heads.manifests.digests(into)["head.npz"], "held_out": {},
        },
    }  # fmt: skip
    heads.take(spec, into / "version", ENCODER["digest"])
    return Head(into / "version")


KINDS = [0, 1, 2, 3] * 20


def test_rows_give_the_same_bytes_in_any_order(tmp_path):
    """A digest in a warrant can be made again from the file, however it is sorted."""
    built(tmp_path / "a", KINDS)
    built(tmp_path / "b", KINDS)
    assert (tmp_path / "a/head.npz").read_bytes() == (tmp_path / "b/head.npz").read_bytes()


def test_texts_of_known_labels_are_read(tmp_path):
    """Of vectors that were not fitted; the answer is calibrated, and says so."""
    built(tmp_path, KINDS)
    head = served(tmp_path)
    labels, scores, _ = head.tell(vectors(KINDS, seed=5))
    right = labels[:, 0] == np.array([b"a", b"b", b"c", b"d"], object)[KINDS]
    assert right.mean() > 0.95
    assert abs(scores[:, 0].mean() - right.mean()) < 0.1
    assert head.identity["calibrated"] is True


@pytest.mark.parametrize("background", [0, 12], ids=["nothing out of scope", "some noise"])
def test_text_of_no_label_has_a_low_scope(tmp_path, background):
    """Though some label always has a probability; with and without an example of such text."""
    built(tmp_path, KINDS, background)
    head = served(tmp_path)
    inside = head.tell(vectors(KINDS, seed=6))[2]
    outside = head.tell(vectors([NOISE] * 40, seed=7))[2]
    unseen = head.tell(vectors([5, 6, 7] * 20, seed=8))[2]
    for found in (outside, unseen):
        above = (inside > found.T).mean()
        assert above > 0.9


def test_the_same_vector_has_the_same_scope_in_any_company(tmp_path):
    """Bit for bit: a redelivery must not decide otherwise."""
    built(tmp_path, KINDS, 12)
    head, many = served(tmp_path), vectors(KINDS, seed=9)
    together = head.tell(many)[2]
    for row in range(len(many)):
        assert head.tell(many[row : row + 1])[2].tobytes() == together[row].tobytes()


def test_what_is_told_is_of_texts_that_were_left_out(tmp_path):
    """Labels at random: only a head that had seen the rows would be right more often."""
    chance = np.random.default_rng(1)
    kinds = list(chance.integers(0, 4, 120))
    told = built(tmp_path, kinds, owners=list(chance.permutation(kinds).tolist()))
    right = [owner == guess for owner, guess, _, _ in told["rows"]]
    assert np.mean(right) < 0.4
    assert np.mean([confidence for _, _, confidence, _ in told["rows"]]) < 0.5


def test_background_that_is_clearly_about_a_label_is_dropped(tmp_path):
    """Noise of ours may be somebody's business."""
    kinds = [0, 1, 2, 3] * 20
    made = vectors([*kinds, *[NOISE] * 6, *[2] * 6])
    owners = np.array([*kinds, *[4] * 12])
    kept = fitting._background(made, owners, 12)
    assert kept[: len(kinds)].all()
    assert kept[-12:-6].sum() >= 5
    assert kept[-6:].sum() <= 1


def test_equal_texts_are_left_out_together():
    """Else a repeat would be judged by a head that has seen it."""
    texts = ["same", "same", "other", "third", "fourth", "fifth"]
    turn = fitting.turns(texts, np.zeros(6, int), 1)
    assert turn[0] == turn[1] > 0
    assert fitting.turns(["only"], np.zeros(1, int), 1).tolist() == [0]


def test_two_labels_are_enough(tmp_path):
    """scikit-learn has another shape for them."""
    built(tmp_path, [0, 1] * 15)
    labels = served(tmp_path).tell(vectors([0, 1] * 10, seed=3))[0]
    assert labels[:4, 0].tolist() == [b"a", b"b", b"a", b"b"]


def test_a_head_for_another_encoder_is_refused(tmp_path):
    """Its labels would be noise; the remedy is named."""
    built(tmp_path, [0, 1] * 15)
    fitted = {"encoder_digest": "e" * 64, "file": str(tmp_path / "head.npz"), "sha256": "0" * 64}
    spec = {"pack": "p:1", "model": "m", "pack_digest": "d", "labels": [], "fitted": fitted}
    with pytest.raises(ValueError, match="run `sluice packs fit` here"):
        heads.take(spec, tmp_path / "version", "f" * 64)
    with pytest.raises(ValueError, match="not the file that was described"):
        heads.take(spec, tmp_path / "version", "e" * 64)


class TestCalibrating:
    """From logits to chances."""

    def test_the_temperature_makes_confidence_a_frequency(self):
        """Logits three times too sure are cooled to a third."""
        chance = np.random.default_rng(2)
        true = chance.normal(size=(4000, 3))
        owners = np.array([chance.choice(3, p=row) for row in scoring.softmax(true)])
        assert calibrating.temperature(true * 3, owners) == pytest.approx(1 / 3, rel=0.15)

    def test_without_anything_outside_all_is_in(self):
        """A score that was never learnt must not abstain."""
        inside = np.array([[1.0, 0.0], [5.0, 0.0]])
        scope = scoring.in_scope(inside, calibrating.scope(inside, inside[:0]))
        assert scope.min() > 0.99

    def test_a_kind_of_text_counts_by_itself_not_by_its_number(self):
        """Ten of one kind weigh as a thousand of another."""
        inside = np.column_stack([np.linspace(4, 8, 100), np.zeros(100)])
        many = np.column_stack([np.linspace(0, 3, 1000), np.zeros(1000)])
        few = np.column_stack([np.full(10, 5.0), np.full(10, 4.0)])
        found = calibrating.scope(inside, many, few)
        assert scoring.in_scope(few, found).max() < 0.5
