"""A span of ours is what the SDK's own would be to every exporter, and no more after its end."""

from typing import Any

import orjson
import pytest
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, NonRecordingSpan, SpanKind, StatusCode, set_span_in_context

from services.chassis import telemetry
from services.chassis.names import Attr
from services.chassis.record import Record
from services.chassis.spans import OtelTracing, parse_traceparent

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RECORD = Record("case", 3, 7, 0, None, b"{}", (("traceparent", PARENT.encode()),))
NOTED = {Attr.TENANT: "acme", Attr.CONFIDENCE: 0.5, Attr.ABSTAINED: False, Attr.MODEL_TOKENS: 40}

Made = tuple[TracerProvider, InMemorySpanExporter]


@pytest.fixture
def made() -> Made:
    """A provider whose finished spans can be looked at."""
    exporter = InMemorySpanExporter()
    provider = telemetry.provider("assessor", "1", telemetry.TelemetrySettings())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider, exporter


def as_zipkin(span: ReadableSpan) -> dict[str, Any]:
    """What Zipkin is sent, without what differs between any two spans."""
    exporter = ZipkinExporter()
    (sent,) = orjson.loads(exporter.encoder.serialize([span], exporter.local_node))
    return {k: v for k, v in sent.items() if k not in {"id", "traceId", "timestamp", "duration"}}


def as_otlp(span: ReadableSpan) -> str:
    """What a collector is sent, without what differs between any two spans."""
    message = encode_spans([span])
    sent = message.resource_spans[0].scope_spans[0].spans[0]
    for field in ("trace_id", "span_id", "start_time_unix_nano", "end_time_unix_nano"):
        sent.ClearField(field)
    return str(message)


def test_a_span_with_a_parent_is_exported_as_the_sdks_own(made: Made) -> None:
    """We make spans ourselves because they cost a quarter; nobody else may notice."""
    provider, exporter = made
    with OtelTracing(provider).processing("assessor", RECORD) as span:
        span.note(dict(NOTED))
    (mine,) = exporter.get_finished_spans()
    exporter.clear()
    parent = parse_traceparent(PARENT)
    assert parent is not None
    theirs = provider.get_tracer("sluice").start_span(
        "process case",
        set_span_in_context(NonRecordingSpan(parent)),
        kind=SpanKind.CONSUMER,
        attributes={k: v for k, v in (mine.attributes or {}).items() if k not in NOTED},
    )
    theirs.set_attributes(dict(NOTED))
    theirs.end()
    (own,) = exporter.get_finished_spans()
    assert as_zipkin(mine) == as_zipkin(own)
    assert as_otlp(mine) == as_otlp(own)


def test_a_span_that_resumes_is_a_child_of_the_one_that_was_let_go(made: Made) -> None:
    """A case that waited goes on in its own trace, whatever process decides it."""
    provider, exporter = made
    tracing = OtelTracing(provider)
    with tracing.processing("decider", RECORD) as first:
        kept = first.traceparent
    with tracing.resuming("decide without a text", kept) as later:
        assert later.trace_id == first.trace_id
    _, resumed = exporter.get_finished_spans()
    assert resumed.parent is not None
    assert f"{resumed.parent.span_id:016x}" == kept.split("-")[2]


def test_a_failed_root_with_a_link_is_exported_as_the_sdks_own(made: Made) -> None:
    """The other half: no parent, a link, an error."""
    provider, exporter = made
    tracing = OtelTracing(provider)
    member = tracing.processing("assessor", RECORD)
    with pytest.raises(KeyError), tracing.batch("infer", [member]):
        raise KeyError("words of a ticket")
    (mine,) = exporter.get_finished_spans()
    exporter.clear()
    theirs = provider.get_tracer("sluice").start_span(
        "infer",
        Context(),
        kind=SpanKind.CLIENT,
        attributes={Attr.BATCH_SIZE: 1, Attr.ERROR_TYPE: "KeyError"},
        links=[Link(member.link.context)],
    )
    theirs.set_status(StatusCode.ERROR)
    theirs.end()
    (own,) = exporter.get_finished_spans()
    assert as_zipkin(mine) == as_zipkin(own)
    assert as_otlp(mine) == as_otlp(own)


def test_what_is_noted_after_the_end_is_left_out(made: Made) -> None:
    """The exporter's thread may be reading: a dictionary that grows meanwhile loses the batch."""
    provider, exporter = made
    with OtelTracing(provider).processing("assessor", RECORD) as span:
        pass
    span.note(dict(NOTED))
    (mine,) = exporter.get_finished_spans()
    assert Attr.TENANT not in (mine.attributes or {})


def test_what_a_caller_keeps_is_not_the_spans(made: Made) -> None:
    """Attributes are copied: one dictionary may be noted in many spans."""
    provider, exporter = made
    about = {Attr.TENANT: "acme"}
    with (
        OtelTracing(provider).processing("assessor", RECORD) as span,
        span.child("send x", about) as child,
    ):
        child.note({Attr.ACTION_TYPE: "support.route"})
    assert about == {Attr.TENANT: "acme"}
    assert {each.name for each in exporter.get_finished_spans()} == {"send x", "process case"}


def test_a_switched_off_sdk_still_passes_the_trace_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """OTEL_SDK_DISABLED exports nothing; the case's trace id still goes through all hops."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    exporter = InMemorySpanExporter()
    provider = telemetry.provider("assessor", "1", telemetry.TelemetrySettings())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with OtelTracing(provider).processing("assessor", RECORD) as span:
        assert span.traceparent.startswith(PARENT[:36])
    assert exporter.get_finished_spans() == ()
