"""What the decider does with a record: decide it once, append, emit, and only then let it go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError
from typing_extensions import override

from schemas.automation.assessment import CaseAssessed
from schemas.automation.decision import Decision, Withheld
from schemas.automation.feedback import FeedbackAccepted
from schemas.automation.journal import Decided, InputPosition
from services.chassis import crashpoints
from services.chassis.errors import Rejected
from services.chassis.outcome import DeadLetter, Done, Outcome
from services.chassis.ports import Clock, Delivery, Handler, Lane, Metrics, Trace
from services.chassis.record import Record
from services.decider.feedback import Feedback
from services.decider.journal.chunk import Chunk
from services.decider.journal.emission import Emission, cancel
from services.decider.journal.lanes import JournalLanes
from services.decider.journal.state import State
from services.decider.ports import Stops
from topics.automation import FEEDBACK_ACCEPTED

# Per second and lane: a backlog of expired proposals or old rows is worked off beside the flow.
_EXPIRED_PER_TICK = 100
_PRUNED_PER_TICK = 200


class Rules(Protocol):
    """From a case to its decision and the journal's word of it, over what is remembered."""

    def decide(
        self, assessed: CaseAssessed, memory: State, now: datetime, trace: Trace
    ) -> tuple[Decision, Decided]:
        """Pure but for the spans it notes. Raises `Rejected` for what can never be written."""
        ...


class DeciderHandler(Handler):
    """One writer per tenant: everything a lane's records do is in its journal before it is out."""

    def __init__(
        self,
        rules: Rules,
        lanes: JournalLanes,
        emission: Emission,
        *,
        stops: Stops,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._rules = rules
        self._lanes = lanes
        self._emission = emission
        self._stops = stops
        self._clock = clock
        self._metrics = metrics

    @override
    async def prepare(self, lane: Lane) -> None:
        journal = self._lanes.open(lane)
        with self._lanes.damage_ends_us(journal):
            await journal.ready()
            await self._emission.run(journal, lane)

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        self._emission.require_heard()
        journal = self._lanes[lane.number]
        outcomes: list[Outcome] = []
        decisions: list[Decision] = []

        def draft(chunk: Chunk) -> None:
            outcomes.clear()
            decisions.clear()
            outcomes.extend(self._take(chunk, each, decisions) for each in deliveries)

        with self._lanes.damage_ends_us(journal):
            await journal.append(lane, draft)
            self._count(decisions)
            await self._emission.run(journal, lane)
        crashpoints.reach("decider.before-ack")
        return outcomes

    @override
    async def tick(self, lane: Lane) -> None:
        journal = self._lanes[lane.number]
        now = self._clock.now()
        with self._lanes.damage_ends_us(journal):
            expired: dict[tuple[str, Withheld, bool], list[UUID]] = {}
            for tenant, action in journal.state.expired_proposals(now, _EXPIRED_PER_TICK):
                expired.setdefault((tenant, Withheld.EXPIRED, False), []).append(action)
            if expired:
                await cancel(journal, lane, expired, now)
            await self._emission.run(journal, lane)
            if journal.marker_owed:
                await journal.append(lane, lambda _: None, mark=True)
            journal.state.prune(_PRUNED_PER_TICK)
        end = journal.state.position.next_offset
        self._metrics.gauge("sluice_journal_end", end, partition=str(lane.number))

    @override
    async def release(self, number: int) -> None:
        self._lanes.close(number)

    def _take(self, chunk: Chunk, delivery: Delivery, decisions: list[Decision]) -> Outcome:
        record = delivery.record
        try:
            event = _decode(record)
        except ValidationError as error:
            return DeadLetter("undecodable", _faults(error))
        try:
            if isinstance(event, CaseAssessed):
                self._decide(chunk, delivery, event, decisions)
            else:
                now, cause = self._clock.now(), _position(record)
                Feedback(event, cause, now, self._stops).add_to(chunk)
        except Rejected as error:
            return DeadLetter("rejected", str(error))
        return Done()

    def _decide(
        self, chunk: Chunk, delivery: Delivery, assessed: CaseAssessed, decisions: list[Decision]
    ) -> None:
        case = assessed.case
        if chunk.state.offset_of(str(case.case_id)) is not None:
            return
        now = self._clock.now()
        decision, body = self._rules.decide(assessed, chunk.state, now, delivery.trace)
        if chunk.add(str(case.case_id), case.tenant, now, body, _position(delivery.record)):
            decisions.append(decision)

    def _count(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            domain = decision.domain.value
            self._metrics.count(
                "sluice_decisions_total",
                domain=domain,
                verdict=decision.verdict.value,
                reason=decision.reason.value,
            )
            taken = decision.decided_at - decision.origin.timestamp
            self._metrics.observe("sluice_end_to_end_seconds", taken.total_seconds(), domain=domain)
            for planned in decision.actions:
                state = planned.withheld.value if planned.withheld else "requested"
                self._metrics.count("sluice_actions_total", type=planned.action.type, state=state)


def _decode(record: Record) -> CaseAssessed | FeedbackAccepted:
    if record.topic == FEEDBACK_ACCEPTED.name:
        return FeedbackAccepted.from_json(record.value or b"")
    return CaseAssessed.from_json(record.value or b"")


def _faults(error: ValidationError) -> str:
    """Each field at fault and what is wrong with it, never what it held."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'value'}: {fault['msg']}"
        for fault in faults[:5]
    )


def _position(record: Record) -> InputPosition:
    return InputPosition(topic=record.topic, partition=record.partition, offset=record.offset)
