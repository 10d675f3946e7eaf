"""Labelled files: what is read, and how a mistake is told."""

from pathlib import Path

import pytest

from infra.evaluation import labelled, truth
from infra.evaluation.labelled import Row
from services.assessor.packs import load_pack
from services.assessor.packs.pack import Pack
from services.chassis.errors import ConfigurationError

PACK = """\
pack: shop
version: 1
task: intent
title: A shop
description: What customers want.
thresholds: {confidence: 0.5, margin: 0.2}
labels:
  refund: {title: Refund, description: Money back., known_as: REFUND ME}
  parcel: {title: Parcel, description: Where it is.}
  other: {title: Else, description: None., known_as: NONE}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Of three labels, two of which files call otherwise."""
    file = tmp_path / "shop.yaml"
    file.write_text(PACK)
    return load_pack(file)


def written(tmp_path: Path, text: str, name: str = "rows.csv") -> Path:
    """A file of that content."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table_is_read_with_the_lines_of_its_rows(tmp_path):
    """Also where a text has line breaks, commas and a byte order mark before it."""
    file = written(tmp_path, '\ufefflabel,text\na,"one,\ntwo"\n\nb,घर\n')
    assert labelled.read(file, "text", "label") == [Row(2, "one,\ntwo", "a"), Row(5, "घर", "b")]


def test_lines_of_json_are_read(tmp_path):
    """Numbers are labels, too."""
    file = written(tmp_path, '{"t": "one", "l": 3}\n\n{"t": "two", "l": "x"}\n', "rows.jsonl")
    assert labelled.read(file, "t", "l") == [Row(1, "one", "3"), Row(3, "two", "x")]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("rows.csv", "words,label\na,b\n", r"rows\.csv:1: there is no column 'text'; there are"),
        ("rows.csv", "text,label\na,\n", r"rows\.csv:2: label: is empty: fill it in"),
        ("rows.csv", "text,label\n  ,b\n", r"rows\.csv:2: text: is empty"),
        ("rows.csv", "text,label\na\n", r"rows\.csv:2: label: is empty"),
        ("rows.csv", "text,label\n", r"rows\.csv: no rows"),
        ("rows.csv", 'text,label\n"a,b\n', r"rows\.csv:\d: not a CSV table"),
        ("rows.jsonl", '{"text": "a", "label": "b"}\nnonsense', r"rows\.jsonl:2: not JSON"),
        ("rows.jsonl", '{"text": ["a"], "label": "b"}', r"rows\.jsonl:1: text: is neither text"),
        ("rows.jsonl", "[1]", r"rows\.jsonl:1: not a JSON object"),
        ("rows.xlsx", "", r"rows\.xlsx: not \.csv, \.tsv or \.jsonl: convert"),
        ("rows.csv", "text,label\n" + "x" * 70_000 + ",b\n", r"rows\.csv:2: text: is longer than"),
    ],
)
def test_a_mistake_is_told_by_its_place(tmp_path, name, text, says):
    """File, line, column and what to do."""
    with pytest.raises(ConfigurationError, match=says):
        labelled.read(written(tmp_path, text, name), "text", "label")


def test_many_mistakes_are_told_in_few_lines(tmp_path):
    """A wrong column of a million rows is one mistake."""
    file = written(tmp_path, "text,label\n" + "a,\n" * 50)
    with pytest.raises(ConfigurationError) as refused:
        labelled.read(file, "text", "label")
    lines = str(refused.value).splitlines()
    assert (len(lines), lines[-1]) == (11, "and 40 more")


def test_labels_mean_what_pack_and_map_say(tmp_path, pack):
    """By their names, by what files call them, by the map; what is left out is not scored."""
    mapped = truth.read_map(
        written(
            tmp_path,
            "labels: {MONEY: [refund, parcel]}\nout_of_scope: [HELLO]\nleft_out: [TEST]\n",
            "map.yaml",
        ),
        pack,
    )
    labels = ["refund", "REFUND ME", "MONEY", "NONE", "other", "HELLO", "TEST", "MARK"]
    rows = [Row(number, "words", label) for number, label in enumerate(labels, 2)]
    found = truth.mean(rows, pack, mapped, "MARK", file=Path("rows.csv"))
    assert [set(each.truth) for each in found] == [
        {"refund"}, {"refund"}, {"refund", "parcel"}, set(), set(), set(), set()
    ]  # fmt: skip
    assert [each.row.label for each in found] == [label for label in labels if label != "TEST"]


def test_labels_that_nobody_knows_are_listed_with_counts(pack):
    """And the remedy."""
    rows = [Row(2, "a", "refund"), Row(3, "b", "BILL"), Row(4, "c", "BILL"), Row(5, "d", "HI")]
    with pytest.raises(ConfigurationError) as refused:
        truth.mean(rows, pack, None, None, file=Path("rows.csv"))
    first, second, remedy = str(refused.value).splitlines()
    assert first == "rows.csv:3: 'BILL' (2 rows) is no label of shop:1"
    assert second.startswith("rows.csv:5: 'HI' (1 rows)")
    assert "--map" in remedy


def test_a_map_to_labels_that_the_pack_lacks_is_refused(tmp_path, pack):
    """With the line of it."""
    file = written(tmp_path, "labels:\n  A: refund\n  B: voucher\n", "map.yaml")
    with pytest.raises(ConfigurationError, match=r"map\.yaml:3: labels\.B: .*no label 'voucher'"):
        truth.read_map(file, pack)
