"""Zammad: the payload of its webhooks."""

import copy

import pytest

from services.chassis.errors import Rejected
from services.intake.formats.zammad import FORMAT as ZAMMAD
from tests.fakes_intake import example


def payload(ticket=None, article=None):
    """The example of a customer's mail, changed."""
    made = copy.deepcopy(example("sources/zammad/customer-mail.json"))
    made["ticket"] |= ticket or {}
    made["article"] |= article or {}
    return made


def only(data):
    """The one event of a payload."""
    (found,) = ZAMMAD.map(data)
    return found


def test_a_customers_mail_is_read_from_its_html():
    """Attachments are counted; a customer whom Zammad marks is one."""
    found = only(payload()).event
    assert found.message.text == "Hello,\n\nthe kettle of SO-48102 is green, I ordered a blue one."
    assert (found.message.attachments, found.requester.id, found.requester.vip) == (1, "8", True)
    assert (found.queue, found.channel, found.priority) == ("Service Desk", "email", "normal")
    assert found.revision == 1_795_169_675_333


@pytest.mark.parametrize(
    ("article", "kind", "direction"),
    [
        ({"sender": "Customer"}, "customer", "inbound"),
        ({"sender": "Agent"}, "agent", "outbound"),
        ({"sender": "System"}, "system", "outbound"),
        ({"sender": "Agent", "internal": True}, "agent", "internal"),
        ({"sender": "Customer", "internal": True}, "customer", "internal"),
    ],
)
def test_who_wrote_an_article_and_for_whom(article, kind, direction):
    """A note among colleagues is internal, whoever it is filed under."""
    message = only(payload(article=article)).event.message
    assert (message.author_kind, message.direction) == (kind, direction)


def test_what_is_put_in_for_a_customer_is_the_customers():
    """By an agent on the phone, or by a program: who said it counts."""
    message = only(payload(article={"created_by_id": 3, "origin_by_id": 8})).event.message
    assert message.author_id == "8"


def test_an_automatic_answer_is_one():
    """As Zammad judged it by the mail's headers."""
    found = only(payload(article={"preferences": {"is-auto-response": True}}))
    assert found.event.message.automatic
    assert not only(payload(article={"preferences": None})).event.message.automatic


def test_a_change_without_an_article_has_no_message_but_somebody_who_made_it():
    """A trigger on a field."""
    made = payload(ticket={"updated_by_id": 5})
    del made["article"]
    found = only(made).event
    assert (found.message, found.changed_by) == (None, "5")


@pytest.mark.parametrize(
    ("state", "status"),
    [("new", "new"), ("open", "open"), ("pending reminder", "pending_customer"),
     ("pending close", "on_hold"), ("closed", "closed"), ("merged", "closed"),
     ({"id": 9, "name": "Closed"}, "closed"), ("in the workshop", "other"), (None, "other")],
)  # fmt: skip
def test_every_state_has_its_meaning(state, status):
    """An administrator's own ones are other, and kept; expanded or by name."""
    found = only(payload(ticket={"state": state})).event
    name = state["name"] if isinstance(state, dict) else state
    assert (found.status, found.source_status) == (status, name)


def test_the_same_delivery_is_the_same_event():
    """Zammad repeats a webhook with the same body."""
    assert only(payload()).event_id == only(payload()).event_id
    assert only(payload()).event_id != only(payload(article={"body": "x"})).event_id


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "ticket: is required"),
        (payload(ticket={"id": None}), "ticket.id: is required"),
        (payload(article={"id": None}), "article.id: is required"),
        (payload(article={"sender": "Robot"}), "article.sender: must be one of customer, agent"),
        (payload(article={"internal": 1}), "article.internal: must be true or false"),
        (payload(ticket={"state": 4}), "ticket.state: must be a string"),
        (payload(ticket={"updated_at": 7}), "ticket.updated_at: must be a string"),
        ({"ticket": []}, "ticket: must be a JSON object"),
        (None, "value: must be a JSON object"),
    ],
)
def test_a_broken_payload_is_refused_by_its_field(data, said):
    """In Zammad's words."""
    with pytest.raises(Rejected, match=said):
        ZAMMAD.map(data)
