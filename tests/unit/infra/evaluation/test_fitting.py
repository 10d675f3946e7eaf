"""From a labelled file to a pack: names, samples, thresholds, card; the fit itself is a fake."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from infra.evaluation import fitting
from infra.evaluation.fitting import Wanted
from infra.evaluation.labelled import Row
from services.assessor.packs import fitted, load_pack, load_packs
from services.assessor.packs.pack import OTHER
from services.chassis.errors import ConfigurationError

ROWS = [
    ("I want my money back", "Refund?"),
    ("money back please", "Refund?"),
    ("where is my parcel", "Where_is-it"),
    ("parcel late", "Where_is-it"),
    ("hello", "NONE"),
    ("hello", "NONE"),
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """What the build was asked for; it answers as if every left-out text had been read right."""
    requests: list[dict] = []

    def fit(_plan, _env, request, into: Path, _say) -> None:
        requests.append(request)
        np.savez(into / "head.npz", labels=np.array(request["labels"]))
        rows = [[owner, owner, 0.9, 0.9] for owner in request["owners"]]
        told = {
            "encoder": {"name": "encoder", "digest": "e" * 64},
            "background": 0,
            "shrinkage": 1,
            "penalty_c": 3,
            "temperature": 2,
            "rows": rows,
            "left_out": [[-1, 0, 0.9, 0.1]],
        }
        (into / "held-out.json").write_text(json.dumps(told))

    monkeypatch.setattr(fitting.building, "fit", fit)
    monkeypatch.setattr(fitting.building, "environment_of", lambda *_: None)
    monkeypatch.setattr(fitting.planning, "plan", lambda *_: None)
    return requests


def wanted(folder: Path, rows=ROWS, **changes) -> Wanted:
    """Rows of a file, and where the pack goes."""
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps({"t": t, "l": label}) + "\n" for t, label in rows))
    return Wanted((data,), "t", "l", folder / "out", "shop", "CC0", **({"seed": 1} | changes))


def test_a_pack_of_the_file_s_labels_is_written(tmp_path, asked):
    """With what the file calls them, no text of the file, and thresholds from left-out rows."""
    head = fitting.fit(wanted(tmp_path, out_of_scope="NONE"), lambda _: None)
    pack = load_pack(tmp_path / "out/shop.yaml")
    assert list(pack.labels) == ["refund", "where_is_it", OTHER]
    assert pack.known_as["Refund?"] == "refund"
    assert pack.known_as["NONE"] == OTHER
    assert pack.thresholds.scope > 0.1
    assert "money" not in (tmp_path / "out/shop.yaml").read_text()
    assert fitted.read(tmp_path / "out/shop.yaml", pack) == head
    assert (head.rows, head.licence, head.data) == (5, "CC0", "rows.jsonl")
    assert load_packs(tmp_path / "out")
    (request,) = asked
    assert request["labels"] == ["refund", "where_is_it", OTHER]
    assert request["background"] == 0  # it has rows of its own


def test_without_rows_out_of_scope_noise_stands_in(tmp_path, asked):
    """Ours, at the end, where the build expects it."""
    fitting.fit(wanted(tmp_path, ROWS[:4]), lambda _: None)
    (request,) = asked
    assert request["labels"][-1] == OTHER
    assert request["background"] == len(fitting.background()) > 50
    assert request["owners"][-request["background"] :] == [2] * request["background"]
    assert request["texts"][: -request["background"]] == sorted(
        [text for text, _ in ROWS[:4]], key=lambda text: ("parcel" in text, text)
    )


def test_the_order_of_a_file_decides_nothing(tmp_path, asked):
    """The same rows, the same request, the same pack."""
    fitting.fit(wanted(tmp_path), lambda _: None)
    first = (tmp_path / "out/shop.yaml").read_text()
    fitting.fit(wanted(tmp_path, ROWS[::-1]), lambda _: None)
    assert asked[0] == asked[1]
    assert (tmp_path / "out/shop.yaml").read_text() == first


def test_the_card_says_what_the_head_is(tmp_path, asked):
    """Generated: data, licence, digest, figures, and where they end."""
    head = fitting.fit(wanted(tmp_path, out_of_scope="NONE"), lambda _: None)
    card = (tmp_path / "out/shop.card.md").read_text()
    for told in ("rows.jsonl", "CC0", head.sha256, "learnt from rows of the training data"):
        assert told in card
    assert re.search(r"\| accuracy \| 1 \|", card)


@pytest.mark.parametrize(
    ("rows", "changes", "says"),
    [
        (ROWS, {"out_of_scope": "NOTHING"}, "--out-of-scope: no row has the label 'NOTHING'"),
        ([*ROWS, ("x", "refund")], {}, "'refund' and 'Refund\\?' would both be called 'refund'"),
        (ROWS[:2], {}, "at least two labels"),
        ([ROWS[0], *ROWS[2:]], {"out_of_scope": "NONE"}, "fewer than two labels have two texts"),
    ],
)
def test_labels_that_make_no_pack_are_refused(tmp_path, asked, rows, changes, says):
    """Before anything is built."""
    with pytest.raises(ConfigurationError, match=says):
        fitting.fit(wanted(tmp_path, rows, **changes), lambda _: None)
    assert asked == []


def test_a_sample_is_drawn_by_the_seed_alone():
    """So many of each label; another seed, others."""
    rows = [Row(number, f"text {number}", "ab"[number % 2]) for number in range(40)]
    first = fitting.sample(rows, 5, 1)
    assert {row.text for row in first} == {row.text for row in fitting.sample(rows[::-1], 5, 1)}
    assert {row.text for row in first} != {row.text for row in fitting.sample(rows, 5, 2)}
    assert sorted(row.label for row in first) == ["a"] * 5 + ["b"] * 5
    assert len(fitting.sample(rows, 100, 1)) == 40


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Refund_not_showing_up", "refund_not_showing_up"),
        ("reverted_card_payment?", "reverted_card_payment"),
        ("  401k / Roll-Over ", "label_401k_roll_over"),
        ("x" * 60, "x" * 40),
        ("रिफंड", "label_" + hashlib.sha256("रिफंड".encode()).hexdigest()[:8]),
    ],
)
def test_a_label_gets_a_name_that_packs_take(label, name):
    """Whatever a file calls it; what it was called stays known."""
    assert fitting.name_of(label) == name
