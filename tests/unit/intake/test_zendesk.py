"""Zendesk: what an event or a ticket says, and what is refused by its field."""

import copy

import pytest

from schemas.support import AuthorKind, Channel, Direction, TicketPriority, TicketStatus
from services.chassis.errors import Rejected
from services.intake.formats.zendesk import FORMAT as ZENDESK
from tests.fakes_intake import example

TAGGED = "sluice-7f6a0f64-52f1-5b57-9d0c-0e4f1b7a2c33"


def event(name="comment-added", detail=None, happened=None, **top):
    """An example's event, its detail, its event part and its envelope changed."""
    made = copy.deepcopy(example(f"sources/zendesk/{name}.json"))
    made["detail"] |= detail or {}
    made["event"] |= happened or {}
    return made | top


def comment(**changes):
    """The example's event with a comment that differs."""
    return event(happened={"comment": event()["event"]["comment"] | changes})


def ticket(**changes):
    """The first ticket object of the example's page."""
    return example("sources/zendesk/ticket-page.json")["tickets"][0] | changes


def only(data):
    """The one event of a document."""
    (found,) = ZENDESK.map(data)
    return found


def test_a_customers_comment_is_the_new_message():
    """Not the description again, which every event repeats."""
    found = only(event())
    ticket = found.event
    assert found.event_id == "d4f5c389-8f4a-4c2e-a1b9-8e4f39c71d52"
    assert (ticket.ticket_id, ticket.status, ticket.source_status) == ("5158", "open", "OPEN")
    assert (ticket.priority, ticket.source_priority) == (TicketPriority.HIGH, "HIGH")
    assert (ticket.channel, ticket.source_channel) == (Channel.WEB, "web_widget")
    assert ticket.message.id == "18290410571773"
    assert ticket.message.text.startswith("It is evening now")
    assert (ticket.message.direction, ticket.message.author_kind) == (
        Direction.INBOUND,
        AuthorKind.CUSTOMER,
    )
    assert ticket.message.author_id == ticket.requester.id == "8447388090494"
    assert "detail.description" in ticket.custom_fields


def test_a_new_tickets_description_is_its_message_told_twice_or_once():
    """Zendesk tells a first comment as both: one message id, so that it is one message."""
    created = only(event("ticket-created")).event
    assert (created.status, created.message.id) == (TicketStatus.NEW, "description")
    assert (
        created.message.text
        == example("sources/zendesk/ticket-created.json")["detail"]["description"]
    )
    same = event("ticket-created", type="zen:event-type:ticket.comment_added", happened={
        "comment": {"id": "1", "body": created.message.text, "is_public": True,
                    "author": {"id": "8447388090494", "is_staff": False}}
    })  # fmt: skip
    assert only(same).event.message.id == "description"
    later = copy.deepcopy(same)
    later["detail"]["updated_at"] = "2026-11-20T09:00:00Z"
    assert only(later).event.message.id == "1"  # the same words again are another message


@pytest.mark.parametrize(
    ("author", "public", "kind", "direction"),
    [
        ({"id": "1", "is_staff": False}, True, "customer", "inbound"),
        ({"id": "1", "is_staff": True}, True, "agent", "outbound"),
        ({"id": "1", "is_staff": True}, False, "agent", "internal"),
        ({"id": "1", "is_staff": False}, False, "customer", "internal"),
        ({"id": "-1", "is_staff": False}, True, "system", "outbound"),
        ({"id": 7, "is_staff": None}, None, "customer", "inbound"),
    ],
)
def test_who_wrote_a_comment_and_for_whom(author, public, kind, direction):
    """What is among colleagues must never be taken for a customer's words."""
    message = only(comment(author=author, is_public=public)).event.message
    assert (message.author_kind, message.direction) == (kind, direction)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("NEW", "new"), ("OPEN", "open"), ("pending", "pending_customer"), ("HOLD", "on_hold"),
     ("Solved", "resolved"), ("CLOSED", "closed"), ("DELETED", "deleted"), (None, "other")],
)  # fmt: skip
def test_every_status_has_its_meaning(said, meant):
    """In capitals in events, in small letters in objects."""
    assert only(event(detail={"status": said})).event.status == meant


@pytest.mark.parametrize(
    ("kind", "status"),
    [("marked_as_spam", "spam"), ("soft_deleted", "deleted"), ("permanently_deleted", "deleted"),
     ("merged", "open"), ("something_new", "open")],
)  # fmt: skip
def test_what_an_event_does_to_a_ticket_counts(kind, status):
    """The detail may still have the status before; an event that we do not know is a change."""
    found = only(event(type=f"zen:event-type:ticket.{kind}")).event
    assert (found.status, found.message) == (status, None)


def test_a_change_without_a_message_names_who_made_it_and_our_mark_if_it_brought_it():
    """Tags stay for ever: a mark counts when it is added, not whenever it is there."""
    marked = only(event("tagged-by-our-action")).event
    assert (marked.changed_by, marked.action_id) == ("8447388090777", TAGGED[7:])
    there = event("tagged-by-our-action", happened={"added": {"tags": ["vip"]}})
    assert only(there).event.action_id is None
    assert TAGGED in only(there).event.tags
    taken = event("tagged-by-our-action", happened={"added": {}, "removed": {"tags": [TAGGED]}})
    assert only(taken).event.action_id is None


def test_a_message_of_messaging_has_its_author_and_time():
    """Messaging events carry the ticket's id alone."""
    data = {
        "type": "zen:event-type:messaging_ticket.message_added",
        "id": "e-1",
        "time": "2026-11-20T09:12:44Z",
        "detail": {"id": "5158"},
        "event": {
            "actor": {"id": "u-1", "name": "Meera", "type": "end_user"},
            "conversation_id": "c-1",
            "message": {"id": "m-1", "body": "Hello?"},
        },
    }
    found = only(data).event
    assert (found.message.id, found.message.author_id, found.message.text) == (
        "m-1",
        "u-1",
        "Hello?",
    )
    assert found.revision == 1_795_165_964_000
    data["event"]["actor"]["type"] = "agent"
    assert only(data).event.message.direction == Direction.OUTBOUND


def test_a_page_of_tickets_is_its_tickets():
    """A description is the message of a ticket that was not changed since it was made."""
    first, second = ZENDESK.map(example("sources/zendesk/ticket-page.json"))
    assert first.event.message.id == "description"
    assert first.event.custom_fields["custom_fields.27642"] == "SO-48377"
    assert second.event.message is None
    assert "description" in second.event.custom_fields
    assert first.event_id.startswith("35436:1795145561000:")
    (alone,) = ZENDESK.map({"ticket": ticket()})
    assert alone.event_id == first.event_id == only(ticket()).event_id


def test_the_same_revision_with_other_content_is_another_event():
    """Equal revisions are both kept; a ticket without a time has no id of its own."""
    assert only(ticket()).event_id != only(ticket(status="open")).event_id
    assert only(ticket(updated_at=None)).event_id is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (event(type="zen:event-type:user.created"), "type: is no ticket event; subscribe"),
        (event(detail={"status": "RESTING"}), "detail.status: must be one of new, open"),
        (event(detail={"priority": "asap"}), "detail.priority: must be one of low"),
        (event(detail={"id": None}), "detail.id: is required"),
        (event(detail={"id": True}), "detail.id: must be a string or a whole number"),
        (event(detail={"updated_at": "2026-11-20"}), "detail.updated_at: must have an offset"),
        (event(detail={"tags": [7]}), r"detail.tags\[0\]: must be a string"),
        (event(detail={"via": "web"}), "detail.via: must be a JSON object"),
        (event(detail=None) | {"detail": None}, "detail: is required"),
        (comment(id=None), "event.comment.id: is required"),
        (comment(body=["x"]), "event.comment.body: must be a string"),
        (comment(is_public="yes"), "event.comment.is_public: must be true or false"),
        (comment(author="Meera"), "event.comment.author: must be a JSON object"),
        ({"tickets": []}, "value: is an empty page"),
        ({"tickets": [ticket(), ticket(status="x")]}, r"tickets\[1\].status: must be one of"),
        (ticket(custom_fields={"27642": "x"}), "custom_fields: must be an array"),
        ([], "value: is an empty page"),
        ("hello", "value: must be a JSON object"),
    ],
)  # fmt: skip
def test_a_broken_document_is_refused_by_its_field(data, said):
    """In Zendesk's words, and without quoting a value."""
    with pytest.raises(Rejected, match=said):
        ZENDESK.map(data)
