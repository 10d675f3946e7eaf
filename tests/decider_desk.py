"""A decider over its real journal; only the broker, the clock and the operator are in memory."""

from collections.abc import Sequence
from pathlib import Path

from schemas.automation.action import ActionRequested
from schemas.automation.decision import CaseDecided, Decision
from schemas.automation.journal import JournalAppended
from schemas.base import Event
from services.chassis.outcome import Outcome
from services.chassis.ports import Delivery
from services.decider.handler import DeciderHandler, Rules
from services.decider.journal.emission import Emission
from services.decider.journal.lanes import JournalLanes
from tests.fakes_decider import (
    JOURNAL,
    FakeClock,
    FakeFreshness,
    FakeLane,
    FakeMetrics,
    FakeStops,
    FakeTracing,
    MemoryBroker,
    deliver,
)
from topics.automation import ACTION_REQUESTED, CASE_DECIDED


class DeciderDesk:
    """A decider process with its world; `restart` is a kill and a new process."""

    def __init__(self, home: Path, rules: Rules) -> None:
        self.home, self.broker, self.lane = home, MemoryBroker(), FakeLane()
        self.clock, self.stops, self.fresh = FakeClock(), FakeStops(), FakeFreshness()
        self.metrics, self.tracing = FakeMetrics(), FakeTracing()
        self.rules = rules
        self.instance = 0
        self.begin()

    def begin(self) -> None:
        """A process that has prepared nothing yet."""
        self.lanes = JournalLanes(
            self.home,
            instance=str(self.instance),
            cluster="c",
            partitions=4,
            log=self.broker,
            publisher=self.broker,
            clock=self.clock,
        )
        self.handler = DeciderHandler(
            self.rules,
            self.lanes,
            Emission(self.broker, self.stops, self.fresh, self.clock),
            stops=self.stops,
            clock=self.clock,
            metrics=self.metrics,
            tracing=self.tracing,
        )

    async def restart(self, *, elsewhere: bool = False) -> None:
        """Killed and started again; elsewhere without a snapshot: the journal is read whole."""
        self.instance += elsewhere
        self.begin()
        await self.handler.prepare(self.lane)

    async def handle(self, *events: Event) -> Sequence[Outcome]:
        """Deliver them in one chunk."""
        return await self.deliver(*(deliver(event) for event in events))

    async def deliver(self, *deliveries: Delivery) -> Sequence[Outcome]:
        """Hand a chunk over."""
        return await self.handler.handle(self.lane, deliveries)

    @property
    def decisions(self) -> list[Decision]:
        """On the wire, each time it was said."""
        records = self.broker.out(CASE_DECIDED.name)
        return [CaseDecided.from_json(each.value or b"").decision for each in records]

    @property
    def actions(self) -> list[ActionRequested]:
        """On the wire."""
        records = self.broker.out(ACTION_REQUESTED.name)
        return [ActionRequested.from_json(each.value or b"") for each in records]

    def journal(self, kind: type) -> list[JournalAppended]:
        """The journal's entries of a kind."""
        found = [JournalAppended.from_json(each.value or b"") for each in self.broker.out(JOURNAL)]
        return [each for each in found if isinstance(each.body, kind)]
