"""Spans and metrics by OpenTelemetry and Prometheus, behind the ports of `ports.py`."""

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from typing_extensions import override

from services.chassis.errors import ConfigurationError
from services.chassis.names import METRICS, Attr
from services.chassis.ports import Attribute, Metrics, Trace, Tracing
from services.chassis.record import Record
from services.chassis.settings import AdapterSettings

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

# A backlog makes spans faster than a store takes them; the queue bridges bursts, in memory.
_QUEUE = 131_072
_BATCH = 2_048


class TelemetrySettings(AdapterSettings):
    """OpenTelemetry's own variables; their meaning is its specification's."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    otel_traces_exporter: str = Field(
        "none",
        description="otlp in production (over HTTP), zipkin_json on one machine, none: no export.",
    )
    otel_service_name: str | None = Field(None, description="Overrides the service's own name.")


def parse_traceparent(header: str | None) -> SpanContext | None:
    """W3C Trace Context §3.2; None where it is absent or malformed, then a root is ours."""
    match = _TRACEPARENT.match(header or "")
    if match is None:
        return None
    trace_id, span_id = int(match[1], 16), int(match[2], 16)
    if not trace_id or not span_id:
        return None
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(1))


def provider(service: str, instance: str, settings: TelemetrySettings) -> TracerProvider:
    """A provider of its own, never the global one: tests and processes do not leak into another.

    The sampler is always on: a case that acted is there whatever its producer's flag says.

    Raises:
        ConfigurationError: no such exporter is installed.
    """
    made = TracerProvider(
        sampler=ALWAYS_ON,
        shutdown_on_exit=False,
        resource=Resource.create(
            {
                "service.name": settings.otel_service_name or service,
                "service.instance.id": instance,
                "service.namespace": "sluice",
            }
        ),
    )
    name = settings.otel_traces_exporter
    if name != "none":
        made.add_span_processor(
            BatchSpanProcessor(
                _exporter(name),
                max_queue_size=_QUEUE,
                max_export_batch_size=_BATCH,
                schedule_delay_millis=500,
            )
        )
    return made


def _exporter(name: str) -> SpanExporter:
    group = "opentelemetry_traces_exporter"
    wanted = "otlp_proto_http" if name == "otlp" else name
    for point in entry_points(group=group, name=wanted):
        exporter: SpanExporter = point.load()()
        return exporter
    known = sorted({point.name for point in entry_points(group=group)})
    raise ConfigurationError(
        f"OTEL_TRACES_EXPORTER: no exporter {name!r}; known: otlp, none, {', '.join(known)}"
    )


class OtelTrace(Trace):
    """A span, and what follows from it."""

    __slots__ = ("_span", "_tracer")

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span

    @property
    @override
    def traceparent(self) -> str:
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"

    @property
    @override
    def trace_id(self) -> str:
        return f"{self._span.get_span_context().trace_id:032x}"

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return f"{self._span.get_span_context().span_id:016x}"

    @property
    def link(self) -> Link:
        """This span, to be linked to."""
        return Link(self._span.get_span_context())

    @override
    def note(self, attributes: dict[str, Attribute]) -> None:
        self._span.set_attributes(attributes)

    @override
    @contextlib.contextmanager
    def child(self, name: str, attributes: dict[str, Attribute] | None = None) -> Iterator[Trace]:
        kind = SpanKind.PRODUCER if name.startswith("send ") else SpanKind.INTERNAL
        span = self._tracer.start_span(
            name, set_span_in_context(self._span), kind=kind, attributes=attributes
        )
        with _ending(span):
            yield OtelTrace(self._tracer, span)

    @override
    @contextlib.contextmanager
    def case(self, name: str, attributes: dict[str, Attribute] | None = None) -> Iterator[Trace]:
        span = self._tracer.start_span(
            name, _NO_PARENT, kind=SpanKind.CONSUMER, attributes=attributes, links=[self.link]
        )
        with _ending(span):
            yield OtelTrace(self._tracer, span)


# An explicit empty parent: what happens to be current in a task is nobody's parent here.
_NO_PARENT = set_span_in_context(NonRecordingSpan(SpanContext(0, 0, is_remote=False)))


class OtelTracing(Tracing):
    """Spans for records and batches."""

    def __init__(self, made: TracerProvider) -> None:
        self._tracer = made.get_tracer("sluice")

    @override
    @contextlib.contextmanager
    def processing(self, service: str, record: Record) -> Iterator[Trace]:
        parent = parse_traceparent(record.header("traceparent"))
        context = _NO_PARENT if parent is None else set_span_in_context(NonRecordingSpan(parent))
        span = self._tracer.start_span(
            f"process {record.topic}",
            context,
            kind=SpanKind.CONSUMER,
            attributes={
                Attr.MESSAGING_SYSTEM: "kafka",
                Attr.MESSAGING_OPERATION: "process",
                Attr.MESSAGING_DESTINATION: record.topic,
                Attr.MESSAGING_PARTITION: str(record.partition),
                Attr.MESSAGING_OFFSET: record.offset,
                Attr.MESSAGING_GROUP: service,
                Attr.DWELL_MS: max(0, round((time.time() - record.timestamp.timestamp()) * 1000)),
            },
        )
        with _ending(span):
            yield OtelTrace(self._tracer, span)

    @override
    @contextlib.contextmanager
    def batch(self, name: str, members: Sequence[Trace]) -> Iterator[Trace]:
        span = self._tracer.start_span(
            name,
            _NO_PARENT,
            kind=SpanKind.CLIENT,
            attributes={Attr.BATCH_SIZE: len(members)},
            links=[member.link for member in members if isinstance(member, OtelTrace)],
        )
        batch = OtelTrace(self._tracer, span)
        with _ending(span):
            for member in members:
                member.note(
                    {Attr.BATCH_TRACE_ID: batch.trace_id, Attr.BATCH_SPAN_ID: batch.span_id}
                )
            yield batch


@contextlib.contextmanager
def _ending(span: Span) -> Iterator[None]:
    """End the span whatever happens; only the class of an error is kept, never its words."""
    try:
        yield
    except BaseException as error:
        span.set_status(StatusCode.ERROR)
        span.set_attribute(Attr.ERROR_TYPE, type(error).__name__)
        raise
    finally:
        span.end()


class PrometheusMetrics(Metrics):
    """The registry of `names.METRICS`, ready to be scraped."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}
        for name, metric in METRICS.items():
            made: Counter | Gauge | Histogram
            if metric.kind == "counter":
                made = Counter(name, metric.help, metric.labels, registry=self.registry)
            elif metric.kind == "gauge":
                made = Gauge(name, metric.help, metric.labels, registry=self.registry)
            else:
                made = Histogram(
                    name, metric.help, metric.labels, registry=self.registry, buckets=metric.buckets
                )
            self._made[name] = made

    @override
    def count(self, name: str, value: float = 1, **labels: str) -> None:
        made = self._made[name]
        assert isinstance(made, Counter)  # noqa: S101 - a wrong kind is a bug of ours
        (made.labels(**labels) if labels else made).inc(value)

    @override
    def gauge(self, name: str, value: float, **labels: str) -> None:
        made = self._made[name]
        assert isinstance(made, Gauge)  # noqa: S101 - a wrong kind is a bug of ours
        (made.labels(**labels) if labels else made).set(value)

    @override
    def observe(self, name: str, value: float, **labels: str) -> None:
        made = self._made[name]
        assert isinstance(made, Histogram)  # noqa: S101 - a wrong kind is a bug of ours
        (made.labels(**labels) if labels else made).observe(value)
