"""Freshdesk: ticket objects, product events, automation webhooks."""

import copy

import pytest

from schemas.support import AuthorKind, Channel, Direction
from services.chassis.errors import Rejected
from services.intake.formats.freshdesk import FORMAT as FRESHDESK
from tests.fakes_intake import example


def ticket(**changes):
    """The example's ticket, changed."""
    return copy.deepcopy(example("sources/freshdesk/ticket-with-conversations.json")) | changes


def new(**changes):
    """A ticket that was just made."""
    return ticket(conversations=[], created_at="2026-11-20T09:26:31Z") | changes


def note(**changes):
    """The example's product event, its conversation changed."""
    made = copy.deepcopy(example("sources/freshdesk/private-note-created.json"))
    made["data"]["conversation"] |= changes
    return made


def webhook(**changes):
    """The example's automation webhook, changed."""
    made = example("sources/freshdesk/automation-webhook.json")
    return {"freshdesk_webhook": made["freshdesk_webhook"] | changes}


def only(data):
    """The one event of a document."""
    (found,) = FRESHDESK.map(data)
    return found


def test_the_conversation_that_changed_a_ticket_is_its_message():
    """The newest, by its own time; the others were told before."""
    found = only(ticket())
    message = found.event.message
    assert (message.id, message.direction, message.attachments) == ("5037254", Direction.INBOUND, 1)
    assert message.text == "That was two days ago. Nothing has come. When do I get my money?"
    assert (found.event.priority, found.event.source_priority) == ("high", "3")
    assert (found.event.channel, found.event.source_channel) == (Channel.EMAIL, "1")
    assert found.event.custom_fields["custom_fields.cf_order_number"] == "SO-47950"
    assert found.event_id == only(ticket()).event_id != only(ticket(status=3)).event_id


def test_a_change_long_after_the_last_conversation_has_no_message():
    """Somebody closed the ticket: nothing new was said."""
    assert only(ticket(updated_at="2026-11-20T18:00:00Z", status=5)).event.message is None


def test_a_new_tickets_description_is_its_message():
    """As text where Freshdesk gives it, else from its HTML; ours, where we wrote first."""
    found = only(new()).event.message
    assert (found.id, found.text) == (
        "description",
        "Two weeks ago I sent the kettle from SO-47950 back.",
    )
    assert only(new(description_text=None)).event.message.text == found.text
    ours = only(new(source=10)).event.message
    assert (ours.direction, ours.author_kind) == (Direction.OUTBOUND, AuthorKind.AGENT)


@pytest.mark.parametrize(
    ("incoming", "private", "kind", "direction"),
    [
        (True, False, "customer", "inbound"),
        (False, False, "agent", "outbound"),
        (False, True, "agent", "internal"),
        (True, True, "customer", "internal"),
        (None, None, "agent", "outbound"),
    ],
)
def test_who_wrote_a_conversation_and_for_whom(incoming, private, kind, direction):
    """A private note stays among colleagues, whoever sent it in."""
    message = only(note(incoming=incoming, private=private)).event.message
    assert (message.author_kind, message.direction) == (kind, direction)


def test_a_product_event_names_its_actor():
    """Whose change it is, also where there is no message."""
    found = only(note()).event
    assert (found.ticket_id, found.changed_by, found.status) == ("271", "1000156233", "other")
    update = {
        "data": {"ticket": ticket(conversations=None), "actor": {"id": 9}},
        "event": "onTicketUpdate",
    }
    assert only(update).event.changed_by == "9"
    assert only(update).event.message is None


def test_our_mark_counts_when_the_change_brought_it():
    """`changes` has what was and what is."""
    mark = "sluice-7f6a0f6452f15b579d0c0e4f"  # tags are cut at 32 characters
    made = {
        "data": {"ticket": ticket(conversations=None), "changes": {"tags": [["a"], ["a", mark]]}}
    }
    assert only(made).event.action_id == "7f6a0f6452f15b579d0c0e4f"
    made["data"]["changes"]["tags"] = [[mark], [mark, "b"]]
    assert only(made).event.action_id is None


def test_an_automation_webhook_is_a_new_ticket_or_a_comment_by_nobody_knows_whom():
    """It has no time and no author: nothing may be answered on its word, and no repeat is told."""
    found = only(webhook())
    assert found.event_id is None
    assert found.event.revision == 0
    assert found.event.message.text == "Do you deliver to pin code 682001?\nHow long does it take?"
    assert found.event.tags == ("presales", "kerala")
    later = only(
        webhook(triggered_event="{reply_sent:sent}", ticket_latest_public_comment="Thanks")
    )
    assert (later.event.message.text, later.event.message.direction) == ("Thanks", Direction.OTHER)
    assert later.event.message.author_kind == AuthorKind.OTHER
    assert only(webhook(ticket_id="#272")).event.ticket_id == "272"


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"status": 2}, "open"), ({"status": 3}, "pending_customer"), ({"status": 4}, "resolved"),
     ({"status": 5}, "closed"), ({"status": 6}, "pending_customer"), ({"status": 7}, "on_hold"),
     ({"status": 19}, "other"), ({"status": "Pending"}, "pending_customer"),
     ({"status": 2, "spam": True}, "spam"), ({"status": 2, "deleted": True}, "deleted")],
)  # fmt: skip
def test_every_status_has_its_meaning(changes, status):
    """An account's own statuses are other, and kept."""
    found = only(ticket(**changes)).event
    assert (found.status, found.source_status) == (status, str(changes["status"]))


def test_a_conversation_alone_is_of_its_ticket():
    """As the API lists them."""
    said = ticket()["conversations"][1] | {"ticket_id": 271}
    first, second = FRESHDESK.map([said, said])
    assert (first.event.ticket_id, first.event.message.id) == ("271", "5037254")
    assert first.event_id == second.event_id


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ticket(priority=9), "priority: must be one of 1, low"),
        (webhook(ticket_priority="Whenever"), "freshdesk_webhook.ticket_priority: must be one of"),
        (webhook(ticket_id=None), "freshdesk_webhook.ticket_id: is required"),
        (ticket(id=None), "id: is required"),
        (ticket(spam="no"), "spam: must be true or false"),
        (ticket(conversations={}), "conversations: must be an array"),
        (note(id=None), "data.conversation.id: is required"),
        (note(created_at="yesterday"), "data.conversation.created_at: must be an RFC 3339 time"),
        ({"data": {}}, "data.ticket: is required, or a conversation"),
        ([], "value: is an empty page"),
        ([7], r"\[0\]: must be a JSON object"),
    ],
)
def test_a_broken_document_is_refused_by_its_field(data, said):
    """In Freshdesk's words."""
    with pytest.raises(Rejected, match=said):
        FRESHDESK.map(data)
