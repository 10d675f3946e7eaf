"""The catalogue of facts: all that a policy may look at. Closed, typed, no text and no person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.decider.domain import awaiting, coldchain, exceptions, severity
from services.decider.domain.values import Kind


class Source(StrEnum):
    """Where a fact comes from."""

    CASE = "case"  # a field of the event, as its source gave it
    READING = "reading"  # a model's answer about the text
    TABLE = "table"  # a code table of ours
    JOINED = "joined"  # a table of the operator's, joined by the assessor
    DECIDER = "decider"  # the decider's own clock and memory
    POLICY = "policy"  # what a policy derives from the others


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact. `values` closes the set where it is closed; older than `max_age` is missing.

    `money`: a sum of the operator's own tables. Such a fact and no other may be an action's amount.
    """

    name: str
    kind: Kind
    source: Source
    description: str
    domain: str | None = None
    values: frozenset[str] | None = None
    max_age: timedelta | None = None
    money: bool = False


def _text(
    name: str, source: Source, says: str, *values: str, domain: str | None = None
) -> FactSpec:
    return FactSpec(name, Kind.STRING, source, says, domain, frozenset(values) or None)


def _number(name: str, source: Source, says: str, domain: str | None = None) -> FactSpec:
    return FactSpec(name, Kind.NUMBER, source, says, domain)


def _flag(name: str, source: Source, says: str, domain: str | None = None) -> FactSpec:
    return FactSpec(name, Kind.BOOLEAN, source, says, domain)


def _joined(
    name: str, kind: Kind, says: str, max_age: timedelta, domain: str | None = None
) -> FactSpec:
    return FactSpec(name, kind, Source.JOINED, says, domain, None, max_age)


def _money(name: str, says: str, max_age: timedelta, domain: str | None = None) -> FactSpec:
    return FactSpec(name, Kind.NUMBER, Source.JOINED, says, domain, None, max_age, money=True)


_C, _R, _T = Source.CASE, Source.READING, Source.TABLE
_SUPPORT, _SUPPLY = "support", "supply"

MASKED_CLASSES = (
    "email", "phone", "card", "iban", "aadhaar", "pan", "gstin", "ssn", "ip", "secret",
)  # fmt: skip
REFERENCES = (
    "po", "so", "shipment", "container", "booking", "bl", "asn", "invoice", "sku", "gtin", "lot",
    "serial", "sscc", "supplier", "carrier", "vessel", "voyage", "location", "asset", "document",
)  # fmt: skip
# What a text names, and its facts say. A claim of whoever wrote it: no amount of an action is one.
NAMED = ("so", "po", "shipment", "container", "invoice", "sku", "lot", "date")
_ABSTENTIONS = (
    "low_confidence", "small_margin", "out_of_scope", "no_text", "unsupported_language", "other",
)  # fmt: skip

_ANY_CASE = (
    _text("case.source", _C, "The operator's name for where the event came from."),
    _text("subject.kind", _C, "What kind of thing the case is about: ticket, shipment, lot, ..."),
    _text("subject.id", _C, "What the case is about, by the id its source gave it."),
    _number("case.age_s", Source.DECIDER, "Seconds since the event first entered."),
    _number("event.age_s", Source.DECIDER, "Seconds since the event happened, as its source says."),
    _flag("subject.superseded", Source.DECIDER, "A newer revision of the subject was decided."),
    _flag("text.present", _C, "There is free text."),
    _flag("text.truncated", _C, "The free text was longer than we read."),
    _text("language.code", _R, "The customer's language, as read, else as declared."),
    _number("language.confidence", _R, "How sure the reading of the language is; 0 to 1."),
    _number("masked.total", _C, "How many pieces of personal data were masked in the text."),
    *(_number(f"masked.{each}", _C, f"How many of class {each}.") for each in MASKED_CLASSES),
    _flag("injection.suspected", _R, "The text has an order to a machine in it."),
    _number("injection.confidence", _R, "How likely that is, 0 to 1."),
    _number("named.total", _C, "How many numbers, sums and days the text names."),
    *(_text(f"named.{each}", _C, f"The first {each} that the text names.") for each in NAMED),
    _number("named.amount", _C, "The greatest sum that the text names, whatever its currency."),
    _text("named.currency", _C, "Of that sum, ISO 4217; missing where its sign leaves it open."),
)

_TICKET = (
    _text(
        "ticket.status", _C, "Where the ticket stands at its source.",
        "new", "open", "pending_customer", "on_hold", "resolved", "closed", "deleted", "spam",
        "other", domain=_SUPPORT,
    ),
    _text(
        "ticket.priority", _C, "The source's own priority.",
        "low", "normal", "high", "urgent", "other", domain=_SUPPORT,
    ),
    _text(
        "ticket.channel", _C, "How the ticket reached the source.",
        "email", "web", "api", "chat", "messaging", "phone", "social", "in_app", "other",
        domain=_SUPPORT,
    ),
    _text("ticket.queue", _C, "The queue it is in at the source.", domain=_SUPPORT),
    _flag("ticket.vip", _C, "The source marks a key customer.", _SUPPORT),
    _text("ticket.requester_ref", _C, "Joins one person's tickets, names nobody.", domain=_SUPPORT),
    _text("ticket.order_id", _C, "An order the source links to the ticket.", domain=_SUPPORT),
    _number("ticket.revision", _C, "Grows with every change of the ticket.", _SUPPORT),
    _flag("ticket.has_message", _C, "This revision carries a new message.", _SUPPORT),
    _text(
        "ticket.message_direction", _C, "From and for whom the message is.",
        "inbound", "outbound", "internal", "other", domain=_SUPPORT,
    ),
    _text(
        "ticket.message_author", _C, "What wrote the message.",
        "customer", "agent", "system", "bot", "other", domain=_SUPPORT,
    ),
    _flag("ticket.message_automatic", _C, "Out of office, bounce or list mail.", _SUPPORT),
    _text("intent.label", _R, "What the customer wants; missing if abstained.", domain=_SUPPORT),
    _text("intent.guess", _R, "The likeliest intent, relied upon or not.", domain=_SUPPORT),
    _number("intent.confidence", _R, "Calibrated, 0 to 1.", _SUPPORT),
    _number("intent.margin", _R, "Distance to the second label, 0 to 1.", _SUPPORT),
    _flag("intent.abstained", _R, "The reading is not to be relied upon.", _SUPPORT),
    _text(
        "intent.abstention", _R, "Why it is not.", *_ABSTENTIONS, domain=_SUPPORT,
    ),
    _text(
        "sentiment.label", _R,
        "The message's tone, very_negative to very_positive; missing if abstained.",
        domain=_SUPPORT,
    ),
    _number("sentiment.confidence", _R, "Calibrated, 0 to 1.", _SUPPORT),
    _text(
        "urgency.label", _R,
        "A cue of how soon somebody must look: none, soon, now, safety; missing if abstained.",
        domain=_SUPPORT,
    ),
    _number("urgency.confidence", _R, "Calibrated, 0 to 1.", _SUPPORT),
)  # fmt: skip

_EVENT = (
    _text(
        "supply.family", _C, "What kind of thing the event speaks of.",
        *exceptions.FAMILIES, domain=_SUPPLY,
    ),
    _text("supply.milestone", _C, "What happened.", *exceptions.MILESTONES, domain=_SUPPLY),
    _text(
        "supply.classifier", _C, "Planned, estimated, or has it happened?",
        "planned", "estimated", "actual", "requested", "other", domain=_SUPPLY,
    ),
    _text("supply.source_code", _C, "The source's own words: dcsa:TRANSPORT:ARRI.", domain=_SUPPLY),
    _text("supply.reason_code", _C, "With its list, as smdg:WEA.", domain=_SUPPLY),
    _text("supply.disposition", _C, "CBV disposition, its last part.", domain=_SUPPLY),
    _number(
        "supply.delay_days", _C,
        "New time minus the one promised; below 0 is early. Where the event does not say what was"
        " promised, the last one of its source does.", _SUPPLY,
    ),
    _number(
        "supply.slipped_days", Source.DECIDER,
        "New time minus the first one that the source told.", _SUPPLY,
    ),
    _text("supply.corrects", _C, "The event that this one contradicts, by its id.", domain=_SUPPLY),
    _flag("supply.retracts", _C, "The event takes an earlier one back.", _SUPPLY),
    _flag("supply.replaces", _C, "The event stands in place of an earlier one.", _SUPPLY),
    _number("supply.lots", _C, "How many lots the event names.", _SUPPLY),
    _number("supply.price_change", _C, "Of a price, in per cent; above 0 is dearer.", _SUPPLY),
    _number("supply.demand_ratio", _C, "What is ordered by what was forecast.", _SUPPLY),
    _number("supply.temperature_min", _C, "Lowest measured, in Celsius.", _SUPPLY),
    _number("supply.temperature_max", _C, "Highest measured, in Celsius.", _SUPPLY),
    _text(
        "temperature.state", _T,
        "Of a window of readings against the limits of the goods, else of the reefer's setpoint;"
        " missing without a window or limits. Unclear: a summary may hide it.",
        *coldchain.STATES, domain=_SUPPLY,
    ),
    _number("temperature.minutes", _T, "How long the window is.", _SUPPLY),
    _number("temperature.minutes_out", _T, "How long it was out of limits, at least.", _SUPPLY),
    _number(
        "temperature.mean_kinetic", _T,
        "The constant temperature that does the same harm, in Celsius, at least.", _SUPPLY,
    ),
    *(_text(f"ref.{each}", _C, f"The first {each} the event names.", domain=_SUPPLY)
      for each in REFERENCES),
    _text(
        "exception.label", _R, "What went wrong: by code table, for free text by reading.",
        domain=_SUPPLY,
    ),
    _text("exception.guess", _R, "The likeliest exception, relied upon or not.", domain=_SUPPLY),
    _text("exception.source", _T, "Who says so.", "table", "model", domain=_SUPPLY),
    _text("exception.rule", _T, "The row of the table that says so.", domain=_SUPPLY),
    _text(
        "exception.severity", _T, "By rule, never by a model.",
        *exceptions.SEVERITIES, domain=_SUPPLY,
    ),
    _text(
        "exception.driver", _T, "What makes it so severe.", *severity.DRIVERS, domain=_SUPPLY,
    ),
    _number("exception.days_late", _T, "By how many days it is late, as far as we know.", _SUPPLY),
    _number("exception.confidence", _R, "Calibrated, 0 to 1; a table is 1.", _SUPPLY),
    _number("exception.margin", _R, "Distance to the second label, 0 to 1.", _SUPPLY),
    _flag("exception.abstained", _R, "The reading is not to be relied upon.", _SUPPLY),
    _text(
        "exception.abstention", _R, "Why it is not.", *_ABSTENTIONS, domain=_SUPPLY,
    ),
)  # fmt: skip

_WRITING = (
    _text(
        "writing.status", _R,
        "What came of the text that the policy waits for; missing where it waits for none.",
        *awaiting.STATUSES,
    ),
    _text(
        "writing.type", _R, "What a notice says has happened, as the writer picked it out.",
        domain=_SUPPLY,
    ),
    _number("writing.delay_days", _R, "How late the notice says it is; below 0 is early.", _SUPPLY),
    _number("writing.quantity", _R, "How many pieces the notice says it is about.", _SUPPLY),
    _number("writing.references", _R, "How many orders and the like it names.", _SUPPLY),
)  # fmt: skip

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_JOINED = (
    _joined("order.status", Kind.STRING, "Of the order the case names.", _HOUR),
    _money("order.amount", "What the order is worth.", _DAY),
    _joined("order.currency", Kind.STRING, "ISO 4217.", _DAY),
    _joined("order.refundable", Kind.BOOLEAN, "Its money may be given back.", _DAY),
    _joined("customer.tier", Kind.STRING, "The customer's level of service.", 7 * _DAY, _SUPPORT),
    _joined(
        "sla.due_in", Kind.NUMBER,
        "Seconds of plain time from the decision until the customer's message is to be answered,"
        " reckoned in open time; below 0 is over. Missing where no customer waits.",
        365 * _DAY, _SUPPORT,
    ),
    _joined(
        "sla.breached", Kind.BOOLEAN, "That time was over at the decision.", 365 * _DAY, _SUPPORT,
    ),
    _money("po.amount", "What the purchase order is worth.", 2 * _DAY, _SUPPLY),
    _joined("po.currency", Kind.STRING, "ISO 4217.", 2 * _DAY, _SUPPLY),
    _joined(
        "po.promised_in_days", Kind.NUMBER,
        "Days from the decision to the supplier's promised date; below 0 is overdue.",
        2 * _DAY, _SUPPLY,
    ),
    _joined(
        "po.late_days", Kind.NUMBER,
        "The event's new time minus the supplier's promised date, in days; below 0 is early.",
        2 * _DAY, _SUPPLY,
    ),
    _joined("sku.safety_class", Kind.STRING, "How harmful a bad one is.", 30 * _DAY, _SUPPLY),
    _joined("sku.temperature_min", Kind.NUMBER, "Not below, in Celsius.", 30 * _DAY, _SUPPLY),
    _joined("sku.temperature_max", Kind.NUMBER, "Not above, in Celsius.", 30 * _DAY, _SUPPLY),
    _joined(
        "sku.excursion_minutes", Kind.NUMBER, "How long it may be out of these in one window.",
        30 * _DAY, _SUPPLY,
    ),
    _joined(
        "stock.cover_days", Kind.NUMBER, "Days the stock lasts.", timedelta(hours=12), _SUPPLY,
    ),
    _joined("supplier.single_source", Kind.BOOLEAN, "No other supplier.", 7 * _DAY, _SUPPLY),
    _joined("lane.transit_days", Kind.NUMBER, "What the way usually takes.", 30 * _DAY, _SUPPLY),
    _joined("lane.disrupted", Kind.BOOLEAN, "Its owner says that it is.", _DAY, _SUPPLY),
)  # fmt: skip

FACTS: Mapping[str, FactSpec] = {
    spec.name: spec for spec in (*_ANY_CASE, *_TICKET, *_EVENT, *_WRITING, *_JOINED)
}
