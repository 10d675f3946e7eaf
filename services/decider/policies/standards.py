"""What an operator holds supply events against: steps of severity, and the cold chain."""

from collections.abc import Mapping

from services.decider.domain.coldchain import ColdChain
from services.decider.domain.exceptions import SEVERITIES
from services.decider.domain.severity import Scale, Steps
from services.decider.domain.supplying import Standards
from services.decider.policies.document import Node, Reader

FIELDS = ("severity", "cold_chain")

_CURRENCY = r"[A-Z]{3}"
_LONGEST_HOURS = 24.0 * 90


def standards(given: Mapping[str, Node], domain: str, reader: Reader) -> Standards:
    """Of the policy's two fields; what is not written there is as usual."""
    if domain != "supply":
        for name in FIELDS:
            if name in given:
                reader.problems.add(given[name], "is for supply events; remove it")
        return Standards()
    return Standards(
        severity=_severity(given.get("severity"), reader),
        cold_chain=_cold_chain(given.get("cold_chain"), reader),
    )


def _severity(node: Node | None, reader: Reader) -> Scale:
    if node is None:
        return Scale()
    given = reader.mapping(
        node, optional=("late_days", "cover_days", "money_at_risk", "safety_class")
    )
    money: dict[str, Steps] = {}
    for currency, child in reader.entries(given.get("money_at_risk")).items():
        reader.text(Node(currency, child.line, child.path), pattern=_CURRENCY)
        if (steps := _steps(child, reader)) is not None:
            money[currency] = steps
    safety: dict[str, str] = {}
    for name, child in reader.entries(given.get("safety_class")).items():
        if (severity := reader.one_of(child, SEVERITIES, "severity")) is not None:
            safety[name] = severity
    usual = Scale()
    return Scale(
        late_days=_steps(given.get("late_days"), reader) or usual.late_days,
        cover_days=_steps(given.get("cover_days"), reader, falling=True),
        money=money,
        safety=safety,
    )


def _steps(node: Node | None, reader: Reader, *, falling: bool = False) -> Steps | None:
    """Two figures, the critical one beyond the major one."""
    if node is None:
        return None
    given = reader.mapping(node, ("major", "critical"))
    major = reader.number(given.get("major"), above=0)
    critical = reader.number(given.get("critical"), above=0)
    if major is None or critical is None:
        return None
    if (critical >= major) if falling else (critical <= major):
        beyond = "below" if falling else "above"
        reader.problems.add(node, f"critical must be {beyond} major, which is {major:g}")
        return None
    return Steps(major, critical)


def _cold_chain(node: Node | None, reader: Reader) -> ColdChain:
    if node is None:
        return ColdChain()
    given = reader.mapping(
        node, optional=("setpoint_within", "minutes", "mean_kinetic_hours", "longest_gap_hours")
    )

    def hours(name: str) -> float | None:
        return reader.number(given.get(name), above=0, upto=_LONGEST_HOURS)

    usual = ColdChain()
    return ColdChain(
        setpoint_within=reader.number(given.get("setpoint_within"), above=0, upto=100),
        minutes=reader.number(given.get("minutes"), above=0) or usual.minutes,
        mean_kinetic_hours=hours("mean_kinetic_hours") or usual.mean_kinetic_hours,
        longest_gap_hours=hours("longest_gap_hours") or usual.longest_gap_hours,
    )
