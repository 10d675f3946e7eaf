"""A record's timestamp is its producer's word, and a producer may write any 64-bit number."""

from datetime import UTC, datetime

import pytest

from services.chassis.dead_letters import origin_headers, origin_of
from services.chassis.record import Record
from services.chassis.spans import OtelTracing
from services.chassis.telemetry import TelemetrySettings, provider


def at(timestamp_ms, headers=(), topic="t"):
    """A record of that time."""
    return Record(topic, 0, 0, timestamp_ms, None, b"", headers)


@pytest.mark.parametrize("timestamp_ms", [-1, -5, -(2**63), -62_135_596_800_001])
def test_no_time_and_a_time_before_the_epoch_are_the_epoch(timestamp_ms):
    """Brokers take them all; one such record must not end process after process."""
    assert at(timestamp_ms).timestamp == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("timestamp_ms", [0, 1_764_000_000_123, 2**63 - 1, -(2**63)])
def test_every_time_survives_a_dead_letter_and_a_redrive(timestamp_ms):
    """The origin is the same however often it comes back."""
    origin = origin_of(at(timestamp_ms), ())
    again = at(7, headers=origin_headers(origin), topic="retry")
    assert origin_of(again, {"retry"}) == origin


@pytest.mark.parametrize("timestamp_ms", [-(2**63), 2**63 - 1])
def test_no_time_breaks_a_span(timestamp_ms):
    """Dwell is an attribute, and exporters take 64 bits."""
    spans = OtelTracing(provider("intake", "1", TelemetrySettings(otel_traces_exporter="none")))
    with spans.processing("intake", at(timestamp_ms)) as trace:
        dwell = trace._attributes["sluice.kafka.dwell_ms"]
    assert 0 <= dwell < 2**53
