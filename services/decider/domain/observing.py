"""Facts of a case: from plain mappings of its fields and its assessment, in the catalogue's words.

The mappings are those of the wire, in Python's types (datetimes, Decimals), not JSON's.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from services.decider.domain import clocks, exceptions
from services.decider.domain.case import CaseView, Joined
from services.decider.domain.facts import FACTS, MASKED_CLASSES, REFERENCES, Source
from services.decider.domain.values import Facts, Scalar, kind_of

_Wire = Mapping[str, Any]
_Found = dict[str, Scalar]


def case_view(case: _Wire, assessment: _Wire) -> CaseView:
    """The view that `deciding.decide` takes."""
    readings = {str(each["task"]): each for each in assessment.get("readings", ())}
    facts = _of_any(case, readings.get("language"))
    ticket, supply = case.get("ticket"), case.get("supply")
    if ticket is not None:
        facts |= _of_ticket(ticket) | _of_reading("intent", readings.get("intent"))
        facts |= _of_sentiment(readings.get("sentiment"))
    if supply is not None:
        facts |= _of_supply(supply) | _of_exception(supply, readings.get("exception"))
    language = facts.get("language.code")
    by_model = ticket is not None or facts.get("exception.source") == "model"
    sure = "intent.confidence" if ticket is not None else "exception.confidence"
    confidence = facts.get(sure) if by_model else None
    return CaseView(
        case_id=str(case["case_id"]),
        tenant=case["tenant"],
        domain=str(case["domain"]),
        subject=case["subject"],
        subject_kind=case["subject_kind"],
        subject_id=case["subject_id"],
        revision=case.get("revision"),
        message_id=None if ticket is None else ticket.get("message_id"),
        echo=bool(case.get("echo", False)),
        occurred_at=case["occurred_at"],
        received_at=case["origin"]["timestamp"],
        language=None if language is None else str(language),
        facts=facts,
        joined=tuple(_joined(assessment.get("facts", ()), supply)),
        confidence=None if confidence is None else float(confidence),
    )


def facts_at(case: CaseView, now: datetime, *, superseded: bool) -> tuple[Facts, frozenset[str]]:
    """All facts at that moment, and the names of those that are too old to count."""
    facts = dict(case.facts)
    facts["case.age_s"] = round((now - case.received_at).total_seconds(), 3)
    facts["event.age_s"] = round((now - case.occurred_at).total_seconds(), 3)
    facts["subject.superseded"] = superseded
    stale = set()
    for joined in case.joined:
        for name, value in clocks.told_by(joined.name, joined.value, now).items():
            max_age = FACTS[name].max_age
            if max_age is not None and now - joined.as_of > max_age:
                stale.add(name)
            else:
                facts[name] = value
    judge_severity(facts)
    return facts, frozenset(stale)


def judge_severity(facts: dict[str, Scalar]) -> None:
    """Add how bad the exception is, if there is one: by rule, over facts as fresh as they are."""
    label = facts.get("exception.label")
    if label is not None:
        facts["exception.severity"] = exceptions.severity(
            str(label),
            _float(facts.get("supply.delay_days")),
            cover_days=_float(facts.get("stock.cover_days")),
        )


def _of_any(case: _Wire, language: _Wire | None) -> _Found:
    facts: _Found = {
        "case.source": case["source"],
        "subject.kind": case["subject_kind"],
        "subject.id": case["subject_id"],
        "text.present": bool(case.get("text")),
        "text.truncated": bool(case.get("text_truncated", False)),
    }
    masked = case.get("masked") or {}
    facts["masked.total"] = sum(masked.values())
    for each in MASKED_CLASSES:
        facts[f"masked.{each}"] = masked.get(each, 0)
    if language is not None and language.get("abstained") is None:
        facts["language.code"] = language["label"]
        facts["language.confidence"] = language["confidence"]
    elif case.get("declared_language"):
        facts["language.code"] = case["declared_language"]
    return facts


def _of_ticket(ticket: _Wire) -> _Found:
    named = {
        "ticket.status": ticket["status"],
        "ticket.priority": ticket.get("priority"),
        "ticket.channel": ticket["channel"],
        "ticket.queue": ticket.get("queue"),
        "ticket.vip": ticket.get("vip"),
        "ticket.requester_ref": ticket.get("requester_ref"),
        "ticket.order_id": ticket.get("order_id"),
        "ticket.revision": ticket["revision"],
        "ticket.has_message": ticket.get("message_id") is not None,
        "ticket.message_direction": ticket.get("message_direction"),
        "ticket.message_author": ticket.get("message_author_kind"),
        "ticket.message_automatic": bool(ticket.get("message_automatic", False)),
    }
    return _present(named)


def _of_reading(prefix: str, reading: _Wire | None) -> _Found:
    """An abstained label is told as a guess only: no rule relies upon it by accident."""
    if reading is None:
        return {}
    abstention = reading.get("abstained")
    facts: _Found = {
        f"{prefix}.guess": reading["label"],
        f"{prefix}.confidence": reading["confidence"],
        f"{prefix}.margin": reading.get("margin", 0.0),
        f"{prefix}.abstained": abstention is not None,
    }
    if abstention is None:
        facts[f"{prefix}.label"] = reading["label"]
    else:
        facts[f"{prefix}.abstention"] = str(abstention)
    return facts


def _of_sentiment(reading: _Wire | None) -> _Found:
    if reading is None or reading.get("abstained") is not None:
        return {}
    return {
        "sentiment.label": reading["label"],
        "sentiment.confidence": reading["confidence"],
    }


def _of_supply(supply: _Wire) -> _Found:
    refs: Iterable[_Wire] = supply.get("refs", ())
    facts = _present(
        {
            "supply.family": supply["family"],
            "supply.milestone": supply["milestone"],
            "supply.classifier": supply["classifier"],
            "supply.source_code": supply.get("source_code"),
            "supply.reason_code": supply.get("reason_code"),
            "supply.disposition": supply.get("disposition"),
            "supply.delay_days": _float(supply.get("delay_days")),
            "supply.retracts": supply.get("corrects") is not None
            and supply.get("correction") != "replaced",
        }
    )
    lots = set()
    for ref in refs:
        if ref["type"] in REFERENCES:
            facts.setdefault(f"ref.{ref['type']}", ref["value"])
        if ref["type"] == "lot":
            lots.add(ref["value"])
    facts["supply.lots"] = len(lots)
    return facts | _of_temperatures(supply.get("measurements", ()))


def _of_temperatures(measurements: Iterable[_Wire]) -> _Found:
    seen = [
        float(value)
        for each in measurements
        if each["kind"] == "temperature"
        for value in (each.get("value"), each.get("minimum"), each.get("maximum"))
        if value is not None
    ]
    return (
        {"supply.temperature_min": min(seen), "supply.temperature_max": max(seen)} if seen else {}
    )


def _of_exception(supply: _Wire, reading: _Wire | None) -> _Found:
    """The code tables first: a model is believed only where the codes say nothing."""
    told = exceptions.classify(
        exceptions.Codes(
            family=str(supply["family"]),
            milestone=str(supply["milestone"]),
            classifier=str(supply["classifier"]),
            reason_code=supply.get("reason_code"),
            disposition=supply.get("disposition"),
            delay_days=_float(supply.get("delay_days")),
            lasting=tuple(supply.get("persistent_dispositions", ())),
            measured=tuple(each["kind"] for each in supply.get("measurements", ())),
        )
    )
    if told is None:
        read = _of_reading("exception", reading)
        return read | {"exception.source": "model"} if read else {}
    label, row = told
    return {
        "exception.label": label,
        "exception.guess": label,
        "exception.source": "table",
        "exception.rule": row,
        "exception.confidence": 1.0,
        "exception.margin": 1.0,
        "exception.abstained": False,
    }


def _joined(facts: Iterable[_Wire], supply: _Wire | None) -> Iterable[Joined]:
    """Those of the catalogue that are what it says; another one is as good as missing."""
    for each in facts:
        name, value, as_of = each["name"], each["value"], each["as_of"]
        if name in clocks.INSTANTS:
            yield from _instant(name, value, as_of, supply)
            continue
        spec = FACTS.get(name)
        known = spec is not None and spec.source is Source.JOINED
        if spec is not None and known and kind_of(value) is spec.kind:
            yield Joined(name=spec.name, value=value, as_of=as_of)


def _instant(name: str, value: object, as_of: datetime, supply: _Wire | None) -> Iterable[Joined]:
    at = clocks.instant(value)
    if at is None:
        return
    yield Joined(name=name, value=at, as_of=as_of)
    expected = None if supply is None else supply.get("new_time")
    if name == "po.promised_at" and expected is not None:
        yield Joined(name="po.late_days", value=clocks.days(expected - at), as_of=as_of)


def _present(named: Mapping[str, object]) -> _Found:
    """What is there, without the classes of the wire."""
    found: _Found = {}
    for name, value in named.items():
        if isinstance(value, str):
            found[name] = str(value)
        elif isinstance(value, bool | int | float):
            found[name] = value
    return found


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]  # Decimal or number
