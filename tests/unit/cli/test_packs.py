"""`sluice packs` and `sluice evaluate`: what people see, and mistakes before anything starts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.chassis.errors import ConfigurationError
from services.cli.main import cli


def sluice(*words: str | Path) -> Result:
    """`sluice ...`; errors of ours come out as the command would print them."""
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_shipped_packs_are_well():
    """All of them, with labels and examples."""
    done = sluice("packs", "check", "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["well"], said["faults"]) == (0, True, [])
    assert {"retail:1", "banking:1", "it_helpdesk:1", "travel:1", "supply:1"} <= {
        each["pack"] for each in said["packs"]
    }


def test_a_mistake_is_told_by_file_line_and_field(tmp_path):
    """Exit code 1, every mistake."""
    (tmp_path / "shop.yaml").write_text("pack: shop\nversion: 0\ntask: intent\n")
    done = sluice("packs", "check", tmp_path)
    assert done.exit_code == 1
    assert f"{tmp_path}/shop.yaml:2: version: " in done.stdout


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"--text": "words"},
            r"rows\.csv:1: there is no column 'words'; there are 'text', 'label'",
        ),
        ({"--pack": "nowhere"}, r"nowhere: no such folder of label packs, pack file or shipped"),
        ({}, r"'PARCEL' \(2 rows\) is no label of retail:1"),
        ({"--grade": "fitted", "--out-of-scope": "PARCEL"}, "no fitted head beside it: run"),
    ],
)
def test_an_evaluation_that_cannot_be_starts_nothing(tmp_path, changes, says):
    """The file, the pack and the map are read before any server is started."""
    data = tmp_path / "rows.csv"
    data.write_text("text,label\nwhere is it,PARCEL\nstill not here,PARCEL\n")
    words = {"--pack": "retail", "--data": data, "--text": "text", "--label": "label"} | changes
    done = sluice("evaluate", *(word for pair in words.items() for word in pair))
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.args[0] is not None
    with pytest.raises(ConfigurationError, match=says):
        raise done.exception
    assert "Triton" not in done.stderr


def test_results_need_a_folder_that_is_there(tmp_path):
    """Told before ten minutes of work, not after."""
    data = tmp_path / "rows.csv"
    data.write_text("text,label\na,b\n")
    done = sluice(
        "evaluate", "--pack", "retail", "--data", data, "--text", "text", "--label", "label",
        "--json", tmp_path / "no/such/out.json",
    )  # fmt: skip
    assert done.exit_code == 2
    assert "is no folder" in done.output
