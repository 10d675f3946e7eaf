"""Jars from Maven Central, each pinned by its SHA-256, kept outside the repository."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from infra.local import places, preflight
from infra.local.part import StackError

_HERE = Path(__file__).parent
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.7.1:copy-dependencies"


def folder(name: str, version: str) -> Path:
    """Where the jars of this version are, or will be."""
    return places.cache_home() / name / version


def fetch(name: str, version: str) -> Path:
    """The folder with exactly the pinned jars, fetched if they are not there already.

    Raises:
        StackError: no Maven, no network, or a jar that is not the pinned one.
    """
    target = folder(name, version)
    pinned = _pinned(name)
    if not faults(target, pinned):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as made:
        fresh = Path(made) / "jars"
        _maven(name, fresh)
        wrong = faults(fresh, pinned)
        if wrong:
            raise StackError(
                f"{name} {version}: {wrong[0]} (of {len(wrong)} faults); the repository that Maven"
                f" uses does not serve the pinned files: check its mirror, clear ~/.m2 and repeat"
            )
        shutil.rmtree(target, ignore_errors=True)  # incomplete, or somebody changed it
        fresh.rename(target)
    return target


def faults(where: Path, pinned: dict[str, str]) -> list[str]:
    """What is not as pinned in that folder; every byte is read, 44 MB take 0.1 s."""
    there = {path.name for path in where.glob("*")} if where.is_dir() else set()
    found = [f"{jar} is missing" for jar in sorted(pinned.keys() - there)]
    found += [f"{jar} is not a pinned jar" for jar in sorted(there - pinned.keys())]
    for jar in sorted(there & pinned.keys()):
        with (where / jar).open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != pinned[jar]:
                found.append(f"{jar} has another checksum than the pinned one")
    return found


def _pinned(name: str) -> dict[str, str]:
    lines = (_HERE / f"{name}.sha256").read_text().splitlines()
    return {jar: digest for digest, jar in (line.split() for line in lines)}


def _maven(name: str, into: Path) -> None:
    done = subprocess.run(
        [
            preflight.maven(), "--quiet", "--batch-mode", "--file", str(_HERE / f"{name}.pom.xml"),
            _PLUGIN, "-DincludeScope=runtime", f"-DoutputDirectory={into}",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if "ERROR" in line][:3]
        raise StackError(
            f"{name}: Maven could not fetch it; is its repository in reach?\n" + "\n".join(said)
        )
