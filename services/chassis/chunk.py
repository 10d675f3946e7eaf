"""Records on their way through a lane together, their spans, and what an error makes of one."""

import contextlib
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from services.chassis.dead_letters import DeadLetterLimit
from services.chassis.errors import InferenceFailed, Rejected, Undecodable
from services.chassis.names import Attr
from services.chassis.outcome import DeadLetter, Outcome
from services.chassis.ports import Clock, Delivery, Handler, Metrics, Publisher, Tracing
from services.chassis.record import Record

if TYPE_CHECKING:
    from services.chassis.delivery import DeliveryOptions

log = structlog.get_logger()

Ack = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Hold:
    """A lane that waits. `since` is monotonic seconds."""

    since: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every lane of a boundary shares."""

    service: str
    handler: Handler
    publisher: Publisher
    tracing: Tracing
    dead_letter_topic: str
    tenant_of: Callable[[Record], str]
    options: "DeliveryOptions"
    clock: Clock
    metrics: Metrics | None
    limit: DeadLetterLimit
    jitter: Callable[[], float]
    crash: Callable[[BaseException], None]
    hold: Callable[[int, str | None], None]


class DeadLettered(Exception):  # noqa: N818 - marks a span as failed, is never raised to anybody
    """The record became a dead letter."""


class Chunk:
    """Records that one handle() call works on, with their spans."""

    def __init__(self, parts: Parts, taken: Sequence[tuple[Record, Ack]]) -> None:
        self.started = time.monotonic()
        self.acks = [ack for _, ack in taken]
        self._spans = [parts.tracing.processing(parts.service, record) for record, _ in taken]
        self.deliveries = [
            Delivery(record, span.__enter__())
            for (record, _), span in zip(taken, self._spans, strict=True)
        ]

    def close(self, outcomes: Sequence[Outcome] | None) -> None:
        """End the spans; without outcomes the records were let go of and will come again."""
        for n, span in enumerate(self._spans):
            outcome = outcomes[n] if outcomes is not None else None
            # A span marked as failed by an exception that nobody is to see.
            with contextlib.suppress(DeadLettered):
                if isinstance(outcome, DeadLetter):
                    self.deliveries[n].trace.note({Attr.OUTCOME: outcome.reason})
                    error = DeadLettered()
                    span.__exit__(DeadLettered, error, None)
                else:
                    span.__exit__(None, None, None)


def verdict(error: Exception, delivery: Delivery) -> DeadLetter:
    """What a record becomes that its handler failed on, alone."""
    match error:
        case Undecodable():
            return DeadLetter("undecodable", str(error))
        case Rejected():
            return DeadLetter("rejected", str(error))
        case InferenceFailed():
            return DeadLetter("inference-failed", str(error))
        case _:
            # Its words may quote the payload: class and frames say enough.
            frames = traceback.format_tb(error.__traceback__)[-5:]
            log.error("handler crashed", kind=type(error).__name__, frames=frames,
                      trace_id=delivery.trace.trace_id)  # fmt: skip
            return DeadLetter("crashed", type(error).__name__)
