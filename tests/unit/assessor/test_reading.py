"""When an answer is not to be relied upon."""

import pytest

from services.assessor.domain.asking import Task
from services.assessor.domain.reading import (
    Abstention,
    Answer,
    Candidate,
    Readings,
    Thresholds,
    abstentions,
    bearing,
)
from tests.fakes_reader import answer

LIMITS = Thresholds(
    confidence=0.5,
    margin=0.2,
    languages=frozenset({"en", "hi"}),
    out_of_scope=frozenset({"other"}),
)


def judge(intent, language=("en", 0.99)):
    """The verdict about an intent beside a language."""
    readings = Readings((answer(Task.INTENT, *intent), answer(Task.LANGUAGE, language)), 1, 1, "b")
    limits = {Task.INTENT: LIMITS, Task.LANGUAGE: Thresholds(confidence=0.6)}
    return abstentions(readings, limits)


@pytest.mark.parametrize(
    ("intent", "language", "expected"),
    [
        ([("refund", 0.8), ("status", 0.2)], ("en", 0.99), None),
        ([("refund", 0.5), ("status", 0.3)], ("en", 0.99), None),
        ([("refund", 0.49), ("status", 0.1)], ("en", 0.99), Abstention.LOW_CONFIDENCE),
        ([("refund", 0.55), ("status", 0.4)], ("en", 0.99), Abstention.SMALL_MARGIN),
        ([("other", 0.9), ("status", 0.1)], ("en", 0.99), Abstention.OUT_OF_SCOPE),
        ([("refund", 0.9), ("status", 0.1)], ("fr", 0.99), Abstention.UNSUPPORTED_LANGUAGE),
        ([("refund", 0.9), ("status", 0.1)], ("fr", 0.3), None),
    ],
    ids=["sure", "just sure", "unsure", "torn", "out of scope", "foreign", "maybe foreign"],
)
def test_an_answer_counts_only_within_its_thresholds(intent, language, expected):
    """A language we are not sure of limits nothing; one that the pack does not know does."""
    assert judge(intent, language)[Task.INTENT] is expected


def test_an_unsure_language_abstains_itself():
    """Then the declared one is used."""
    assert judge([("refund", 0.9), ("x", 0.1)], ("fr", 0.3)) == {
        Task.LANGUAGE: Abstention.LOW_CONFIDENCE,
        Task.INTENT: None,
    }


def test_a_single_candidates_margin_is_the_least_it_can_be():
    """A head that tells one label hides the second: it may hold all the rest."""
    assert answer(Task.LANGUAGE, ("en", 0.9)).margin == pytest.approx(0.8)
    assert answer(Task.LANGUAGE, ("en", 0.3)).margin == 0


def test_a_text_that_is_probably_about_no_label_is_abstained_from():
    """However sure the head is of the likeliest label; who says no scope is not judged by it."""
    limits = {Task.INTENT: Thresholds(confidence=0.5, scope=0.6)}
    for scope, expected in ((0.59, Abstention.OUT_OF_SCOPE), (0.6, None), (None, None)):
        sure = Answer(Task.INTENT, (Candidate("refund", 0.99),), (), scope=scope)
        found = Readings((sure,), 1, 1, "b")
        assert abstentions(found, limits)[Task.INTENT] is expected


@pytest.mark.parametrize(
    ("carried", "kept"),
    [
        ((0.1, 2.0, 0.1), [1]),
        ((1.0, 0.9, 0.1), [0, 1]),
        ((-3.0, 0.2, 0.1), [1]),
        ((0.4, 0.3, 0.3), [0, 1]),
        ((-1.0, -0.5, 0.0), []),
    ],
)
def test_evidence_is_the_fewest_sentences_that_carry_most_of_a_label(carried, kept):
    """One that spoke against it is none; where none carried it, the whole text did."""
    spans = [(0, 10), (11, 20), (21, 30), (0, 0)]
    assert bearing((*carried, 0.0), spans) == tuple(spans[n] for n in kept)


def test_of_one_sentence_the_text_is_the_evidence():
    """It is pointed at already."""
    assert bearing((1.0, 0.0), ((0, 10), (0, 0))) == ()
