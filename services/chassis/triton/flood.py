"""Who fails again and again: one tenant's flood of bad texts costs only that tenant."""

import time
from collections import deque
from collections.abc import Callable


class Floods:
    """Counts failures per tenant within a window of `window_s` seconds."""

    def __init__(
        self,
        failures: int = 5,
        window_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._window_s = window_s
        self._clock = clock
        self._at: dict[str, deque[float]] = {}

    def failed(self, tenant: str) -> None:
        """One more text of this tenant broke the model."""
        self._at.setdefault(tenant, deque(maxlen=self._failures)).append(self._clock())

    def flooding(self, tenant: str) -> bool:
        """Whether so many failed within the window that the next gets no second try."""
        times = self._at.get(tenant)
        return bool(
            times and len(times) == self._failures and times[0] > self._clock() - self._window_s
        )
