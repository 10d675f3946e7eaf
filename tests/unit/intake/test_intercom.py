"""Intercom: notifications about conversations and tickets, and the objects."""

import copy

import pytest

from services.chassis.errors import Rejected
from services.intake.formats.intercom import FORMAT as INTERCOM
from tests.fakes_intake import example

MARK = "sluice-7f6a0f64-52f1-5b57-9d0c-0e4f1b7a2c33"


def replied(item=None, part=None, **top):
    """The example of a customer's reply, changed."""
    made = copy.deepcopy(example("sources/intercom/customer-replied.json"))
    inner = made["data"]["item"]
    inner["conversation_parts"]["conversation_parts"][0] |= part or {}
    inner |= item or {}
    return made | top


def created(item=None, **top):
    """The example of a new ticket, changed."""
    made = copy.deepcopy(example("sources/intercom/ticket-created.json"))
    made["data"]["item"] |= item or {}
    return made | top


def only(data):
    """The one event of a document."""
    (found,) = INTERCOM.map(data)
    return found


def test_a_customers_reply_is_the_new_message():
    """Its HTML as text; a notification that is delivered again is the same event."""
    found = only(replied())
    assert found.event_id == "notif_11aef68a-8049-4f29-bbd9-48a7adfc8f30"
    assert found.event_id == only(replied(delivery_attempts=3)).event_id
    message = found.event.message
    assert message.text == "New address: 14 Beach Road.\n\nPlease hurry, it ships today!"
    assert (message.direction, message.author_kind) == ("inbound", "customer")
    assert (found.event.status, found.event.priority, found.event.queue) == ("open", "normal", None)
    assert found.event.tags == ("address",)
    assert found.event.custom_fields["data.item.custom_attributes.Order number"] == "SO-48433"


@pytest.mark.parametrize(
    ("author", "part_type", "kind", "direction"),
    [
        ("user", "comment", "customer", "inbound"),
        ("lead", "comment", "customer", "inbound"),
        ("contact", "comment", "customer", "inbound"),
        ("admin", "comment", "agent", "outbound"),
        ("admin", "note", "agent", "internal"),
        ("admin", "note_and_reopen", "agent", "internal"),
        ("team", "assignment", "agent", "outbound"),
        ("bot", "comment", "bot", "outbound"),
    ],
)
def test_who_wrote_a_part_and_for_whom(author, part_type, kind, direction):
    """Bots are no customers, notes no replies."""
    part = {"author": {"type": author, "id": "1"}, "part_type": part_type}
    message = only(replied(part=part)).event.message
    assert (message.author_kind, message.direction) == (kind, direction)


def test_a_new_conversation_is_its_source():
    """Parts that come with it are answers of robots."""
    found = only(replied(topic="conversation.user.created")).event
    assert found.message.text == "Hi, can I change the address of SO-48433?"
    assert (found.message.id, found.message.author_id) == ("403918320", "5bc8f7ae2d96695c18a")


@pytest.mark.parametrize(
    "topic",
    ["conversation_part.tag.created", "conversation.rating.added", "conversation.priority.updated",
     "conversation.read", "ticket.state.updated"],
)  # fmt: skip
def test_what_tells_no_new_part_has_no_message(topic):
    """The part that was tagged was said before."""
    assert only(replied(topic=topic)).event.message is None


def test_a_new_ticket_is_its_description_and_its_note_its_part():
    """Both ways in which notifications hold a ticket."""
    found = only(created()).event
    assert (found.subject, found.status) == ("Invoice without our tax number", "new")
    assert found.message.text.startswith("The invoice of SO-48450 lacks")
    note = {"type": "ticket_part", "id": "p-1", "part_type": "note", "body": "<p>VAT id?</p>",
            "author": {"type": "admin", "id": "9"}, "created_at": 1795161900}  # fmt: skip
    made = created(topic="ticket.note.created")
    made["data"]["item"] = {"ticket": made["data"]["item"], "ticket_part": note}
    noted = only(made).event
    assert (noted.ticket_id, noted.message.id, noted.message.direction) == (
        "494",
        "p-1",
        "internal",
    )


def test_our_mark_counts_when_a_tag_is_added():
    """Not whenever the conversation has it."""
    added = {"tags_added": {"type": "tag.list", "tags": [{"type": "tag", "id": "1", "name": MARK}]}}
    topic = "conversation_part.tag.created"
    assert only(replied(item=added, topic=topic)).event.action_id == MARK[7:]
    assert only(replied(item=added)).event.action_id is None


def test_objects_of_the_api_have_an_id_of_their_content():
    """The newest part is the message if it made the change."""
    item = replied()["data"]["item"]
    first, again = INTERCOM.map({"type": "conversation.list", "conversations": [item, item]})
    assert first.event.message.id == "2202737123"
    assert first.event_id == again.event_id
    assert only(item | {"updated_at": 1795200000}).event.message is None
    ticket = created()["data"]["item"]
    assert only(ticket).event.message.id == "description"
    assert only(ticket | {"ticket_state": "in_progress"}).event.status == "open"


def test_what_is_deleted_is():
    """Whatever state it had."""
    assert only(replied(topic="conversation.deleted")).event.status == "deleted"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (replied(data=None), "data.item: is required"),
        (replied(topic=None), "topic: is required"),
        (replied(item={"type": "ping"}), "data.item.type: must be one of ticket, conversation"),
        (replied(item={"state": "asleep"}), "data.item.state: must be one of open, closed"),
        (replied(item={"priority": "p1"}), "data.item.priority: must be one of priority"),
        (replied(item={"updated_at": "now"}), "data.item.updated_at: must be a whole number"),
        (replied(item={"id": None}), "data.item.id: is required"),
        (replied(part={"author": {"type": "alien"}}),
         r"conversation_parts\[0\].author.type: must be one of user, lead"),
        (replied(part={"id": None}), r"conversation_parts\[0\].id: is required"),
        (created(item={"ticket_state": {"category": "lost"}}),
         "data.item.ticket_state.category: must be one of submitted"),
        ({"type": "notification_event", "data": []}, "data: must be a JSON object"),
        ({"tickets": []}, "value: is an empty page"),
    ],
)  # fmt: skip
def test_a_broken_document_is_refused_by_its_field(data, said):
    """In Intercom's words."""
    with pytest.raises(Rejected, match=said):
        INTERCOM.map(data)
