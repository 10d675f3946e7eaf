"""Named places where a resilience test may kill the process, exactly once per place and mark.

Active only where SLUICE_CRASH_POINT names the place; else reaching one is one comparison.
"""

import os
import signal
from pathlib import Path

# Read once: a production process never has them.
_POINT = os.environ.get("SLUICE_CRASH_POINT")
_MARK = os.environ.get("SLUICE_CRASH_MARK")


def reach(name: str) -> None:
    """End our own process with SIGKILL where the environment says so.

    SLUICE_CRASH_MARK names a file that is made first: where it is already there the place was
    hit by an earlier life of this process, and it lives on.
    """
    if name == _POINT:
        _die_once()


def _die_once() -> None:
    if _MARK is not None:
        try:
            Path(_MARK).touch(exist_ok=False)
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
