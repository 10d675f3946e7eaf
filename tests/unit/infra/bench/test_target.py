"""What cannot be measured is refused with one line that says what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.bench.target import BenchError, find
from infra.local.home import Home
from services.cli.bench import bench


def part(kind: str = "part", state: str = "ready", url: str = "") -> dict[str, Any]:
    """As the state file has it."""
    return {"kind": kind, "state": state, "pid": 1, "addresses": {"url": url}}


def parts(**others: dict[str, Any]) -> dict[str, Any]:
    """Everything that there must be."""
    names = ("kafka", "zipkin", "triton", "intake-1", "assessor-1", "decider-1")
    return {name: part() for name in names} | {"topics": {"kind": "step", "state": "done"}} | others


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Of a stack that is up."""
    made = Home(tmp_path)
    with made.only_one():
        yield made


def test_without_a_stack_the_remedy_is_named(tmp_path: Path) -> None:
    """Nothing is started behind people's backs."""
    with pytest.raises(BenchError, match=r"not up.*make up"):
        find(Home(tmp_path))


def test_a_complete_stack_is_found(home: Home) -> None:
    """With its parts, steps left out."""
    home.write({"state": "ready", "supervisor_pid": 7, "parts": parts()})
    found = find(home)
    assert found.supervisor_pid == 7
    assert "topics" not in found.parts


def test_a_starting_stack_is_refused(home: Home) -> None:
    """Numbers of one that warms up mean nothing."""
    home.write({"state": "starting", "supervisor_pid": 7, "parts": parts()})
    with pytest.raises(BenchError, match=r"is starting.*make status"):
        find(home)


def test_a_partial_stack_is_refused(home: Home) -> None:
    """`sluice up kafka` is a stack, too."""
    home.write({"state": "ready", "supervisor_pid": 7, "parts": {"kafka": part()}})
    with pytest.raises(BenchError, match=r"has no triton.*make up"):
        find(home)


def test_a_part_that_is_not_well_is_named(home: Home) -> None:
    """Both what the supervisor says and what a service says of itself."""
    home.write(
        {"state": "ready", "supervisor_pid": 7, "parts": parts(zipkin=part(state="restarting"))}
    )
    with pytest.raises(BenchError, match=r"zipkin is not well: restarting"):
        find(home)
    silent = {"intake-1": part("service", url="http://127.0.0.1:9")}
    home.write({"state": "ready", "supervisor_pid": 7, "parts": parts(**silent)})
    with pytest.raises(BenchError, match=r"intake-1 is not well: answers: .*make status"):
        find(home)


def test_a_report_that_could_not_be_written_is_refused_first(tmp_path: Path) -> None:
    """Not after minutes of measuring."""
    answer = CliRunner().invoke(bench, ["--json", str(tmp_path / "missing" / "report.json")])
    assert answer.exit_code == 2
    assert "is no folder" in answer.output


def test_the_command_passes_the_refusal_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an error of ours: one line without a traceback."""
    monkeypatch.setenv("SLUICE_STATE_HOME", str(tmp_path))
    answer = CliRunner().invoke(bench, [])
    assert isinstance(answer.exception, BenchError)
