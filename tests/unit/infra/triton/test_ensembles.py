"""The shape of an ensemble that Triton survives, read from its configuration."""

import re
from collections import Counter
from pathlib import Path

import pytest

import infra.triton

CONFIGS = sorted((Path(infra.triton.__file__).parent / "repository").glob("*/config.pbtxt"))
ENSEMBLES = [path for path in CONFIGS if 'platform: "ensemble"' in path.read_text()]


def test_there_are_ensembles() -> None:
    """Else the test below would hold of nothing."""
    assert {path.parent.name for path in ENSEMBLES} == {"read_ticket", "read_notice"}


@pytest.mark.parametrize("path", ENSEMBLES, ids=lambda path: path.parent.name)
def test_no_two_steps_follow_the_same_one(path: Path) -> None:
    """A cancelled request is answered twice there, and Triton 2.51 ends; see read_ticket's file."""
    text = path.read_text()
    made = re.findall(r'output_map \{ key: "\w+" value: "(\w+)" \}', text)
    used = Counter(re.findall(r'input_map \{ key: "\w+" value: "(\w+)" \}', text))
    assert made
    assert {name: used[name] for name in made if used[name] > 1} == {}


@pytest.mark.parametrize("path", ENSEMBLES, ids=lambda path: path.parent.name)
def test_one_step_begins_and_each_other_follows_one_of_them(path: Path) -> None:
    """Of two first steps one that fails at once locks the server up; of two seconds, see above."""
    steps = path.read_text().split("model_name:")[1:]
    made = {
        name: number
        for number, step in enumerate(steps)
        for name in re.findall(r'output_map \{ key: "\w+" value: "(\w+)" \}', step)
    }
    used = [re.findall(r'input_map \{ key: "\w+" value: "(\w+)" \}', step) for step in steps]
    follows = [{made[name] for name in names if name in made} for names in used]
    assert follows[0] == set()
    assert [sorted(each) for each in follows[1:]] == [[n] for n in range(len(steps) - 1)]
