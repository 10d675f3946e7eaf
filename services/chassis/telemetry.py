"""Where spans go, and metrics by Prometheus behind the port of `ports.py`."""

from importlib.metadata import entry_points

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from typing_extensions import override

from services.chassis.errors import ConfigurationError
from services.chassis.names import METRICS
from services.chassis.ports import Metrics
from services.chassis.settings import AdapterSettings

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
