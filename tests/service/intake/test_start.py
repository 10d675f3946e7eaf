"""A wrong configuration is refused before anything runs: one line, and an exit code of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.chassis.process import main
from services.intake.app import run
from tests.fakes_intake import SOURCES

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "SLUICE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "SLUICE_INTAKE_MASKING_KEY": "k" * 32,
    "OTEL_TRACES_EXPORTER": "none",
}


@pytest.fixture
def started(tmp_path, monkeypatch, capsys):
    """Starts intake with these settings; its exit code and what it said."""

    def start(settings):
        for name in [name for name in os.environ if name.startswith("SLUICE_")]:
            monkeypatch.delenv(name)
        state = {"SLUICE_STATE_DIR": str(tmp_path / "state")}
        for name, value in {**SETTINGS, **state, **settings}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return main(run), capsys.readouterr().err

    return start


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SLUICE_INTAKE_SOURCES": "/nowhere.yaml"}, "/nowhere.yaml: cannot be read"),
        ({"SLUICE_INTAKE_SORUCES": "x"}, "SLUICE_INTAKE_SORUCES: unknown setting; did you mean"),
        ({"SLUICE_INTAKE_MASKING_KEY": "short"}, "SLUICE_INTAKE_MASKING_KEY: "),
        ({"SLUICE_INTAKE_MASKING_KEY": None}, "SLUICE_INTAKE_MASKING_KEY: Field required"),
        (
            {"SLUICE_INTAKE_VAULT_PUBLIC_KEY": "short"},
            "VAULT_PUBLIC_KEY: Value error, must be 64 h",
        ),
        ({"SLUICE_KAFKA_BOOTSTRAP_SERVERS": None}, "SLUICE_KAFKA_BOOTSTRAP_SERVERS: Field req"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(started, settings, said):
    """Also one that nobody knows: a typing error would silently do nothing."""
    code, err = started(settings)
    assert code == 78
    assert said in err
    assert "short" not in err.replace("shorter", "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format: epcis, bare", "format: epics, bare", ":12: sources.2.format: "),
        ("tenants:", "tenants: [", ":4: not valid YAML"),
    ],
)
def test_a_broken_sources_file_is_refused_by_line_and_field(started, tmp_path, old, new, said):
    """As it stands in the operator's editor."""
    file = tmp_path / "mine.yaml"
    file.write_text(SOURCES.replace(old, new, 1))
    code, err = started({"SLUICE_INTAKE_SOURCES": str(file)})
    assert code == 78
    assert f"{file}{said}" in err


def test_the_module_run_as_a_program_ends_with_that_code_and_no_stack_trace(tmp_path):
    """What a supervisor sees."""
    done = subprocess.run(
        [sys.executable, "-m", "services.intake"],
        cwd=ROOT,
        env={**SETTINGS, "PATH": os.environ["PATH"], "SLUICE_INTAKE_BARE": "yes"},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 78
    assert done.stderr.startswith("SLUICE_INTAKE_BARE: unknown setting; ")
    assert len(done.stderr.splitlines()) == 1
