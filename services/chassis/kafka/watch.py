"""Sees what a live process hides: out of the group, standing still, a dead coordinator."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection

import structlog

from services.chassis.errors import Crash
from services.chassis.health import Health
from services.chassis.kafka.app import App
from services.chassis.kafka.lanes import TP
from services.chassis.ports import Metrics

log = structlog.get_logger()

_EVERY_S = 1.0
_ENDS_EVERY_S = 5.0
# A member that could not get back into its group for so long will not by waiting.
_LOST_S = 600.0


class Watch:
    """Reports membership and committed-offset age; ends a process that stands still."""

    def __init__(
        self,
        app: App,
        *,
        held: Callable[[], Collection[int]],
        in_flight: Callable[[], int],
        standstill_s: float,
        health: Health,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._held = held
        self._in_flight = in_flight
        self._standstill_s = standstill_s
        self._health = health
        self._metrics = metrics
        self._ends: dict[TP, tuple[int, int | None]] = {}
        self._asked_at = 0.0
        self._moved: dict[TP, tuple[int, float]] = {}
        self._member_at = time.monotonic()

    async def run(self) -> None:
        """Look once a second until cancelled.

        Raises:
            Crash: the process must end; the message says why.
        """
        while True:
            await asyncio.sleep(_EVERY_S)
            self._membership()
            self._holes()
            await self._refresh_ends()
            self._progress()

    def _membership(self) -> None:
        lanes, now = self._app.lanes, time.monotonic()
        if not self._app.consumer.coordinating():
            raise Crash("the group's coordination ended by itself")
        member = lanes.generation > 0 and self._app.heard
        if member:
            self._member_at = now
        elif now - self._member_at > _LOST_S:
            raise Crash(f"no member of the group for {_LOST_S:.0f} s")
        self._metrics.gauge("sluice_assigned_partitions", len(lanes.inputs))
        self._metrics.gauge("sluice_in_flight", self._in_flight())
        self._health.set(
            "group membership",
            member,
            f"{len(lanes.inputs)} partitions, generation {lanes.generation}"
            if member
            else "no answer from the group within the session time-out",
        )

    def _holes(self) -> None:
        """What came before a hole is committed first, so that it need not be accepted as lost."""
        for each in self._app.lanes.inputs.values():
            if each.hole is not None:
                self._health.set("offset continuity", ok=False, detail=str(each.hole))
                self._metrics.gauge("sluice_alarm", 1, what="offset-gap")
                if each.settled:
                    raise each.hole

    async def _refresh_ends(self) -> None:
        """From the broker, not the fetcher's memory: one that stands still knows of none."""
        now = time.monotonic()
        tps = list(self._app.lanes.inputs)
        if not tps:
            self._ends = {}
            return
        if now - self._asked_at < _ENDS_EVERY_S:
            return
        self._asked_at = now
        try:
            self._ends = await asyncio.wait_for(self._app.consumer.ends(tps), _ENDS_EVERY_S)
        except Exception as error:  # noqa: BLE001 - the broker's absence is others' to report
            log.warning("end offsets unknown", error=type(error).__name__)

    def _progress(self) -> None:
        now = time.monotonic()
        held = self._held()
        oldest: dict[str, float] = defaultdict(float)
        lanes = self._app.lanes
        inputs = lanes.inputs
        self._moved = {tp: moved for tp, moved in self._moved.items() if tp in inputs}
        for tp, each in inputs.items():
            end, position = self._ends.get(tp, (0, None))
            ledger = each.ledger
            behind = ledger.open_count or ledger.committable > ledger.committed
            # Behind what is handed over there may be only control records, which the position
            # passes and nobody acknowledges.
            lagging = bool(behind) or (end > ledger.expected and (position or 0) < end)
            known, since = self._moved.get(tp, (-1, now))
            # Half a lane is not worked on: the rest of it is elsewhere, during an upgrade.
            excused = tp[1] in held or tp[1] not in lanes.lanes
            if not lagging or ledger.committed != known or excused:
                since = now
            self._moved[tp] = (ledger.committed, since)
            oldest[tp[0]] = max(oldest[tp[0]], now - since)
            self._metrics.gauge(
                "sluice_lag_records",
                max(0, end - ledger.committed) if lagging else 0,
                topic=tp[0],
                partition=str(tp[1]),
            )
            if now - since > self._standstill_s:
                raise Crash(
                    f"{ledger.name}: committed offset {ledger.committed} has stood still for "
                    f"{now - since:.0f} s with records waiting"
                )
        for topic, age in oldest.items():
            self._metrics.gauge("sluice_committed_age_seconds", age, topic=topic)
        worst = max(oldest.values(), default=0.0)
        self._health.set(
            "committed offsets",
            worst < self._standstill_s / 2,
            f"stand still for {worst:.0f} s" if worst > 1 else "move, or there is nothing to do",
        )
