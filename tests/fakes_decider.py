"""The decider's world in memory: a broker that can misbehave, a lane, a clock, an operator."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from typing_extensions import override

from schemas.automation.action import Action, Autonomy, Grant, PolicyRef, Target, Warrant
from schemas.automation.assessment import Assessment, CaseAssessed
from schemas.automation.case import Case, Domain, Origin, TicketFields
from schemas.automation.journal import (
    Charge,
    Claim,
    Decided,
    Held,
    JournalAppended,
    OutboxMessage,
)
from schemas.base import Event
from schemas.support import Channel, TicketStatus
from services.chassis.errors import Outage
from services.chassis.ports import (
    Attribute,
    Clock,
    Delivery,
    Lane,
    Metrics,
    Publisher,
    Trace,
    Tracing,
)
from services.chassis.record import Message, Position, Record
from services.decider.journal.journal import Journal
from services.decider.journal.snapshot import Identity
from services.decider.journal.state import State
from services.decider.ports import Freshness, Log, Stops
from topics.automation import ACTION_REQUESTED, CASE_ASSESSED, CASE_DECIDED, JOURNAL_APPENDED

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
JOURNAL = JOURNAL_APPENDED.name


class FakeClock(Clock):
    """Time that moves when a test says so."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    @override
    def now(self) -> datetime:
        return self.at

    def forward(self, **step: float) -> None:
        """Move on; `timedelta`'s own units."""
        self.at += timedelta(**step)


class FakeLane(Lane):
    """A lane that is ours until a test takes it away."""

    def __init__(self, number: int = 0, generation: int = 1) -> None:
        self._number = number
        self._generation = generation
        self.is_held = True

    @property
    @override
    def number(self) -> int:
        return self._number

    @property
    @override
    def generation(self) -> int:
        return self._generation

    @override
    def held(self) -> bool:
        return self.is_held


class FakeStops(Stops):
    """Kill switches, by (tenant, action type)."""

    def __init__(self) -> None:
        self.active: set[tuple[str, str]] = set()

    @override
    def stopped(self, tenant: str, action_type: str) -> bool:
        return (tenant, action_type) in self.active


class FakeTrace(Trace):
    """A span that remembers its notes and its children."""

    def __init__(self, span: int = 1) -> None:
        self.span = span
        self.notes: dict[str, Attribute] = {}
        self.children: list[tuple[str, FakeTrace]] = []

    @property
    @override
    def traceparent(self) -> str:
        return f"00-{1:032x}-{self.span:016x}-01"

    @property
    @override
    def trace_id(self) -> str:
        return f"{1:032x}"

    @override
    def note(self, attributes: dict[str, Attribute]) -> None:
        self.notes.update(attributes)

    @override
    @contextmanager
    def child(self, name: str, attributes: dict[str, Attribute] | None = None) -> Iterator[Trace]:
        made = FakeTrace(self.span * 100 + len(self.children) + 1)
        made.note(attributes or {})
        self.children.append((name, made))
        yield made

    @override
    @contextmanager
    def case(self, name: str, attributes: dict[str, Attribute] | None = None) -> Iterator[Trace]:
        yield FakeTrace()


class FakeTracing(Tracing):
    """Spans that go on where a record was let go."""

    def __init__(self) -> None:
        self.resumed: list[tuple[str, str]] = []

    @override
    @contextmanager
    def resuming(self, name: str, traceparent: str) -> Iterator[Trace]:
        self.resumed.append((name, traceparent))
        yield FakeTrace(7)


class FakeMetrics(Metrics):
    """Remembers counts and the last value of each gauge."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}

    @override
    def count(self, name: str, value: float = 1, **labels: str) -> None:
        self.counts[name] += int(value)

    @override
    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.gauges[name] = value

    @override
    def observe(self, name: str, value: float, **labels: str) -> None: ...


class FakeFreshness(Freshness):
    """Control as fresh as a test says."""

    def __init__(self) -> None:
        self.is_stale = False

    @override
    def stale(self, seconds: float) -> bool:
        return self.is_stale


class MemoryBroker(Log, Publisher):
    """Log and publisher in one; `foreign` runs once, just before the next journal append."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], list[Record]] = {}
        self.begin: dict[tuple[str, int], int] = {}
        self.foreign: Callable[[], None] | None = None
        self.between: Callable[[], None] | None = None
        self.unknown_offsets = False
        self.fail_journal: type[Exception] | None = None
        self.lost_in_flight = False
        self.fail_outputs = False
        self.hole_at: int | None = None
        self.cut_short = False
        self.delay_s = 0.0
        self.sends = 0

    def put(self, message: Message) -> Position:
        """Append at the end of a partition."""
        partition = message.partition or 0
        log = self.records.setdefault((message.topic, partition), [])
        offset = self.begin.get((message.topic, partition), 0) + len(log)
        log.append(
            Record(message.topic, partition, offset, 0, message.key, message.value, message.headers)
        )
        return Position(message.topic, partition, offset)

    def trim(self, topic: str, partition: int, begin: int) -> None:
        """What retention does."""
        log = self.records[topic, partition]
        del log[: begin - self.begin.get((topic, partition), 0)]
        self.begin[topic, partition] = begin

    def out(self, topic: str) -> list[Record]:
        """All there is on a topic."""
        return [r for (name, _), log in self.records.items() if name == topic for r in log]

    @override
    def send(self, messages: Sequence[Message]) -> Awaitable[tuple[Position, ...]]:
        self.sends += 1
        to_journal = any(message.topic == JOURNAL for message in messages)
        if to_journal and self.foreign is not None:
            foreign, self.foreign = self.foreign, None
            foreign()
        error: Exception | None = None
        if to_journal and self.fail_journal is not None:
            error, self.fail_journal = self.fail_journal("not confirmed"), None
        elif not to_journal and self.fail_outputs:
            error = Outage("the broker is away")
        positions = []
        if error is None or self.lost_in_flight:
            for index, message in enumerate(messages):
                if index and to_journal and self.between is not None:
                    between, self.between = self.between, None
                    between()
                positions.append(self.put(message))
        if self.unknown_offsets and to_journal:
            self.unknown_offsets = False
            positions = [Position(p.topic, p.partition, -1) for p in positions]
        return self._confirm(tuple(positions), error)

    async def _confirm(
        self, positions: tuple[Position, ...], error: Exception | None
    ) -> tuple[Position, ...]:
        await asyncio.sleep(self.delay_s)
        if error is not None:
            raise error
        return positions

    @override
    async def begin_offset(self, topic: str, partition: int) -> int:
        return self.begin.get((topic, partition), 0)

    @override
    async def end_offset(self, topic: str, partition: int) -> int:
        key = topic, partition
        return self.begin.get(key, 0) + len(self.records.get(key, ()))

    @override
    async def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Record]:
        for record in list(self.records.get((topic, partition), ())):
            if start <= record.offset < end and record.offset != self.hole_at:
                if self.cut_short and record.offset == end - 1:
                    return
                yield record


def make_action(
    action_id: UUID | None = None,
    *,
    tenant: str = "acme",
    kind: str = "support.route",
    effect_key: str | None = None,
    expires_at: datetime = NOW + timedelta(minutes=30),
) -> Action:
    """An action with a warrant that is complete and says little."""
    return Action(
        action_id=action_id or uuid4(),
        tenant=tenant,
        subject=f"{tenant}|ticket:1",
        type=kind,
        target=Target(system="desk", kind="ticket", id="1"),
        effect_key=effect_key,
        decided_at=NOW,
        warrant=Warrant(
            case_id=uuid4(),
            event_id="e",
            source="desk",
            origin=Origin(topic="t", partition=0, offset=0, timestamp=NOW),
            evidence=(),
            policy=PolicyRef(id="p", version="1", sha256="0" * 64, rule="r"),
            grant=Grant(level=Autonomy.ACT),
            expires_at=expires_at,
            explanation="because",
        ),
    )


def out_action(action: Action) -> OutboxMessage:
    """The message an action travels as."""
    return OutboxMessage(
        topic=ACTION_REQUESTED.name,
        key="acme|desk|ticket:1",
        value=action.model_dump_json(exclude_none=True),
        headers={"ce_id": str(action.action_id)},
        action_id=action.action_id,
        action_type=action.type,
        expires_at=action.warrant.expires_at,
    )


def decided(
    case_id: UUID,
    *actions: Action,
    subject: str = "acme|ticket:1",
    revision: int | None = None,
    message_id: str | None = None,
    proposals: tuple[Held, ...] = (),
    budget: str | None = None,
    text: str = "decision",
) -> Decided:
    """A case's entry: its decision, `text`, and the actions that go out with it."""
    until = NOW + timedelta(days=1)
    return Decided(
        case_id=case_id,
        subject=subject,
        revision=revision,
        message_id=message_id,
        claims=tuple(
            Claim(effect_key=a.effect_key, action_id=a.action_id, until=until)
            for a in actions
            if a.effect_key
        ),
        charges=tuple(
            Charge(budget=budget, action_id=a.action_id, amount=1, until=until)
            for a in actions
            if budget
        ),
        proposals=proposals,
        outbox=(
            OutboxMessage(topic=CASE_DECIDED.name, key="acme", value=text, headers={"ce_id": "x"}),
            *(out_action(a) for a in actions),
        ),
    )


def entry(
    body: Decided, offset: int, *, writer: str = "w", tenant: str = "acme", at: datetime = NOW
) -> JournalAppended:
    """An entry meant for that offset."""
    return JournalAppended(
        entry_id=str(body.case_id), tenant=tenant, at=at, offset=offset, writer=writer, body=body
    )


def journal_message(value: JournalAppended, partition: int = 0) -> Message:
    """The record an entry travels as."""
    return Message(JOURNAL, value.tenant.encode(), value.to_json(), partition=partition)


def make_state(home: Path, name: str = "a", **identity: object) -> State:
    """A lane's state in a file of that name."""
    base: dict[str, object] = {
        "cluster": "c",
        "topic": JOURNAL,
        "partition": 0,
        "partitions": 4,
    } | identity
    return State(home / f"{name}.sqlite", Identity(**base))  # type: ignore[arg-type]


def make_journal(
    home: Path, broker: MemoryBroker, name: str = "a", clock: FakeClock | None = None
) -> Journal:
    """A process's journal; another `name` is another process with a file of its own."""
    return Journal(
        0,
        state=make_state(home, name),
        log=broker,
        publisher=broker,
        clock=clock or FakeClock(),
        writer=f"{name}-{uuid4()}",
    )


def make_assessed(
    case_id: UUID | None = None,
    *,
    tenant: str = "acme",
    ticket: str = "1",
    revision: int = 1,
    message: str | None = None,
) -> CaseAssessed:
    """A ticket's case, read."""
    return CaseAssessed(
        case=Case(
            case_id=case_id or uuid4(),
            tenant=tenant,
            source="desk",
            domain=Domain.SUPPORT,
            subject=f"{tenant}|ticket:{ticket}",
            subject_kind="ticket",
            subject_id=ticket,
            event_id=f"{ticket}:{revision}",
            origin=Origin(topic="t", partition=0, offset=0, timestamp=NOW),
            occurred_at=NOW,
            revision=revision,
            text="where is my parcel",
            ticket=TicketFields(
                ticket_id=ticket,
                revision=revision,
                status=TicketStatus.OPEN,
                channel=Channel.EMAIL,
                message_id=message,
            ),
            mapping="ticket:1",
        ),
        assessment=Assessment(assessed_at=NOW),
    )


def deliver(event: Event | bytes | None, *, topic: str = "", offset: int = 0) -> Delivery:
    """An event as the boundary hands it over."""
    value = event.to_json() if isinstance(event, Event) else event
    name = topic or (event.event_type if isinstance(event, Event) else CASE_ASSESSED.name)
    return Delivery(Record(name, 0, offset, 0, b"acme", value), FakeTrace())
