"""Triton's shared memory: named by the process that supervises it, so that orphans can be told."""

import hashlib
import os
from pathlib import Path

import psutil

FOLDER = Path("/dev/shm")  # noqa: S108 - where Triton puts it
_PREFIX = "sluice_triton_"


def prefix(log: Path) -> str:
    """For the regions of one server of this process; its log is its own."""
    return f"{_PREFIX}{os.getpid()}_{hashlib.sha256(str(log).encode()).hexdigest()[:8]}_"


def regions(start: str = _PREFIX) -> list[Path]:
    """All of our servers', or those of one."""
    return sorted(FOLDER.glob(f"{start}*"))


def remove_orphans() -> list[Path]:
    """Remove the regions whose supervisor is gone; what was removed."""
    orphans = [each for each in regions() if not psutil.pid_exists(_owner(each))]
    for each in orphans:
        each.unlink(missing_ok=True)
    return orphans


def _owner(region: Path) -> int:
    return int(region.name.removeprefix(_PREFIX).partition("_")[0])
