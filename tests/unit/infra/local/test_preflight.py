"""What is missing on the machine is said in one line, with the remedy."""

from pathlib import Path

import pytest

from infra.local import preflight
from infra.local.part import StackError


def tool(folder: Path, name: str, says: str) -> Path:
    """A program that prints, first in the PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing installed."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_292"', 8),
        ("nonsense", None),
    ],
)
def test_java_versions_are_read(text: str, version: int | None) -> None:
    """Old Java wrote 1.8 where it meant 8."""
    assert preflight.java_version(text) == version


def test_missing_java_is_one_line_with_its_remedy() -> None:
    """No traceback, no guess: what to install."""
    with pytest.raises(StackError) as caught:
        preflight.java()
    assert str(caught.value) == (
        "Java 17 or newer: not found; apt-get install openjdk-17-jre-headless"
    )


def test_old_java_is_named_with_its_version(path: Path) -> None:
    """Who has Java 11 must not believe that Java is missing."""
    tool(path, "java", 'openjdk version "11.0.2" 2019-01-15')
    with pytest.raises(StackError, match=r"/java is Java 11; apt-get install openjdk-17"):
        preflight.java()


def test_a_java_home_without_java_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JAVA_HOME wins over PATH, also when it is wrong."""
    tool(path, "java", 'openjdk version "17.0.1" 2021-10-19')
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(StackError, match="JAVA_HOME=/nowhere holds no bin/java"):
        preflight.java()


def test_missing_maven_is_one_line_with_its_remedy() -> None:
    """Maven is asked for only where jars have to be fetched."""
    with pytest.raises(StackError) as caught:
        preflight.maven()
    assert str(caught.value) == "Maven 3.6.3 or newer: not found; apt-get install maven"


def test_old_maven_is_named_with_its_version(path: Path) -> None:
    """The plugin that copies the jars does not run on it."""
    tool(path, "mvn", "Apache Maven 3.3.9")
    with pytest.raises(StackError, match=r"/mvn is 3\.3\.9; apt-get install maven"):
        preflight.maven()


def test_other_systems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model server's wheel and the parent-death signal are Linux only."""
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(StackError, match="needs Linux"):
        preflight.check()
