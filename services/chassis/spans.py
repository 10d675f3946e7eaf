"""Spans of our own making: recorded here, handed to OpenTelemetry's processors when they end.

The SDK's span class costs 26 us of CPU where this one costs 6: locks, limits, sampling, and the
cleaning of values that are plain already. At three spans and more per case that was a tenth of the
pipeline. What is exported is the same, and a test compares it with the SDK's own.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Tracer, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from typing_extensions import override

from services.chassis.names import Attr
from services.chassis.ports import Attribute, Trace, Tracing
from services.chassis.record import Record

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
# Always: a case that acted is there whatever its producer's flag says.
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SCOPE = InstrumentationScope("sluice", "")
_UNSET, _ERROR = Status(StatusCode.UNSET), Status(StatusCode.ERROR)


def parse_traceparent(header: str | None) -> SpanContext | None:
    """W3C Trace Context §3.2; None where it is absent or malformed, then a root is ours."""
    match = _TRACEPARENT.match(header or "")
    if match is None:
        return None
    trace_id, span_id = int(match[1], 16), int(match[2], 16)
    if not trace_id or not span_id:
        return None
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=_SAMPLED)


@dataclass(frozen=True, slots=True)
class _Recorder:
    """What the spans of a process have in common, and where they go when they end."""

    ids: IdGenerator
    resource: Resource
    ended: Callable[[ReadableSpan], None]


class OtelTrace(Trace):
    """A span, and what follows from it. Leaving it ends it, whatever happens.

    For one thread; the exporter's sees it only after its end.
    """

    __slots__ = (
        "_attributes",
        "_context",
        "_ended",
        "_kind",
        "_links",
        "_name",
        "_parent",
        "_recorder",
        "_started",
    )

    def __init__(
        self,
        recorder: _Recorder,
        name: str,
        kind: SpanKind,
        parent: SpanContext | None,
        attributes: dict[str, Attribute] | None,
        links: Sequence[Link] = (),
    ) -> None:
        ids = recorder.ids
        trace_id = ids.generate_trace_id() if parent is None else parent.trace_id
        self._context = SpanContext(
            trace_id, ids.generate_span_id(), is_remote=False, trace_flags=_SAMPLED
        )
        self._recorder = recorder
        self._name = name
        self._kind = kind
        self._parent = parent
        self._attributes = {} if attributes is None else dict(attributes)
        self._links = links
        self._ended = False
        self._started = time.time_ns()

    @property
    @override
    def traceparent(self) -> str:
        return f"00-{self._context.trace_id:032x}-{self._context.span_id:016x}-01"

    @property
    @override
    def trace_id(self) -> str:
        return f"{self._context.trace_id:032x}"

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return f"{self._context.span_id:016x}"

    @property
    def link(self) -> Link:
        """This span, to be linked to."""
        return Link(self._context, {})

    @override
    def note(self, attributes: dict[str, Attribute]) -> None:
        if not self._ended:  # else the exporter may be reading them
            self._attributes.update(attributes)

    @override
    def child(self, name: str, attributes: dict[str, Attribute] | None = None) -> Self:
        kind = SpanKind.PRODUCER if name.startswith("send ") else SpanKind.INTERNAL
        return type(self)(self._recorder, name, kind, self._context, attributes)

    @override
    def case(self, name: str, attributes: dict[str, Attribute] | None = None) -> Self:
        return type(self)(self._recorder, name, SpanKind.CONSUMER, None, attributes, (self.link,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """End it; of an error only the class is kept, never its words."""
        if self._ended:
            return
        if kind is not None:
            self._attributes[Attr.ERROR_TYPE] = kind.__name__
        self._ended = True
        self._recorder.ended(
            ReadableSpan(
                self._name,
                self._context,
                self._parent,
                self._recorder.resource,
                self._attributes,
                links=self._links,
                kind=self._kind,
                status=_UNSET if kind is None else _ERROR,
                start_time=self._started,
                end_time=time.time_ns(),
                instrumentation_scope=_SCOPE,
            )
        )


class OtelTracing(Tracing):
    """Spans for records and batches."""

    def __init__(self, made: TracerProvider) -> None:
        tracer = made.get_tracer(_SCOPE.name)
        # Another class of tracer is a switched off SDK (OTEL_SDK_DISABLED): ids go on all the same.
        ended = tracer.span_processor.on_end if isinstance(tracer, Tracer) else _nowhere
        self._recorder = _Recorder(made.id_generator, made.resource, ended)

    @override
    def processing(self, service: str, record: Record) -> OtelTrace:
        return OtelTrace(
            self._recorder,
            f"process {record.topic}",
            SpanKind.CONSUMER,
            parse_traceparent(record.header("traceparent")),
            {
                Attr.MESSAGING_SYSTEM: "kafka",
                Attr.MESSAGING_OPERATION: "process",
                Attr.MESSAGING_DESTINATION: record.topic,
                Attr.MESSAGING_PARTITION: str(record.partition),
                Attr.MESSAGING_OFFSET: record.offset,
                Attr.MESSAGING_GROUP: service,
                Attr.DWELL_MS: max(0, round((time.time() - record.timestamp.timestamp()) * 1000)),
            },
        )

    @override
    def resuming(self, name: str, traceparent: str) -> OtelTrace:
        parent = parse_traceparent(traceparent)
        return OtelTrace(self._recorder, name, SpanKind.INTERNAL, parent, None)

    @override
    def batch(self, name: str, members: Sequence[Trace]) -> OtelTrace:
        spans = [member for member in members if isinstance(member, OtelTrace)]
        batch = OtelTrace(
            self._recorder,
            name,
            SpanKind.CLIENT,
            None,
            {Attr.BATCH_SIZE: len(members)},
            tuple(span.link for span in spans),
        )
        for member in members:
            member.note({Attr.BATCH_TRACE_ID: batch.trace_id, Attr.BATCH_SPAN_ID: batch.span_id})
        return batch


def _nowhere(_span: ReadableSpan) -> None:
    pass
