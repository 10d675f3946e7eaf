"""What a handler may ask of the world; adapters answer, fakes answer in tests."""

from collections.abc import Awaitable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from typing_extensions import override

from services.chassis.outcome import Outcome
from services.chassis.record import Message, Position, Record

Attribute = str | bool | int | float


class Clock(Protocol):
    """Time, injected: replays feed the recorded one back."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class Publisher(Protocol):
    """The one way out."""

    def send(self, messages: Sequence[Message]) -> Awaitable[tuple[Position, ...]]:
        """Hand over at the call, in this order; awaiting waits for the broker's word on all.

        Raises `Outage` from the await when a message is not confirmed. The call itself
        preserves order between calls, also before the first one is awaited.
        """
        ...


class Trace(Protocol):
    """The span a record is processed in."""

    @property
    def traceparent(self) -> str:
        """W3C trace context of this span, for the messages that follow from it."""
        ...

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        ...

    def note(self, attributes: dict[str, Attribute]) -> None:
        """Set attributes; names come from `services.chassis.names`."""
        ...

    def child(
        self, name: str, attributes: dict[str, Attribute] | None = None
    ) -> AbstractContextManager["Trace"]:
        """A span inside this one; an exception that leaves it marks it as failed."""
        ...

    def case(
        self, name: str, attributes: dict[str, Attribute] | None = None
    ) -> AbstractContextManager["Trace"]:
        """A new root linked to this span: one per event of a split document."""
        ...


class Tracing(Protocol):
    """Opens spans where records enter a process and where batches leave it."""

    def processing(self, service: str, record: Record) -> AbstractContextManager[Trace]:
        """The span `process <topic>`: a child of the record's traceparent, else a root.

        Always recorded, whatever the parent's sampled flag says.
        """
        ...

    def resuming(self, name: str, traceparent: str) -> AbstractContextManager[Trace]:
        """A span that goes on in a trace whose record was let go before: a child of that."""
        ...

    def batch(self, name: str, members: Sequence[Trace]) -> AbstractContextManager[Trace]:
        """One span for a call on behalf of many records: a root of its own, linked to each.

        Every member is noted the batch's trace and span id, as some stores show no links.
        """
        ...


class Metrics(Protocol):
    """Numbers about what happens; names and labels come from `services.chassis.names`."""

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        """Add to a counter."""
        ...

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        ...

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put a value into a histogram."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record on its way through a handler, with the span it is processed in."""

    record: Record
    trace: Trace


class Lane(Protocol):
    """A sequence of records that one handler call after another works through in order.

    A lane is one partition number over all inputs of the service: number n is worked on only
    while n of every input is assigned to this process.
    """

    @property
    def number(self) -> int:
        """The partition number."""
        ...

    @property
    def generation(self) -> int:
        """The consumer group's generation that delivered the records."""
        ...

    def held(self) -> bool:
        """Whether this process still owns the lane in that generation, as far as it knows."""
        ...


class Handler(Protocol):
    """What a service does with records; everything else is the delivery boundary's."""

    async def prepare(self, lane: Lane) -> None:
        """Awaited once per lane and generation before its first record.

        Here state is caught up. Raises `Outage` to be tried again while the lane is held.
        """
        ...

    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """One outcome per delivery, in the same order.

        Raises `Outage` (the whole chunk is tried again later) or `Crash`; any other exception
        makes the boundary try each record alone, and then "crashed" is the record's own.
        """
        ...

    async def tick(self, lane: Lane) -> None:
        """Called about once a second per held lane between chunks: timers, expiry."""
        ...

    async def release(self, number: int) -> None:
        """The lane is gone: forget what was kept for it."""
        ...


class StatelessHandler(Handler):
    """Keeps nothing of a lane: there is nothing to catch up, to time or to forget."""

    @override
    async def prepare(self, lane: Lane) -> None:
        pass

    @override
    async def tick(self, lane: Lane) -> None:
        pass

    @override
    async def release(self, number: int) -> None:
        pass
