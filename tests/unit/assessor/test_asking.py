"""Whom to ask about a case, and what of."""

import dataclasses

import pytest

from services.assessor.domain.asking import Question, Subject, question, wanted_facts

TICKET = Subject(
    support=True,
    echo=False,
    new_message=True,
    from_customer=True,
    automatic=False,
    has_text=True,
)
SUPPLY = dataclasses.replace(TICKET, support=False, new_message=False, from_customer=False)


def test_a_customers_new_message_is_read():
    """The flow's main case."""
    assert question(TICKET) is Question.TICKET


@pytest.mark.parametrize(
    "change",
    [{"echo": True}, {"new_message": False}, {"from_customer": False}, {"automatic": True}],
)
def test_what_no_customer_newly_said_costs_no_model(change):
    """Our own echo, a status change, an agent's answer, an out-of-office note."""
    assert question(dataclasses.replace(TICKET, **change)) is None


def test_a_message_without_text_is_still_asked_for():
    """The policy is to hear that there was nothing to read."""
    assert question(dataclasses.replace(TICKET, has_text=False)) is Question.TICKET


def test_supply_is_read_only_where_there_is_free_text():
    """Codes are for tables, models are for text."""
    assert question(SUPPLY) is Question.NOTICE
    assert question(dataclasses.replace(SUPPLY, has_text=False)) is None
    assert question(dataclasses.replace(SUPPLY, echo=True)) is None


def test_facts_are_wanted_by_domain_and_never_for_an_echo():
    """What is asked for and not known is told as missing, so it must be what policies use."""
    assert "order.amount" in wanted_facts(TICKET)
    assert "stock.cover_days" in wanted_facts(SUPPLY)
    assert wanted_facts(dataclasses.replace(TICKET, echo=True)) == ()
