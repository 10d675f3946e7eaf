"""CloudEvents 1.0, binary mode (Kafka binding §3.2): how everything we write is enveloped."""

from datetime import datetime

from services.chassis.record import Headers

SPEC_VERSION = "1.0"


def headers(
    event_type: str,
    id: str,  # noqa: A002 - the attribute's own name
    source: str,
    time: datetime,
    subject: str,
    traceparent: str,
) -> Headers:
    """The headers of one event: its CloudEvents attributes and the W3C trace context.

    `source` is ours, e.g. "/sluice/intake"; `traceparent` is the span that the event follows from.
    """
    return (
        ("content-type", b"application/json"),
        ("ce_specversion", SPEC_VERSION.encode()),
        ("ce_type", event_type.encode()),
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_time", time.isoformat().encode()),
        ("ce_subject", subject.encode()),
        ("traceparent", traceparent.encode()),
    )
