"""`make setup` says what is missing before it makes anything."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone, as far as setup reads it."""
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "infra" / "local").mkdir(parents=True)
    for name in ("setup.sh", "bootstrap.lock"):
        shutil.copy(ROOT / "infra" / "local" / name, tmp_path / "infra" / "local")
    return tmp_path


def setup(checkout: Path, python: str) -> subprocess.CompletedProcess[str]:
    """With a Python of this test's choice."""
    return subprocess.run(
        [str(checkout / "infra/local/setup.sh")],
        env={"PATH": "/usr/bin:/bin", "PYTHON": python},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def fake(folder: Path, body: str) -> str:
    """A Python that answers as told."""
    path = folder / "python-of-this-test"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_an_old_python_is_one_line_with_its_remedy(checkout: Path, tmp_path: Path) -> None:
    """What was found, what is needed, what to type; no half-made environment."""
    old = fake(tmp_path, '[ "$1" = --version ] && echo "Python 3.9.2" && exit; exit 1')
    done = setup(checkout, old)
    assert done.returncode == 1
    assert done.stderr == (
        "setup: Python 3.11 or 3.12 is needed, found: Python 3.9.2;"
        " apt-get install python3.11 python3.11-venv, or name one with PYTHON=...\n"
    )
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_names_the_package(checkout: Path, tmp_path: Path) -> None:
    """Debian's python3 comes without ensurepip."""
    body = 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.11-venv;; esac'
    done = setup(checkout, fake(tmp_path, body))
    assert done.returncode == 1
    assert done.stderr.endswith("has no venv module; apt-get install python3.11-venv\n")
    assert not (checkout / ".venv").exists()
