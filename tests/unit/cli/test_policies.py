"""`sluice policies`: what a decider would say, before it is started."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli.policies import policies
from services.decider.domain.actions import ACTIONS
from services.decider.domain.facts import FACTS
from services.decider.policies import SHIPPED


def run(*arguments: str) -> Result:
    """The command, in a wide terminal."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(policies, arguments)


def test_the_shipped_policies_are_shown_with_their_rules_and_tests() -> None:
    """Without a path: what a decider starts with by default."""
    result = run("check")
    assert result.exit_code == 0
    for said in ("support 1", "damaged-item", "supply 2", "unsafe-goods", "tests pass"):
        assert said in result.output


def test_one_file_is_enough() -> None:
    """Who edits one need not have the other."""
    result = run("check", str(SHIPPED / "supply.yaml"), "--json")
    assert result.exit_code == 0
    [found] = json.loads(result.output)["policies"]
    assert (found["policy"], found["rules"][0]) == ("supply", "retracted")
    assert len(found["tests"]) >= 10


@pytest.mark.parametrize("as_json", [False, True])
def test_mistakes_are_listed_and_the_exit_code_says_so(tmp_path: Path, *, as_json: bool) -> None:
    """1, as a check in a pipeline expects; every mistake with its place."""
    file = tmp_path / "mine.yaml"
    file.write_text((SHIPPED / "supply.yaml").read_text().replace("retracts", "retract"))
    result = run("check", str(file), *(["--json"] if as_json else []))
    assert result.exit_code == 1
    assert "did you mean supply.retracts?" in result.output
    assert (json.loads(result.output)["ok"] is False) if as_json else ("mistakes" in result.output)


@pytest.mark.parametrize("option", [["/nowhere"], ["--macros", "/nowhere"]])
def test_a_place_that_is_not_there_is_a_usage_error(option: list[str]) -> None:
    """2, as everywhere."""
    assert run("check", *option).exit_code == 2


def test_the_catalogue_lists_every_fact_and_action_unshortened() -> None:
    """People copy names from it."""
    result = CliRunner(env={"COLUMNS": "80"}).invoke(policies, ["facts"])
    assert result.exit_code == 0
    for name in (*FACTS, *ACTIONS):
        assert name in result.output, name


def test_the_catalogue_of_a_domain_leaves_the_other_out() -> None:
    """And machines read it, too."""
    found = json.loads(run("facts", "--domain", "support", "--json").output)
    names = {each["name"] for each in found["facts"]}
    assert {"intent.label", "case.age_s"} <= names
    assert "ref.po" not in names
    assert {each["domain"] for each in found["actions"]} == {"support"}
