"""What lies in the cache of models and no present configuration needs."""

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from infra.triton import environment

# Folders with one folder per build in them; the environments lie beside them.
_BUILDS = ("encoder", "repository", "writer")
_ENVIRONMENTS = "env-*"


@dataclass(frozen=True, slots=True)
class Leftover:
    """A build of another configuration or another state of the code."""

    folder: Path
    bytes: int


def leftovers(kept: Collection[Path]) -> list[Leftover]:
    """All builds and environments but these, the largest first.

    A file that builds share by a link is counted once, and not at all where a kept one has it.
    """
    cache = environment.cache()
    builds = [each for kind in _BUILDS for each in (cache / kind).glob("*")]
    found = [each for each in (*builds, *cache.glob(_ENVIRONMENTS)) if each.is_dir()]
    counted: set[int] = set()
    for each in kept:
        _bytes(each, counted)
    left = [Leftover(each, _bytes(each, counted)) for each in found if each not in kept]
    return sorted(left, key=lambda each: -each.bytes)


def remove(found: Collection[Leftover]) -> None:
    """Away with them; a build that is under way elsewhere is waited for."""
    with environment.exclusive(environment.cache(), lambda _: None):
        for each in found:
            shutil.rmtree(each.folder, ignore_errors=True)


def _bytes(folder: Path, counted: set[int]) -> int:
    """On disk, of files that were not counted yet."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            status = (Path(place) / name).lstat()
            if status.st_ino not in counted:
                counted.add(status.st_ino)
                total += status.st_blocks * 512
    return total
