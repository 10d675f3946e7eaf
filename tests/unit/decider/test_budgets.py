"""Budgets: counted before an action goes, per key and window, over what went and what will."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.decider.domain.deciding import decide
from services.decider.domain.ruling import Reason, Ruling, Withheld
from tests.fakes_decider import NOW
from tests.fakes_policy import NOTIFY, ROUTE, TAG, FakeControl, FakeMemory, make_policy, make_view

HOURLY = {"name": "hourly", "action": "support.route", "max": 2, "window": "1h"}
PER_PERSON = {
    "name": "per_person",
    "action": "support.route",
    "key": ["ticket.requester_ref"],
    "max": 1,
    "window": "24h",
}
OTHER_ROUTE = {"action": "support.route", "parameters": {"queue": "b"}}


class Ledger:
    """Decides over budgets, and what is charged by now."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.memory = folder, FakeMemory()

    def decide(self, *steps, budgets=(HOURLY,), facts=None, **fields) -> Ruling:
        """One case."""
        policy = make_policy(self.folder, *steps, budgets=list(budgets), **fields)
        view = make_view(facts, domain=policy.domain)
        return decide(view, policy, self.memory, FakeControl(), NOW)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Nothing is charged."""
    return Ledger(tmp_path)


def test_an_action_is_charged_with_all_that_the_journal_keeps(ledger: Ledger) -> None:
    """Key, limit, window, and what is used after counting it."""
    ledger.memory.used["acme|support|hourly"] = 1
    [action] = ledger.decide(ROUTE).actions
    [charge] = action.budgets
    assert (charge.name, charge.key, charge.amount) == ("hourly", "acme|support|hourly", 1)
    assert (charge.limit, charge.used, charge.window_s) == (2, 2, 3600)
    assert charge.until == NOW + timedelta(hours=1)


def test_one_too_many_is_withheld_and_charges_nothing(ledger: Ledger) -> None:
    """The limit itself may be reached, and no more."""
    ledger.memory.used["acme|support|hourly"] = 2
    ruling = ledger.decide(ROUTE)
    [action] = ruling.actions
    assert (action.withheld, action.budgets) == (Withheld.BUDGET, ())
    assert ruling.reason is Reason.BUDGET
    assert action.explanation.endswith("withheld: hourly would be 3 of 2")


def test_steps_of_one_case_are_counted_together(ledger: Ledger) -> None:
    """Two steps cannot both take the last one."""
    ledger.memory.used["acme|support|hourly"] = 1
    first, second = ledger.decide(ROUTE, OTHER_ROUTE).actions
    assert (first.withheld, second.withheld) == (None, Withheld.BUDGET)


def test_what_is_withheld_leaves_its_budget_to_the_next(ledger: Ledger) -> None:
    """A shadow costs nothing."""
    ledger.memory.used["acme|support|hourly"] = 1
    shadow = {**ROUTE, "mode": "shadow"}
    first, second = ledger.decide(shadow, OTHER_ROUTE).actions
    assert (first.withheld, second.withheld) == (Withheld.SHADOW, None)


def test_each_key_has_a_budget_of_its_own(ledger: Ledger) -> None:
    """One customer's flood costs that customer only."""
    ledger.memory.used["acme|support|per_person|p1"] = 1
    budgets = (PER_PERSON,)
    [flooded] = ledger.decide(ROUTE, budgets=budgets, facts={"ticket.requester_ref": "p1"}).actions
    [other] = ledger.decide(ROUTE, budgets=budgets, facts={"ticket.requester_ref": "p2"}).actions
    assert (flooded.withheld, other.withheld) == (Withheld.BUDGET, None)


def test_what_cannot_be_counted_does_not_go(ledger: Ledger) -> None:
    """A limit per person is not kept by losing sight of the person."""
    [action] = ledger.decide(ROUTE, budgets=(PER_PERSON,)).actions
    assert action.withheld is Withheld.MISSING_FACT
    assert "ticket.requester_ref" in action.explanation


def test_every_budget_of_the_class_must_hold_and_no_other(ledger: Ledger) -> None:
    """And each is charged."""
    facts = {"ticket.requester_ref": "p1"}
    route, tag = ledger.decide(ROUTE, TAG, budgets=(HOURLY, PER_PERSON), facts=facts).actions
    assert [each.name for each in route.budgets] == ["hourly", "per_person"]
    assert tag.budgets == ()


def test_a_sum_counts_what_the_parameter_says(ledger: Ledger) -> None:
    """Fractions add up as people expect, in spite of binary floats."""
    budget = {
        "name": "days",
        "action": "supply.notify_customer",
        "sum": "delay_days",
        "max": 0.3,
        "window": "1h",
    }
    step = {**NOTIFY, "parameters": {"template": "delay", "delay_days": "$supply.delay_days"}}
    ledger.memory.used["acme|supply|days"] = 0.1
    facts = {"supply.delay_days": 0.2, "ref.so": "S"}
    [action] = ledger.decide(step, domain="supply", budgets=(budget,), facts=facts).actions
    assert (action.withheld, action.budgets[0].amount, action.budgets[0].used) == (None, 0.2, 0.3)
    [without] = ledger.decide(
        step, domain="supply", budgets=(budget,), facts={"ref.so": "S"}
    ).actions
    assert without.withheld is Withheld.MISSING_FACT
