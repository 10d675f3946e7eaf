"""Ctrl-C and its relatives: the first asks for an orderly end, a second one for an end at once."""

import asyncio
import signal
from collections.abc import Callable, Coroutine

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130  # as shells report an end by SIGINT


def on_interrupt(call: Callable[[], object]) -> None:
    """From now on the running loop answers SIGINT, SIGTERM and SIGHUP with this call."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, call)


def run(main: Coroutine[None, None, int]) -> int:
    """Run to the end; an interrupt cancels it, so that every `finally` does its work.

    Returns INTERRUPTED when it was cancelled before it returned a code of its own.
    """

    async def guarded() -> int:
        task = asyncio.ensure_future(main)
        on_interrupt(task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return INTERRUPTED

    return asyncio.run(guarded())
