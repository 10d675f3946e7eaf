"""The registry of every attribute, metric and header of ours. A name that is not here is a bug."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Attr(StrEnum):
    """Span attributes. OpenTelemetry's own where it has one (semantic conventions 1.44)."""

    # OpenTelemetry messaging
    MESSAGING_SYSTEM = "messaging.system"
    MESSAGING_OPERATION = "messaging.operation.name"
    MESSAGING_DESTINATION = "messaging.destination.name"
    MESSAGING_PARTITION = "messaging.destination.partition.id"
    MESSAGING_OFFSET = "messaging.kafka.offset"
    MESSAGING_GROUP = "messaging.consumer.group.name"
    ERROR_TYPE = "error.type"
    # The case
    TENANT = "sluice.tenant"
    CASE_ID = "sluice.case.id"
    DOMAIN = "sluice.domain"
    SUBJECT = "sluice.subject"
    BATCH_DOCUMENT = "sluice.document.id"  # of the document that an event was split from
    # The way through
    OUTCOME = "sluice.outcome"  # done, acted, no_action, or a dead-letter reason
    DWELL_MS = "sluice.kafka.dwell_ms"  # record timestamp to start of processing
    MASKED = "sluice.masked.spans"  # how many spans of personal data were masked
    # The model
    TASK = "sluice.task"
    LABEL = "sluice.label"
    CONFIDENCE = "sluice.confidence"
    ABSTAINED = "sluice.abstained"
    MODEL_NAME = "sluice.model.name"
    MODEL_VERSION = "sluice.model.version"
    MODEL_DIGEST = "sluice.model.digest"
    MODEL_TOKENS = "sluice.model.tokens"
    MODEL_COMPUTE_US = "sluice.model.compute_us"
    BATCH_SIZE = "sluice.batch.size"
    BATCH_TRACE_ID = "sluice.batch.trace_id"  # some stores show no links: the batch by name
    BATCH_SPAN_ID = "sluice.batch.span_id"
    # The decision
    POLICY = "sluice.policy"
    RULE = "sluice.rule"
    VERDICT = "sluice.verdict"
    REASON = "sluice.reason"
    ACTION_ID = "sluice.action.id"
    ACTION_TYPE = "sluice.action.type"
    AUTONOMY = "sluice.autonomy"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it appears on /metrics; the unit is the name's last part (Prometheus)."""

    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

METRICS: dict[str, Metric] = {
    "sluice_records_total": Metric(
        "counter", "Records ended, by outcome: done or a dead-letter reason.", ("topic", "outcome")
    ),
    "sluice_messages_total": Metric("counter", "Messages confirmed by the broker.", ("topic",)),
    "sluice_dwell_seconds": Metric(
        "histogram", "Record timestamp to start of processing.", ("topic",), _SECONDS
    ),
    "sluice_process_seconds": Metric(
        "histogram", "Start of a record's processing to its outcome.", ("topic",), _SECONDS
    ),
    "sluice_in_flight": Metric("gauge", "Records taken and not yet acknowledged."),
    "sluice_held_lanes": Metric("gauge", "Lanes that wait for a dependency."),
    "sluice_hold_seconds": Metric("gauge", "Age of the oldest hold."),
    "sluice_committed_age_seconds": Metric(
        "gauge", "Time since the committed offset last moved while there was lag.", ("topic",)
    ),
    "sluice_lag_records": Metric("gauge", "Records behind the end.", ("topic", "partition")),
    "sluice_assigned_partitions": Metric("gauge", "Partitions of the group that are ours."),
    "sluice_masked_spans_total": Metric("counter", "Personal data masked, by class.", ("class",)),
    "sluice_vault_values_total": Metric(
        "counter", "What customers told us: kept sealed, or left out as too much.", ("result",)
    ),
    "sluice_batch_texts": Metric(
        "histogram", "Texts per request to the model server.", ("model",), (1, 2, 4, 8, 16, 24, 32)
    ),
    "sluice_infer_seconds": Metric(
        "histogram", "Round trip of a request to the model server.", ("model", "result"), _SECONDS
    ),
    "sluice_model_compute_seconds_total": Metric("counter", "Model time.", ("model",)),
    "sluice_model_tokens_total": Metric("counter", "Tokens read by models.", ("model",)),
    "sluice_readings_total": Metric(
        "counter", "Readings, by what became of them.", ("task", "result")
    ),
    "sluice_writings_total": Metric(
        "counter", "Texts asked of the writer, by what came of them.", ("task", "status")
    ),
    "sluice_guard_faults_total": Metric(
        "counter", "What guards found in written texts.", ("task", "guard")
    ),
    "sluice_joins_total": Metric(
        "counter", "Entities that cases name, by whether they were found.", ("type", "result")
    ),
    "sluice_decisions_total": Metric("counter", "Decisions.", ("domain", "verdict", "reason")),
    "sluice_actions_total": Metric("counter", "Actions, by state.", ("type", "state")),
    "sluice_control_age_seconds": Metric(
        "gauge", "Time since the end of a broadcast topic was last confirmed.", ("topic",)
    ),
    "sluice_control_unreadable_total": Metric(
        "counter", "Broadcast records that could not be read.", ("topic",)
    ),
    "sluice_journal_end": Metric("gauge", "Last known end of the journal.", ("partition",)),
    "sluice_alarm": Metric("gauge", "1 while something needs a person.", ("what",)),
    "sluice_end_to_end_seconds": Metric(
        "histogram", "Producer's timestamp to the decision.", ("domain",), _SECONDS
    ),
}
