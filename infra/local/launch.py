"""Runs in a child just before its program: the program must not outlive whoever started it.

Not imported but executed (`python launch.py PARENT_PID PROGRAM ARGUMENT...`), because code between
fork and exec in a process with threads may deadlock.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGKILL when the parent dies, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the request reached the kernel
        sys.exit(1)
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.exit(f"cannot run {program[0]}: {error.strerror}")


main()
