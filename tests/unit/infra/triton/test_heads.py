"""A pack becomes a head: deterministic, honest about its certainty, true to each row alone."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from infra.triton.build import heads
from infra.triton.build.head.evidence import carried
from infra.triton.build.head.scoring import Head

WIDTH = 64


def encode(texts: list[str]) -> np.ndarray:
    """Words as directions, all of them in one narrow cone, as the real encoder's are."""
    vectors = np.empty((len(texts), WIDTH), np.float32)
    for row, text in enumerate(texts):
        words = text.lower().replace(".", " ").replace(",", " ").split()
        seeds = [int(hashlib.sha256(word.encode()).hexdigest()[:8], 16) for word in words]
        vector = sum(np.random.default_rng(seed).normal(size=WIDTH) for seed in seeds) + 8.0
        vectors[row] = vector / np.linalg.norm(vector)
    return vectors


def label(name: str, description: str, *examples: str) -> dict:
    """As a pack's material has it."""
    return {"id": name, "title": name, "description": description, "examples": sorted(examples)}


REFUND = label(
    "refund", "money back",
    "refund my money", "money back please", "I want a refund", "refund it", "give my money back",
)  # fmt: skip
PARCEL = label(
    "parcel", "parcel late",
    "where is the parcel", "parcel not here", "late parcel", "parcel missing", "the parcel is late",
)  # fmt: skip
BARE = label("warranty", "warranty guarantee repair")


def spec(*labels: dict) -> dict:
    """One head's."""
    return {
        "model": "intent_retail",
        "task": "intent",
        "pack": "shop:3",
        "pack_digest": "p" * 64,
        "labels": list(labels),
    }


def build(into: Path, *labels: dict) -> Head:
    """The head, as Triton would load it."""
    heads.build(spec(*labels), encode, into, "e" * 64)
    return Head(into)


def manifest(folder: Path) -> dict:
    """What the folder says of itself."""
    return json.loads((folder / "manifest.json").read_text())


def test_texts_are_read_by_words_that_no_example_has_in_that_order(tmp_path):
    """Best first, each with its probability."""
    head = build(tmp_path, REFUND, PARCEL, BARE)
    labels, scores, _ = head.tell(encode(["my refund please", "the late parcel", "guarantee"]))
    assert labels[:, 0].tolist() == [b"refund", b"parcel", b"warranty"]
    assert (np.diff(scores, axis=1) <= 0).all()
    assert np.allclose(scores.sum(axis=1), 1)
    assert scores.dtype == np.float32


def test_a_label_is_found_by_its_description_alone(tmp_path):
    """A new label works before anybody has found examples for it."""
    head = build(tmp_path, label("refund", "money back"), label("parcel", "parcel late"))
    assert head.tell(encode(["money", "late"]))[0][:, 0].tolist() == [b"refund", b"parcel"]


def test_a_head_of_two_labels_fills_up_with_empty_ones(tmp_path):
    """The signature has three places."""
    labels, scores, _ = build(tmp_path, REFUND, PARCEL).tell(encode(["refund"]))
    assert labels[0, 2] == b""
    assert scores[0, 2] == 0


def test_a_row_has_the_same_bits_whatever_is_beside_it(tmp_path):
    """A redelivery in other company must not be decided otherwise."""
    head = build(tmp_path, REFUND, PARCEL, BARE)
    vectors = encode([f"parcel {number} refund" for number in range(128)])
    together = head.tell(vectors)[1]
    for row in (0, 1, 63, 127):
        assert head.tell(vectors[row : row + 1])[1].tobytes() == together[row].tobytes()
    assert head.tell(vectors[::-1])[1].tobytes() == together[::-1].tobytes()
    assert head.tell(vectors[:0])[1].shape == (0, 3)


def test_the_same_pack_gives_the_same_bytes(tmp_path):
    """What a digest names can be made again."""
    build(tmp_path / "a", REFUND, PARCEL)
    build(tmp_path / "b", REFUND, PARCEL)
    files = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert files == ["evidence.py", "head.npz", "manifest.json", "model.py", "scoring.py"]
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    build(tmp_path / "c", REFUND, label("parcel", "parcel late", "parcel"))
    digests = [manifest(tmp_path / each)["identity"]["digest"] for each in ("a", "b", "c")]
    assert digests[0] == digests[1] != digests[2]


def test_it_says_what_it_was_made_from(tmp_path):
    """A warrant quotes it; the assessor compares it with its packs and with the encoder."""
    identity = build(tmp_path, REFUND, PARCEL).identity
    assert identity | {"digest": ""} == {
        "name": "intent_retail",
        "version": "3",
        "digest": "",
        "pack": "shop:3",
        "pack_digest": "p" * 64,
        "encoder_digest": "e" * 64,
        "calibrated": False,
    }
    assert len(identity["digest"]) == 64


def test_certainty_is_what_held_out_examples_were_told_with(tmp_path):
    """Labels whose examples contradict each other are told apart with little confidence."""
    clean = build(tmp_path / "clean", REFUND, PARCEL)
    muddled = build(
        tmp_path / "muddled",
        label("refund", "money back", "parcel refund", "late money", "the thing", "it is here"),
        label("parcel", "parcel late", "refund parcel", "money late", "a thing", "here it is"),
    )
    told = manifest(tmp_path / "clean")
    assert told["held_out"] == 10
    assert told["held_out_accuracy"] > 0.9
    texts = encode(["refund the money", "where is the parcel"])
    assert clean.tell(texts)[1][:, 0].min() > 0.8
    assert muddled.tell(texts)[1][:, 0].max() < clean.tell(texts)[1][:, 0].min()


def test_an_encoder_that_fails_makes_no_head(tmp_path):
    """A head of not-a-numbers would answer everything with the first label."""
    for broken in (lambda texts: encode(texts) * np.nan, lambda texts: encode(texts)[1:]):
        with pytest.raises(ValueError, match="intent_retail"):
            heads.build(spec(REFUND, PARCEL), broken, tmp_path, "e" * 64)
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    "vectors", [np.full((1, WIDTH), np.nan), np.ones((1, WIDTH + 1)), np.ones(WIDTH)]
)
def test_a_vector_that_cannot_be_right_is_refused(tmp_path, vectors):
    """Its request is, that is: the others go on."""
    head = build(tmp_path, REFUND, PARCEL)
    with pytest.raises(ValueError, match="EMBEDDING"):
        head.tell(vectors.astype(np.float32))


@pytest.mark.parametrize("file", ["head.npz", "scoring.py"])
def test_a_file_that_was_touched_does_not_load(tmp_path, file):
    """The digest in a warrant is that of what answered."""
    build(tmp_path, REFUND, PARCEL)
    with (tmp_path / file).open("ab") as opened:
        opened.write(b"\n")
    with pytest.raises(ValueError, match=f"{file} is not the file that was built"):
        Head(tmp_path)


def test_the_language_is_described_with_its_rules(tmp_path):
    """The rules decide as much as the weights do, so the digest is of both."""
    lid = tmp_path / "lid"
    lid.write_bytes(b"weights")
    heads.build_language(lid, tmp_path / "a")
    lid.write_bytes(b"other weights")
    heads.build_language(lid, tmp_path / "b")
    first, second = manifest(tmp_path / "a"), manifest(tmp_path / "b")
    assert sorted(first["files"]) == ["lid.176.ftz", "model.py", "telling.py"]
    assert first["identity"]["name"] == "language"
    assert first["identity"]["digest"] != second["identity"]["digest"]


def test_descriptions_alone_make_a_head_that_is_not_too_sure(tmp_path):
    """There is nothing to calibrate by, so it must doubt, of label and scope."""
    bare = [{**each, "examples": []} for each in (REFUND, PARCEL, BARE)]
    head = build(tmp_path, *bare)
    labels, scores, scope = head.tell(encode(["money back", "the parcel", "zzz yyy xxx"]))
    assert labels[:2, 0].tolist() == [b"refund", b"parcel"]
    assert 0.34 < scores[0, 0] < 0.99
    assert 0.01 < scope.min() <= scope.max() < 1.0


def test_a_label_is_carried_by_the_sentence_that_it_is_lost_without(tmp_path: Path) -> None:
    """Leaving one out costs no pass of the encoder; a text of one sentence is carried by it."""
    head = build(tmp_path, REFUND, PARCEL)
    sentences = encode(["good morning to you", "refund my money", "the parcel is late"])
    shares = np.array([[0.2, 0.5, 0.2, 0.0], [0.9, 0.0, 0.0, 0.0], [0.0] * 4])
    parts = np.zeros((3, 4, WIDTH), np.float32)
    parts[0, :3], parts[1, 0] = sentences, sentences[1]
    vectors = (parts * shares[..., None]).sum(axis=1).astype(np.float32)
    vectors[2] = sentences[0]
    told = carried(head.chances, vectors, parts, shares)
    assert head.tell(vectors)[0][0, 0] == b"refund"
    assert told[0].argmax() == 1
    assert told[1].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert told[2].tolist() == [0.0] * 4
