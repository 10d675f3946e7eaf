"""From a labelled file to figures, through a real Triton: fit, serve, ask, show."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from services.assessor.packs import fitted
from services.chassis.errors import ConfigurationError
from services.cli.main import cli
from tests.triton import Server

pytestmark = [pytest.mark.triton, pytest.mark.timeout(300)]

HERE = Path(__file__).parent


def sluice(*words: str | Path) -> Result:
    """`sluice ...`, which goes well."""
    done = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def fit(into: Path) -> Path:
    """A pack of the rooms' labels."""
    sluice(
        "packs", "fit", "--data", HERE / "rooms.csv", "--text", "text", "--label", "label",
        "--licence", "ours", "--name", "rooms", "--out", into,
    )  # fmt: skip
    return into


def asked(pack: Path | str, *more: str | Path) -> tuple[str, ...]:
    """The words of an evaluation on rows that were not fitted."""
    rows = str(HERE / "rooms-asked.jsonl")
    columns = ("--text", "text", "--label", "label")
    return ("evaluate", "--pack", str(pack), "--data", rows, *columns, *map(str, more))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fitted once."""
    return fit(tmp_path_factory.mktemp("fitted") / "rooms")


def test_a_file_becomes_a_pack_that_triton_serves(pack: Path, tmp_path: Path) -> None:
    """Without a running stack; what is in scope is read, in other languages too."""
    out, html = tmp_path / "out.json", tmp_path / "out.html"
    done = sluice(*asked(pack, "--out-of-scope", "NONE", "--json", out, "--html", html))
    said = json.loads(out.read_text())
    assert said["about"]["grade"] == "fitted"
    assert said["figures"]["inside"] == 16
    assert said["figures"]["accuracy"] >= 0.85
    assert said["figures"]["auroc"] >= 0.85
    assert said["cost"]["tokens"] > 100
    head = yaml.safe_load(fitted.description(pack / "rooms.yaml").read_text())
    assert [model["name"] for model in said["models"]] == ["encoder", "intent_retail"]
    assert said["models"][0]["digest"] == head["encoder"]["digest"]
    assert "starting Triton" in done.stderr
    assert "coverage at 95 % precision" in done.stdout
    assert html.read_text().count("<svg") == 3


def test_the_same_rows_give_the_same_head(pack: Path, tmp_path: Path) -> None:
    """Byte for byte, in another process and folder."""
    again = fit(tmp_path / "again")
    for file in sorted(pack.iterdir()):
        assert (again / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_server_with_another_pack_is_not_asked(pack: Path, triton_server: Server) -> None:
    """Its figures would be another pack's."""
    words = asked(pack, "--out-of-scope", "NONE", "--url", triton_server.url)
    done = CliRunner().invoke(cli, words)
    assert isinstance(done.exception, ConfigurationError)
    assert "configured is rooms:1" in str(done.exception)


def test_a_server_with_the_pack_is_asked_as_it_is(triton_server: Server, tmp_path: Path) -> None:
    """The shipped packs on the session's server; a map says what the rows' labels mean."""
    mapped = tmp_path / "map.yaml"
    mapped.write_text(
        "labels: {RENT: [payment_problem, payment_options, invoice]}\n"
        "out_of_scope: [NONE, HEATING, CLEANING, INTERNET]\n"
    )
    out = tmp_path / "out.json"
    sluice(*asked("retail", "--map", mapped, "--url", triton_server.url, "--json", out))
    said = json.loads(out.read_text())
    assert said["about"]["server"] == triton_server.url
    assert (said["figures"]["rows"], said["figures"]["inside"]) == (22, 4)


def test_strange_texts_get_an_answer(triton_server: Server, tmp_path: Path) -> None:
    """Emoji, control characters, a text as long as the flow lets through: figures, no crash."""
    texts = ["😀😀😀", "\u0000\u0007\u200b", "word " * 13_000, "<s> </s> <pad>", "?"]
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.json"
    rows.write_text("".join(f"{json.dumps({'t': text, 'l': 'other'})}\n" for text in texts))
    sluice(
        "evaluate", "--pack", "retail", "--data", rows, "--text", "t", "--label", "l",
        "--url", triton_server.url, "--json", out,
    )  # fmt: skip
    said = json.loads(out.read_text())
    assert (said["figures"]["rows"], said["figures"]["inside"]) == (5, 0)
    assert said["figures"]["accuracy"] is None
