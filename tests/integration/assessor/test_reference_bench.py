"""The measurement behind ADR 13 runs, and what it measures is right after kills and a restart."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.assessor.house import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def test_a_killed_and_a_restarted_copy_hold_what_was_published(tmp_path: Path) -> None:
    """Every entity is compared; after the restart only what changed meanwhile is read."""
    file = tmp_path / "figures.json"
    command = ("-m", "infra.bench.reference", "--entities", "3000", "--changes", "200")
    done = subprocess.run(
        [sys.executable, *command, "--store", "sqlite", "--json", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lives = json.loads(file.read_text())["stores"]["sqlite"]
    assert {life: told["wrong"] for life, told in lives.items()} == dict.fromkeys(lives, 0)
    assert lives["first reading"]["records"] == 3200
    assert lives["restart"]["records"] == 200
