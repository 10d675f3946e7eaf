"""Every named crash point, hit once in every service that has it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.resilience.flow import Flow
from infra.resilience.workers import Worker

_BOUNDARY = ("boundary.before-send", "boundary.after-send", "boundary.before-ack")

# By service, as named in the code: services/*/ say crashpoints.reach(name).
POINTS: Mapping[str, tuple[str, ...]] = {
    "intake": _BOUNDARY,
    "assessor": ("assessor.before-infer", "assessor.after-infer", *_BOUNDARY),
    "decider": (
        "decider.before-append",
        "decider.after-append",
        "decider.after-emission",
        "decider.before-marker",
        "decider.before-ack",
        # The decider's own way out is its journal; what leaves by the boundary is dead letters.
        *_BOUNDARY,
    ),
}


@dataclass(slots=True)
class _Walk:
    """One worker on its way through its points, one a life."""

    worker: Worker
    left: list[str]
    marks: dict[str, Path] = field(default_factory=dict)

    def arm(self) -> None:
        """Give the next life its point."""
        if self.left:
            point = self.left[0]
            mark = self.worker.state.with_name(f"{self.worker.name}.{point}.reached")
            self.marks[point] = mark
            self.worker.once = {"SLUICE_CRASH_POINT": point, "SLUICE_CRASH_MARK": str(mark)}

    def go_on(self) -> None:
        """It may have died: of its point, or of something else and tries again."""
        if not self.worker.running:
            if self.left and self.marks[self.left[0]].exists():
                self.left.pop(0)
            self.arm()
            self.worker.kill()  # it is dead; this takes note of it
            self.worker.start()


def walk(
    flow: Flow,
    points: Mapping[str, Sequence[str]],
    feed: Callable[[], None],
    *,
    within_s: float,
    say: Callable[[str], None] = lambda _: None,
) -> set[str]:
    """Let one worker of each service die at each point while `feed` gives it work.

    Returns the points that were hit, as "service point", by the marks that were left.
    """
    walks = [_Walk(flow.of(service)[0], list(names)) for service, names in points.items()]
    for each in walks:
        each.arm()
        each.worker.stop()
        each.worker.start()
    deadline = time.monotonic() + within_s
    while any(each.left for each in walks) and time.monotonic() < deadline:
        feed()
        time.sleep(0.5)
        for each in walks:
            each.go_on()
        flow.tend()
        say(f"{sum(len(each.left) for each in walks)} crash points left")
    for each in walks:
        if each.left:
            each.worker.stop()
            each.worker.start()
    return {
        f"{each.worker.service} {point}"
        for each in walks
        for point, mark in each.marks.items()
        if mark.exists()
    }
