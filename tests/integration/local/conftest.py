"""Processes that are only ours to look at, and nothing left of them afterwards."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.home import MARK, Home


def marked(home: Home) -> list[psutil.Process]:
    """Every living process of this stack."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get(MARK) == str(home.folder)
        except psutil.Error:
            continue
        if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A stack's folder of this test; whatever it left is killed, and the test fails for it."""
    monkeypatch.setenv("SLUICE_STATE_HOME", str(tmp_path / "home"))
    made = Home()
    yield made
    assert made.sweep() == []


@pytest.fixture
def living() -> object:
    """The question which processes of a stack live."""
    return marked
