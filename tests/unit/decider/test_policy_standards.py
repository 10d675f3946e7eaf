"""The policy's own figures for severity and the cold chain: read, checked, used by its tests."""

import pytest

from services.decider.domain.coldchain import ColdChain
from services.decider.domain.severity import Scale, Steps
from services.decider.domain.supplying import Standards
from services.decider.policies.compiling import compile_file
from tests.fakes_policy import document, write

CALL = {"queue": "a", "severity": "minor", "reason": "r"}
PAGE = {"action": "supply.page_planner", "parameters": CALL}


def compiled(folder, domain="supply", **fields):
    """The policy, and what is wrong with it without file and line."""
    steps = [PAGE] if domain == "supply" else []
    policy, _, wrong = compile_file(write(folder, document(*steps, domain=domain, **fields)), {})
    return policy, [each.split(": ", 1)[1] for each in wrong]


def test_what_is_not_written_is_as_usual(tmp_path):
    """Days late have steps of ours; money and harm are the operator's to say."""
    policy, wrong = compiled(tmp_path)
    assert (policy.standards, wrong) == (Standards(), [])


def test_all_of_it_can_be_written(tmp_path):
    """As docs/policies.md shows it."""
    policy, wrong = compiled(
        tmp_path,
        severity={
            "late_days": {"major": 2, "critical": 4},
            "cover_days": {"major": 5, "critical": 1},
            "money_at_risk": {"EUR": {"major": 10, "critical": 20}},
            "safety_class": {"food": "critical"},
        },
        cold_chain={
            "setpoint_within": 1.5,
            "minutes": 10,
            "mean_kinetic_hours": 12,
            "longest_gap_hours": 1,
        },
    )
    assert wrong == []
    assert policy.standards == Standards(
        severity=Scale(
            late_days=Steps(2, 4),
            cover_days=Steps(5, 1),
            money={"EUR": Steps(10, 20)},
            safety={"food": "critical"},
        ),
        cold_chain=ColdChain(
            setpoint_within=1.5, minutes=10, mean_kinetic_hours=12, longest_gap_hours=1
        ),
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"severity": {"late_days": {"major": 4, "critical": 4}}},
            "severity.late_days: critical must be above major, which is 4",
        ),
        (
            {"severity": {"cover_days": {"major": 2, "critical": 4}}},
            "severity.cover_days: critical must be below major, which is 2",
        ),
        (
            {"severity": {"late_days": {"major": 4}}},
            "severity.late_days: critical is missing; add it",
        ),
        (
            {"severity": {"money_at_risk": {"Euro": {"major": 1, "critical": 2}}}},
            "severity.money_at_risk.Euro: 'Euro' must be like [A-Z]{3}",
        ),
        (
            {"severity": {"safety_class": {"food": "grave"}}},
            "severity.safety_class.food: unknown severity grave; known: critical, major, minor",
        ),
        ({"severity": {"late": 1}}, "severity.late: unknown field late; did you mean late_days?"),
        ({"cold_chain": {"minutes": 0}}, "cold_chain.minutes: must be above 0, is 0"),
        ({"cold_chain": 3}, "cold_chain: must be a mapping with keys"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_field(tmp_path, fields, says):
    """Nobody pages at the wrong step for weeks before it is seen."""
    assert says in compiled(tmp_path, **fields)[1]


def test_tickets_have_no_use_for_it(tmp_path):
    """A figure that does nothing misleads."""
    _, wrong = compiled(tmp_path, domain="support", severity={})
    assert wrong == ["severity: is for supply events; remove it"]


def test_a_policy_s_tests_are_judged_by_its_own_figures(tmp_path):
    """An order of 15 euros is a great one here."""
    rule = {"id": "all", "when": {"exception.severity": "major"}, "then": [PAGE]}
    given = {"exception.label": "delay", "supply.delay_days": 1}
    given |= {"po.amount": 15, "po.currency": "EUR"}
    tests = [{"name": "t", "given": given, "expect": {"rule": "all"}}]
    steps = {"money_at_risk": {"EUR": {"major": 10, "critical": 20}}}
    assert compiled(tmp_path, rules=[rule], tests=tests, severity=steps)[1] == []
    (failure,) = compiled(tmp_path, rules=[rule], tests=tests)[1]
    assert "expected rule all, got default" in failure
