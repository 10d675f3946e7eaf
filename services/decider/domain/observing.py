"""Facts of a case: from plain mappings of its fields and its assessment, in the catalogue's words.

The mappings are those of the wire, in Python's types (datetimes, Decimals), not JSON's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.decider.domain import clocks, supplying
from services.decider.domain.case import CaseView, Joined
from services.decider.domain.facts import FACTS, MASKED_CLASSES, NAMED, Source
from services.decider.domain.readings import of_reading
from services.decider.domain.remembering import NOTHING, Remembered
from services.decider.domain.supplying import USUAL, Standards, judge, supply_view
from services.decider.domain.values import Facts, Scalar, kind_of, number, present

# What the head of suspicion calls it; services/assessor/packs/injection.yaml.
INSTRUCTION = "instruction"

_Wire = Mapping[str, Any]
_Found = dict[str, Scalar]


def case_view(case: _Wire, assessment: _Wire, written: Facts | None = None) -> CaseView:
    """The view that `deciding.decide` takes; `written` is what came of a text, as facts."""
    readings = {str(each["task"]): each for each in assessment.get("readings", ())}
    facts = _of_any(case, readings.get("language"))
    facts |= _suspicion(readings.get("injection"))
    ticket, supply = case.get("ticket"), case.get("supply")
    if ticket is not None:
        facts |= _of_ticket(ticket) | of_reading("intent", readings.get("intent"))
        facts |= _cue("sentiment", readings.get("sentiment"))
        facts |= _cue("urgency", readings.get("urgency"))
    if supply is not None:
        facts |= supplying.of_supply(supply)
    facts |= written or {}
    language = facts.get("language.code")
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
        supply=None if supply is None else supply_view(case, readings.get("exception")),
    )


@dataclass(frozen=True, slots=True)
class Observed:
    """All facts at a moment, which are too old to count, and what is to be remembered."""

    facts: Facts
    stale: frozenset[str]
    learned: Remembered


def facts_at(
    case: CaseView,
    now: datetime,
    *,
    superseded: bool,
    standards: Standards = USUAL,
    remembered: Remembered = NOTHING,
) -> Observed:
    """What is known of a case at that moment, over what earlier ones of its subject left behind."""
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
    learned = NOTHING
    if case.supply is not None:
        ahead = case.occurred_at - case.received_at
        learned = judge(facts, case.supply, standards, ahead=ahead, remembered=remembered)
    return Observed(facts, frozenset(stale), learned)


def confidence(facts: Facts) -> float | None:
    """How sure the model was that the decision rests upon; None where it rests upon none."""
    if "supply.family" not in facts:
        return number(facts, "intent.confidence")
    by_model = facts.get("exception.source") == "model"
    return number(facts, "exception.confidence") if by_model else None


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
    facts |= _named(case.get("entities") or ())
    if language is not None and language.get("abstained") is None:
        facts["language.code"] = language["label"]
        facts["language.confidence"] = language["confidence"]
    elif case.get("declared_language"):
        facts["language.code"] = case["declared_language"]
    return facts


def _named(entities: Sequence[_Wire]) -> _Found:
    """What the text names: of each kind the first, of sums the greatest."""
    facts: _Found = {"named.total": len(entities)}
    for each in entities:
        kind = str(each["type"])
        if kind in NAMED:
            facts.setdefault(f"named.{kind}", each["value"])
    sums = [each for each in entities if str(each["type"]) == "amount"]
    if sums:
        most = max(sums, key=lambda each: float(each["value"]))
        facts["named.amount"] = float(most["value"])
        if most.get("unit"):
            facts["named.currency"] = most["unit"]
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
    return present(named)


def _cue(prefix: str, reading: _Wire | None) -> _Found:
    """A reading that is told where it is relied upon, and else not at all."""
    if reading is None or reading.get("abstained") is not None:
        return {}
    return {f"{prefix}.label": reading["label"], f"{prefix}.confidence": reading["confidence"]}


def _suspicion(reading: _Wire | None) -> _Found:
    """How likely the text has an order to a machine in it, whichever label comes first."""
    if reading is None:
        return {}
    chances = {reading["label"]: reading["confidence"]} | {
        each["label"]: each["confidence"] for each in reading.get("alternatives", ())
    }
    told = reading["label"] == INSTRUCTION and reading.get("abstained") is None
    return {
        "injection.suspected": told,
        "injection.confidence": chances.get(INSTRUCTION, 0.0),
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
