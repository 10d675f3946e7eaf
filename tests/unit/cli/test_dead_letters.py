"""The command's words: help without a broker, and bad input refused before one is asked."""

import pytest
from click.testing import CliRunner

from services.cli.main import cli

_NOWHERE = {"SLUICE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}


def _say(*words: str, environment=_NOWHERE):
    return CliRunner().invoke(cli, ["dead-letters", *words], env=environment)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ["list", "show", "redrive"]),
        (("list",), ["--service", "--reason", "--tenant", "--since", "--limit", "--json"]),
        (("show",), ["PARTITION", "OFFSET", "--value", "--out"]),
        (("redrive",), ["--service", "--position", "--execute", "only say what would be done"]),
    ],
)
def test_help_tells_every_option(words, told) -> None:
    """And asks no broker for it."""
    said = _say(*words, "--help", environment={})
    assert said.exit_code == 0
    assert not [each for each in told if each not in said.output]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list", "--service", "biller"], "'biller' is not one of"),
        (["list", "--since", "soon"], "soon: neither an age like 30m, 2h, 7d nor an ISO 8601"),
        (["list", "--since", "99999999999999d"], "neither an age"),
        (["list", "--limit", "-1"], "--limit"),
        (["show", "intake", "0"], "Missing argument 'OFFSET'"),
        (["show", "intake", "zero", "1"], "'zero' is not a valid integer"),
        (["show", "intake", "0", "1", "--value", "--json"], "exclude each other"),
        (["redrive", "--reason", "rejected"], "Missing option '--service'"),
        (["redrive", "--service", "intake"], "Say --reason, --tenant, --since or --position"),
        (["redrive", "--service", "intake", "--reason", "loss-accepted"], "is not one of"),
        (["redrive", "--service", "intake", "--position", "0"], "requires 2 arguments"),
        (
            ["redrive", "--service", "intake", "--position", "0", "1", "--since", "1h"],
            "--position names letters exactly",
        ),
    ],
)
def test_bad_input_is_refused_by_name(words, told) -> None:
    """Exit code 2, the option and the remedy; nothing was asked of Kafka."""
    said = _say(*words)
    assert said.exit_code == 2
    assert told in said.output


def test_without_a_kafka_the_remedy_is_named(tmp_path) -> None:
    """No stack here, no address given."""
    environment = {"SLUICE_KAFKA_BOOTSTRAP_SERVERS": "", "SLUICE_STATE_HOME": str(tmp_path)}
    said = _say("list", environment=environment)
    assert said.exit_code == 2
    assert "no stack is up on this machine" in said.output
    assert "--bootstrap-servers" in said.output
