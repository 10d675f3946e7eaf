"""Figures mean what their names say, on rows small enough to count by hand."""

import random

import pytest
from sklearn.metrics import f1_score, roc_auc_score

from infra.evaluation.domain import limits, metrics
from infra.evaluation.domain.metrics import Judged


def row(
    truth: str | None, guess: str | None, confidence: float = 0.9, scope: float | None = 0.9
) -> Judged:
    """One row; no truth is out of scope."""
    return Judged(frozenset({truth} if truth else ()), guess, confidence, scope, answered=True)


def test_accuracy_is_of_rows_in_scope_alone():
    """What is out of scope has no right answer; it has figures of its own."""
    found = metrics.figures([row("a", "a"), row("a", "b"), row("b", None), row(None, "a")])
    assert (found.rows, found.inside) == (4, 3)
    assert found.accuracy == pytest.approx(1 / 3)
    assert found.accuracy_low < 1 / 3 < found.accuracy_high


def test_an_answer_out_of_scope_costs_precision():
    """Coverage that ignored it would promise what traffic does not keep."""
    inside = [row("a", "a", 0.9 - place / 100) for place in range(19)]
    assert metrics.coverage_at_precision(inside)[0] == 1.0
    early = row(None, "a", 0.95)
    assert metrics.coverage_at_precision([early, *inside])[0] == 1.0  # 19 of 20 are right
    assert metrics.coverage_at_precision([early, early, *inside])[0] == 0.0
    late = row(None, "a", 0.1)
    assert metrics.coverage_at_precision([late, late, *inside])[0] == 1.0


def test_equal_certainties_are_answered_together():
    """No threshold can tell them apart, so no figure may."""
    same = [row("a", "a", 0.5)] * 18 + [row("a", "b", 0.5)] * 2
    assert metrics.coverage_at_precision(same) == (0.0, None)


def test_no_label_is_no_answer():
    """The pack's label for what fits nowhere is an abstention, not a mistake of precision."""
    rows = [row("a", "a", 0.5), row("b", None, 0.99)]
    assert metrics.coverage_at_precision(rows)[0] == 0.5


def test_auroc_is_the_reference_s():
    """Ties included, which rounded scores have many of."""
    chance = random.Random(3)  # noqa: S311 - numbers to compare with
    inside = [round(chance.gauss(0.6, 0.2), 1) for _ in range(200)]
    outside = [round(chance.gauss(0.4, 0.2), 1) for _ in range(120)]
    expected = roc_auc_score([1] * 200 + [0] * 120, inside + outside)
    assert metrics.auroc(inside, outside) == pytest.approx(expected)
    assert metrics.auroc(inside, []) is None


def test_macro_f1_is_the_reference_s():
    """Over the labels that rows have."""
    chance = random.Random(4)  # noqa: S311 - the same
    truths = [chance.choice("abc") for _ in range(300)]
    guesses = [truth if chance.random() < 0.7 else chance.choice("abc") for truth in truths]
    rows = [row(truth, guess) for truth, guess in zip(truths, guesses, strict=True)]
    assert metrics.macro_f1(rows) == pytest.approx(f1_score(truths, guesses, average="macro"))


def test_any_of_several_right_labels_is_right():
    """A foreign taxonomy is coarser at places."""
    either = Judged(frozenset({"a", "b"}), "b", 0.9, None, answered=True)
    assert either.right
    assert metrics.macro_f1([either]) == 1.0


def test_calibration_error_is_the_gap_between_words_and_deeds():
    """Always 0.8, and right 8 times of 10: none. Right every time: 0.2."""
    honest = metrics.reliability([(0.8, True)] * 8 + [(0.8, False)] * 2)
    modest = metrics.reliability([(0.8, True)] * 10)
    assert metrics.calibration_error(honest) == pytest.approx(0)
    assert metrics.calibration_error(modest) == pytest.approx(0.2)
    assert metrics.calibration_error([]) is None
    assert metrics.reliability([(1.0, True)])[0].count == 1


def test_confusions_name_what_is_out_of_scope():
    """Both ways; what was rightly rejected is none."""
    rows = [row("a", "b"), row("a", "b"), row(None, "b"), row("a", None), row(None, None)]
    assert metrics.confusions(rows) == [
        ("a", "b", 2),
        (metrics.OUTSIDE, "b", 1),
        ("a", metrics.OUTSIDE, 1),
    ]


def test_nothing_is_said_of_nothing():
    """A file without rows in scope has no accuracy, rather than a perfect or a zero one."""
    found = metrics.figures([row(None, "a")])
    assert (found.accuracy, found.coverage, found.auroc, found.ece) == (None,) * 4
    assert found.rejected == 0.0


class TestLimits:
    """Thresholds from rows that were left out of a fit."""

    def test_answer_as_much_as_precision_allows(self):
        """Two wrong ones at the low end are left to a person, and nothing more."""
        rows = [row("a", "a", 0.5 + place / 100, 1.0) for place in range(40)]
        rows += [row("a", "b", 0.3, 1.0)] * 10
        found = limits.choose(rows)
        assert 0.3 < found.confidence <= 0.5
        assert found.precision >= metrics.PRECISION
        assert found.coverage == pytest.approx(0.8)

    def test_what_is_out_of_scope_weighs_as_much_as_what_is_in(self):
        """Few rows outside stand for as much traffic as all inside."""
        rows = [row("a", "a", 0.9, 0.9)] * 50 + [row(None, "a", 0.9, 0.2)]
        found = limits.choose(rows)
        assert found.scope > 0.2
        assert (found.coverage, found.precision) == (1.0, 1.0)

    def test_without_hope_the_most_precise_are_chosen(self):
        """A head that is right half the time is not made to look better."""
        rows = [row("a", "a", 0.6), row("a", "b", 0.6)] * 10
        assert limits.choose(rows).precision == 0.5

    def test_of_no_rows(self):
        """A label file too small to leave anything out sets no thresholds."""
        assert limits.choose([]) == limits.Limits(0.0, 0.0, 0.0, 0.0)
