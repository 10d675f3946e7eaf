"""The bench of mappings: every format's own examples, through the whole of intake."""

import pytest

from infra.bench import mapping
from services.intake.formats import ALL


@pytest.mark.parametrize("name", ALL)
def test_every_formats_examples_are_measured(name):
    """A format whose examples were refused would be measured at refusing."""
    found = mapping.measure(ALL[name], seconds=0.0)
    assert found.records >= 1
    assert 0 < found.per_s < 1e7


def test_a_format_that_nobody_knows_is_refused(capsys):
    """Rather than measuring nothing."""
    with pytest.raises(SystemExit):
        mapping.main(["zendsk"])
    assert "no such format: zendsk; known: " in capsys.readouterr().err


def test_the_table_says_what_is_too_slow(capsys, monkeypatch):
    """And the exit code, when asked."""
    monkeypatch.setattr(mapping, "TARGET", 10**9)
    assert mapping.main(["zendesk", "--seconds", "0", "--check"]) == 1
    assert mapping.main(["zendesk", "--seconds", "0"]) == 0
    assert "zendesk" in capsys.readouterr().out
