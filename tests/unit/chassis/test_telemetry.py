"""Spans: always recorded, parented across processes, batches linked and named."""

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from services.chassis import telemetry
from services.chassis.errors import ConfigurationError
from services.chassis.names import METRICS, Attr
from services.chassis.record import Record
from services.chassis.spans import OtelTracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.fixture
def spans():
    """A tracing whose finished spans can be looked at."""
    exporter = InMemorySpanExporter()
    made = telemetry.provider("intake", "1", telemetry.TelemetrySettings())
    made.add_span_processor(SimpleSpanProcessor(exporter))
    return OtelTracing(made), exporter


def record(traceparent: str | None) -> Record:
    """A record with or without a context."""
    headers = () if traceparent is None else (("traceparent", traceparent.encode()),)
    return Record("support.ticket.received.v1", 3, 7, 0, None, b"{}", headers)


@pytest.mark.parametrize("flag", ["00", "01"])
def test_a_span_is_recorded_below_its_producer_whatever_the_sampled_flag_says(spans, flag):
    """Promise 3: a case is traced also when its producer did not sample."""
    tracing, exporter = spans
    with tracing.processing("intake", record(f"00-{TRACE}-{PARENT}-{flag}")) as trace:
        assert trace.trace_id == TRACE
        assert trace.traceparent.endswith("-01")
    (span,) = exporter.get_finished_spans()
    assert f"{span.parent.span_id:016x}" == PARENT
    assert span.attributes[Attr.MESSAGING_OFFSET] == 7


@pytest.mark.parametrize(
    "header", [None, "", "garbage", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01"]
)
def test_a_missing_or_malformed_context_makes_a_root(spans, header):
    """A producer's bad header never breaks its case's trace."""
    tracing, exporter = spans
    with tracing.processing("intake", record(header)) as trace:
        assert int(trace.trace_id, 16)
    assert exporter.get_finished_spans()[0].parent is None


def test_a_batch_is_linked_to_its_members_and_named_by_them(spans):
    """Zipkin shows no links, so each member carries the batch's ids as attributes."""
    tracing, exporter = spans
    with (
        tracing.processing("assessor", record(None)) as one,
        tracing.processing("assessor", record(None)) as two,
        tracing.batch("infer read_ticket", [one, two]) as batch,
    ):
        batch_trace = batch.trace_id
    by_name = {span.name: span for span in exporter.get_finished_spans()}
    assert {f"{link.context.trace_id:032x}" for link in by_name["infer read_ticket"].links} == {
        one.trace_id,
        two.trace_id,
    }
    member = by_name["process support.ticket.received.v1"]
    assert member.attributes[Attr.BATCH_TRACE_ID] == batch_trace


def test_an_error_is_marked_by_its_class_and_never_by_its_words(spans):
    """An exception's text may quote a ticket; the trace store must not hold it."""
    tracing, exporter = spans
    with pytest.raises(ValueError), tracing.processing("intake", record(None)):  # noqa: PT011
        raise ValueError("mail me at a@b.example")
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes[Attr.ERROR_TYPE] == "ValueError"
    assert "a@b" not in span.to_json()


def test_each_event_of_a_document_is_a_root_linked_to_the_document(spans):
    """DESIGN §6: a document of n events gives n traces, found from each other."""
    tracing, exporter = spans
    with tracing.processing("intake", record(None)) as document, document.case("case") as case:
        assert case.trace_id != document.trace_id
    span = next(s for s in exporter.get_finished_spans() if s.name == "case")
    assert span.parent is None
    assert f"{span.links[0].context.trace_id:032x}" == document.trace_id


def test_an_unknown_exporter_is_refused_naming_the_variable(monkeypatch):
    """A typing error in OTEL_TRACES_EXPORTER must not silently lose all traces."""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "jager")
    with pytest.raises(ConfigurationError, match="OTEL_TRACES_EXPORTER: no exporter 'jager'"):
        telemetry.provider("intake", "1", telemetry.TelemetrySettings())


def test_every_metric_can_be_made_and_scraped():
    """The registry is what /metrics shows: each entry must be a valid Prometheus metric."""
    metrics = telemetry.PrometheusMetrics()
    for name, metric in METRICS.items():
        labels = dict.fromkeys(metric.labels, "x")
        getattr(
            metrics, {"counter": "count", "gauge": "gauge", "histogram": "observe"}[metric.kind]
        )(name, 1, **labels)
