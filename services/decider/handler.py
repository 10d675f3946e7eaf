"""What the decider does with a record: decide it once, append, emit, and only then let it go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError
from typing_extensions import override

from schemas.automation.assessment import CaseAssessed
from schemas.automation.case import Case
from schemas.automation.decision import Decision, Withheld
from schemas.automation.feedback import FeedbackAccepted
from schemas.automation.journal import Decided, InputPosition, Waiting
from schemas.automation.writing import WritingCompleted
from services.chassis import crashpoints
from services.chassis.errors import Rejected
from services.chassis.identity import stable_id
from services.chassis.outcome import DeadLetter, Done, Outcome
from services.chassis.ports import Clock, Delivery, Handler, Lane, Metrics, Trace, Tracing
from services.chassis.record import Record
from services.decider.asking import overdue, undecidable
from services.decider.feedback import Feedback
from services.decider.journal.chunk import Chunk
from services.decider.journal.emission import Emission, cancel
from services.decider.journal.journal import Journal
from services.decider.journal.lanes import JournalLanes
from services.decider.journal.state import State
from services.decider.ports import Stops
from topics.automation import FEEDBACK_ACCEPTED, WRITING_COMPLETED

# Per second and lane: a backlog of expired proposals or old rows is worked off beside the flow.
_EXPIRED_PER_TICK = 100
_PRUNED_PER_TICK = 200


class Rules(Protocol):
    """From a case to its decision and the journal's word of it, over what is remembered."""

    def wait(
        self, assessed: CaseAssessed, memory: State, now: datetime, trace: Trace
    ) -> Waiting | None:
        """What the case waits for before it is decided; None where it does not wait."""
        ...

    def decide(
        self,
        assessed: CaseAssessed,
        memory: State,
        now: datetime,
        trace: Trace,
        text: WritingCompleted | None = None,
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
        tracing: Tracing,
    ) -> None:
        self._tracing = tracing
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
            await self._decide_overdue(journal, lane, now)
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
            elif isinstance(event, WritingCompleted):
                cause = _position(record)
                self._resume(chunk, event, delivery.trace, decisions, cause)
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
        if chunk.state.waits.of(case.case_id) is not None:
            return
        now = self._clock.now()
        held = self._rules.wait(assessed, chunk.state, now, delivery.trace)
        if held is not None and self._wait(chunk, case, held, now, _position(delivery.record)):
            return
        decision, body = self._rules.decide(assessed, chunk.state, now, delivery.trace)
        if chunk.add(str(case.case_id), case.tenant, now, body, _position(delivery.record)):
            decisions.append(decision)

    def _wait(
        self, chunk: Chunk, case: Case, held: Waiting, now: datetime, cause: InputPosition
    ) -> bool:
        """Whether the journal has room for a case that waits; else it is decided at once."""
        try:
            entry_id = str(stable_id("waiting", str(case.case_id)))
            chunk.add(entry_id, case.tenant, now, held, cause)
        except Rejected:
            return False
        return True

    def _resume(
        self,
        chunk: Chunk,
        text: WritingCompleted,
        trace: Trace,
        decisions: list[Decision],
        cause: InputPosition | None = None,
    ) -> None:
        """Decide a case that waits for that text; what nobody waits for changes nothing."""
        found = chunk.state.waits.of(text.case_id)
        if found is None or found[1].writing_id != text.writing_id:
            return
        tenant, held = found
        now, assessed = self._clock.now(), CaseAssessed.from_json(held.assessed)
        entry_id = str(held.case_id)
        try:
            decision, body = self._rules.decide(assessed, chunk.state, now, trace, text)
            added = chunk.add(entry_id, tenant, now, body, cause)
        except Rejected:
            decision, body = undecidable(assessed, now, trace)
            added = chunk.add(entry_id, tenant, now, body, cause)
        if added:
            decisions.append(decision)

    async def _decide_overdue(self, journal: Journal, lane: Lane, now: datetime) -> None:
        """Cases whose text did not come in time are decided without it."""
        overdue_cases = journal.state.waits.overdue(now, _EXPIRED_PER_TICK)
        if not overdue_cases:
            return
        self._emission.require_heard()
        decisions: list[Decision] = []

        def draft(chunk: Chunk) -> None:
            decisions.clear()
            for case_id in overdue_cases:
                found = chunk.state.waits.of(case_id)
                if found is not None:
                    held = found[1]
                    text = overdue(held, CaseAssessed.from_json(held.assessed), now)
                    with self._tracing.resuming("decide without a text", held.traceparent) as trace:
                        self._resume(chunk, text, trace, decisions)

        await journal.append(lane, draft)
        self._count(decisions)

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


def _decode(record: Record) -> CaseAssessed | FeedbackAccepted | WritingCompleted:
    if record.topic == WRITING_COMPLETED.name:
        return WritingCompleted.from_json(record.value or b"")
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
