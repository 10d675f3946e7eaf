"""Served heads and configured packs must be of one mind."""

from services.assessor.domain.agreeing import PackId, disagreements, misfits
from services.assessor.domain.asking import Task

RETAIL = PackId("retail:1", "a" * 64)


def test_heads_of_the_configured_pack_agree():
    """Tasks without a configured pack are not asked."""
    served = {Task.INTENT: RETAIL, Task.LANGUAGE: None}
    assert disagreements({Task.INTENT: RETAIL}, served) == []


def test_a_head_of_another_pack_is_named_with_the_remedy():
    """An edited pack whose head was not made again would abstain by the wrong thresholds."""
    (line,) = disagreements({Task.INTENT: RETAIL}, {Task.INTENT: PackId("retail:1", "b" * 64)})
    assert "intent" in line
    assert "bbbbbbbbbbbb" in line
    assert "sluice models build" in line


def test_a_head_without_a_pack_disagrees():
    """It cannot be known what its labels mean."""
    (line,) = disagreements({Task.INTENT: RETAIL}, {Task.INTENT: None})
    assert "no pack" in line


def test_a_head_that_was_fitted_to_another_encoder_is_named():
    """After an encoder alone was exchanged; the language's head needs none and says none."""
    fitted = {Task.INTENT: "e" * 64, Task.SENTIMENT: "d" * 64, Task.LANGUAGE: None}
    (line,) = misfits("d" * 64, fitted)
    assert "intent" in line
    assert "eeeeeeeeeeee" in line
    assert "sluice models build" in line
