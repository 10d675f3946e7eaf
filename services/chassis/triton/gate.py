"""Many requests may be on their way together; an examination has the models to itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Gate:
    """A bound on requests in flight, over all models of one server."""

    def __init__(self, width: int) -> None:
        self._width = width
        # FIFO (CPython 3.11): whoever waits for all places gets them one by one, nobody starves.
        self._places = asyncio.Semaphore(width)
        self._alone = asyncio.Lock()
        self.busy = 0

    async def enter(self) -> None:
        """Wait for a place."""
        await self._places.acquire()
        self.busy += 1

    def leave(self) -> None:
        """Give the place back."""
        self.busy -= 1
        self._places.release()

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until nobody else is in, and keep it so.

        The server may put texts of several requests into one execution: who is blamed must have
        been alone in it.
        """
        async with self._alone:
            held = 0
            try:
                for _ in range(self._width):
                    await self.enter()
                    held += 1
                yield
            finally:
                for _ in range(held):
                    self.leave()
