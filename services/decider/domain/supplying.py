"""Facts of a supply event: what it says, and, at the moment of deciding, what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.decider.domain import coldchain, temperatures
from services.decider.domain.coldchain import ColdChain
from services.decider.domain.exception_codes import CHANGES
from services.decider.domain.exceptions import Codes, Known, classify
from services.decider.domain.facts import REFERENCES
from services.decider.domain.readings import of_reading
from services.decider.domain.remembering import NOTHING, Expected, Remembered, compare
from services.decider.domain.severity import Scale, days_late, severity
from services.decider.domain.temperatures import Device
from services.decider.domain.values import Facts, Scalar, decimal, number, present

_Wire = Mapping[str, Any]
_Found = dict[str, Scalar]

# A reefer has a handful of probes; more of one event would swell what is remembered.
_DEVICES = 24
_LONGEST = 200

# Minutes, hours and days, as UN/CEFACT Recommendation 20 writes them, in days.
_SPANS = {"MIN": 1 / 1440, "HUR": 1 / 24, "DAY": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What the operator holds events against."""

    severity: Scale = field(default_factory=Scale)
    cold_chain: ColdChain = field(default_factory=ColdChain)


USUAL = Standards()


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyView:
    """What is judged only when the case is decided; `read` are the facts of a model's reading."""

    codes: Codes
    read: Facts
    devices: tuple[Device, ...] = ()
    setpoint: float | None = None
    expected: Expected | None = None


def supply_view(case: _Wire, reading: _Wire | None) -> SupplyView:
    """From the wire's mapping of the case, and of what a model read of its text."""
    supply: _Wire = case["supply"]
    measurements: Sequence[_Wire] = supply.get("measurements", ())
    return SupplyView(
        codes=Codes(
            family=str(supply["family"]),
            milestone=str(supply["milestone"]),
            classifier=str(supply["classifier"]),
            source_code=supply.get("source_code") or "",
            reason_code=supply.get("reason_code") or "",
            disposition=supply.get("disposition"),
            lasting=tuple(supply.get("persistent_dispositions", ())),
            measured=tuple(each["kind"] for each in measurements),
            alarms=tuple(each["kind"] for each in measurements if each.get("alert") == "alarm"),
            faults=tuple(each["kind"] for each in measurements if each.get("alert") == "error"),
            changes=tuple(
                (each["kind"], float(each["value"]))
                for each in measurements
                if each["kind"] in CHANGES and each.get("value") is not None
            ),
        ),
        read=of_reading("exception", reading),
        devices=temperatures.devices(measurements)[:_DEVICES],
        setpoint=_setpoint(measurements),
        expected=_expected(case, supply),
    )


def of_supply(supply: _Wire) -> _Found:
    """What the event says."""
    measurements: Sequence[_Wire] = supply.get("measurements", ())
    correction = supply.get("correction")
    corrects = supply.get("corrects") is not None
    facts = present(
        {
            "supply.family": supply["family"],
            "supply.milestone": supply["milestone"],
            "supply.classifier": supply["classifier"],
            "supply.source_code": supply.get("source_code"),
            "supply.reason_code": supply.get("reason_code"),
            "supply.disposition": supply.get("disposition"),
            "supply.delay_days": _delay(supply, measurements),
            "supply.corrects": supply.get("corrects"),
            "supply.replaces": corrects and correction == "replaced",
            "supply.retracts": corrects and correction != "replaced",
        }
    )
    lots = set()
    refs: Iterable[_Wire] = supply.get("refs", ())
    for ref in refs:
        if ref["type"] in REFERENCES:
            facts.setdefault(f"ref.{ref['type']}", ref["value"])
        if ref["type"] == "lot":
            lots.add(ref["value"])
    facts["supply.lots"] = len(lots)
    for each in measurements:
        if each["kind"] in CHANGES and each.get("value") is not None:
            facts.setdefault(f"supply.{each['kind']}", float(each["value"]))
    return facts | _of_temperatures(measurements)


def judge(
    facts: _Found,
    view: SupplyView,
    standards: Standards,
    *,
    ahead: timedelta = timedelta(),
    remembered: Remembered = NOTHING,
) -> Remembered:
    """Add what went wrong and how bad it is; returns what is to be remembered.

    `ahead`: how long after the event came it will have been.
    """
    news, expected = True, view.expected
    if expected is not None:
        against, news, expected = compare(expected, remembered.expected)
        # What the event itself says of what it corrects and by how much goes before.
        facts |= {**against, **{name: facts[name] for name in against.keys() & facts.keys()}}
    usual = standards.cold_chain
    allowed = coldchain.limits(facts, view.setpoint, usual)
    verdict, watched = coldchain.judge(view.devices, allowed, usual, remembered.watched)
    if verdict is not None:
        facts |= verdict.facts()
    known = Known(
        delay_days=number(facts, "supply.delay_days"),
        slipped_days=number(facts, "supply.slipped_days"),
        late_days=number(facts, "po.late_days"),
        ahead_days=ahead / timedelta(days=1),
        cover_is_low=standards.severity.cover_is_low(number(facts, "stock.cover_days")),
        news=news,
        temperature=None if verdict is None else verdict.row,
        cleared=verdict is not None and verdict.state == "within",
    )
    facts |= _exception(classify(view.codes, known), view.read)
    judge_severity(facts, standards)
    return Remembered(expected, watched)


def judge_severity(facts: _Found, standards: Standards) -> None:
    """Add how late and how bad the exception is, if there is one: over facts as they are."""
    if "exception.label" not in facts:
        return
    late = days_late(facts)
    if late is not None:
        facts.setdefault("exception.days_late", late)
    found = severity(facts, standards.severity)
    if found is not None:
        facts["exception.severity"], facts["exception.driver"] = found


def _exception(told: tuple[str, str] | None, read: Facts) -> _Found:
    """The tables first: a model is believed only where they say nothing, or not what."""
    if told is None or (told[0] == "other" and "exception.label" in read):
        return {**read, "exception.source": "model"} if read else {}
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


def _delay(supply: _Wire, measurements: Sequence[_Wire]) -> float | None:
    """As the event's two times have it, else as its source puts a figure to it."""
    days = decimal(supply.get("delay_days"))
    if days is not None:
        return days
    told = [
        float(each["value"]) * _SPANS[each["uom"]]
        for each in measurements
        if each["kind"] == "delay" and each.get("value") is not None and each.get("uom") in _SPANS
    ]
    return round(max(told), 2) if told else None


def _expected(case: _Wire, supply: _Wire) -> Expected | None:
    """The event's own word on when; one that takes another back has none."""
    time, before = supply.get("new_time"), supply.get("previous_time")
    taken_back = supply.get("corrects") is not None and supply.get("correction") != "replaced"
    if time is None or taken_back or supply["classifier"] == "requested":
        return None
    where: _Wire = supply.get("place") or {}
    place = next(filter(None, map(where.get, ("unlocode", "gln", "facility"))), "")
    what = f"{case['source']}|{supply['milestone']}@{place}"
    return Expected(
        what=what[:_LONGEST], event_id=case["event_id"], time=time, first=before or time
    )


def _setpoint(measurements: Iterable[_Wire]) -> float | None:
    for each in measurements:
        if each["kind"] == "temperature_setpoint":
            return temperatures.celsius(each.get("value"), each.get("uom"))
    return None


def _of_temperatures(measurements: Iterable[_Wire]) -> _Found:
    seen = [
        round(degrees, 2)
        for each in measurements
        if each["kind"] == "temperature"
        for name in ("value", "minimum", "maximum")
        if (degrees := temperatures.celsius(each.get(name), each.get("uom"))) is not None
    ]
    return (
        {"supply.temperature_min": min(seen), "supply.temperature_max": max(seen)} if seen else {}
    )
