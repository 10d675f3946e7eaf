"""`make evaluate`: what is absent is named, and what a set gives stands in the docs' table."""

import sys

import pytest

from infra.evaluation import household, suite
from infra.evaluation.domain import metrics
from infra.evaluation.domain.metrics import Judged


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No public data and no package."""
    monkeypatch.setattr(suite.public_data, "home", lambda: None)
    monkeypatch.setattr(household, "folder", lambda: None)
    monkeypatch.setattr(sys, "argv", ["suite"])


def test_what_is_absent_is_named(capsys):
    """With where it would be looked for; that is no failure."""
    assert suite.main() == 0
    said = capsys.readouterr().out
    for name in suite._SETS:
        assert f"{name}: absent: " in said
    assert "banking77/train.csv (in the folder that SLUICE_DATA names)" in said
    assert "home-assistant-intents" in said


def test_the_table_is_written_between_its_marks(monkeypatch, tmp_path, capsys):
    """And nothing else of the page is touched."""
    docs = tmp_path / "models.md"
    docs.write_text(f"before\n{suite._BEGIN}\nold\n{suite._END}\nafter\n")
    rows = [Judged(frozenset({"a"}), "a", 0.9, 0.9, answered=True)] * 3
    line = suite.Line("a set", "≥ 50 %", metrics.figures(rows))
    monkeypatch.setattr(suite, "_DOCS", docs)
    monkeypatch.setattr(suite, "_SETS", {"one": lambda _: iter([line])})
    monkeypatch.setattr(sys, "argv", ["suite", "--write"])
    assert suite.main() == 0
    written = docs.read_text()
    assert written.startswith(f"before\n{suite._BEGIN}\n| set |")
    assert "| a set | ≥ 50 % | 3 / 0 | 100.0% (43.8% to 100.0%) |" in written
    assert written.endswith(f"\n{suite._END}\nafter\n")
    assert "old" not in written
    assert "| a set |" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--write"], ["--write", "--only", "curekart"]])
def test_a_part_of_the_table_is_not_written(monkeypatch, tmp_path, capsys, words):
    """The other rows would be gone."""
    monkeypatch.setattr(suite, "_DOCS", tmp_path / "untouched.md")
    monkeypatch.setattr(suite, "_SETS", suite._SETS | {"one": lambda _: iter([])})
    monkeypatch.setattr(sys, "argv", ["suite", *words])
    if "--only" in words:
        with pytest.raises(SystemExit):
            suite.main()
        assert "leave --only out" in capsys.readouterr().err
    else:
        assert suite.main() == 0
    assert not (tmp_path / "untouched.md").exists()


def test_the_page_has_the_marks():
    """Else --write would throw the rest of it away."""
    page = suite._DOCS.read_text(encoding="utf-8")
    assert page.count(suite._BEGIN) == page.count(suite._END) == 1
    assert page.index(suite._BEGIN) < page.index(suite._END)
