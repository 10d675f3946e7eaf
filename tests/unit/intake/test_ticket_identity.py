"""Helpdesks and mailboxes at the door: what repeats, what is our own echo, whose words they are."""

import base64
import copy

import pytest

from services.chassis.outcome import DeadLetter
from tests.fakes_intake import TICKETS, cloud, example, mail_record, mails, record

REPLY = "sources/email/reply.eml"


def sent(name, value=None, event_id="e-1"):
    """A record of a helpdesk, as a CloudEvent."""
    document = example(name) if value is None else value
    source = f"/{name.split('/')[1]}/acme"
    return record(document, headers=cloud("any.type", source, event_id))


@pytest.mark.parametrize(
    "name",
    ["sources/zendesk/comment-added.json", "sources/zammad/customer-mail.json",
     "sources/jira/issue-created.json", "sources/servicenow/incident-new.json",
     "sources/intercom/customer-replied.json", "sources/freshdesk/ticket-with-conversations.json"],
)  # fmt: skip
def test_what_a_webhook_repeats_is_the_same_case_whatever_a_bridge_calls_it(door, name):
    """Bridges give every delivery an id of their own; the source's word counts."""
    first = door.case(sent(name, event_id="delivery-1"))
    again = door.case(sent(name, event_id="delivery-2"))
    bare = door.case(record(example(name), headers=(), offset=99))
    assert first.case_id == again.case_id == bare.case_id
    assert first.subject.startswith(f"acme|ticket:{name.split('/')[1]}/")


@pytest.mark.parametrize("name", mails())
def test_every_mail_is_taken_bare_or_enveloped_and_is_one_case(door, name):
    """The Message-ID and what it says make it, not the way that it came."""
    raw = example(name)
    bare, enveloped = door.case(mail_record(raw)), door.case(mail_record(raw, "e-9"))
    structured = {
        "specversion": "1.0",
        "id": "e-10",
        "source": "/email/acme",
        "type": "t",
        "datacontenttype": "message/rfc822",
        "data_base64": base64.b64encode(raw).decode(),
    }
    headers = (("content-type", b"application/cloudevents+json"),)
    third = door.case(record(structured, headers=headers))
    assert bare.case_id == enveloped.case_id == third.case_id
    assert bare.subject == enveloped.subject
    if raw.isascii():
        del structured["data_base64"]
        fourth = door.case(record(structured | {"data": raw.decode()}, headers=headers))
        assert fourth.case_id == bare.case_id


@pytest.mark.parametrize(
    ("structured", "said"),
    [
        ({"data_base64": "%%"}, "data_base64: is not base 64"),
        ({}, "data_base64: missing; send the content there in base 64, or as a string"),
        ({"data": {"from": "a"}}, "data_base64: missing"),
    ],
)
def test_a_mail_that_an_envelope_garbled_is_refused(door, structured, said):
    """By the attribute, and what to send instead."""
    event = {
        "specversion": "1.0",
        "id": "e",
        "source": "/email/acme",
        "type": "t",
        "datacontenttype": "message/rfc822; charset=utf-8",
        **structured,
    }
    found = door.open(record(event, headers=(("content-type", b"application/cloudevents+json"),)))
    assert isinstance(found, DeadLetter)
    assert said in found.detail


def test_a_mail_sent_as_json_or_json_sent_as_mail_is_refused(door):
    """Content type and content must agree."""
    as_json = record(example(REPLY), headers=cloud(TICKETS, "/email/acme"))
    assert door.open(as_json).reason == "undecodable"
    assert "has no From, Date" in door.open(mail_record(b'{"ticket_id": "T-1"}')).detail


def test_ids_of_mails_are_hashed_as_addresses_are(door):
    """They look like one, and often have one in them."""
    case = door.case(mail_record(example(REPLY)))
    assert "mail.example.com" not in case.model_dump_json()
    assert case.ticket.message_id.startswith("h-")


def echoes(door, name, change):
    """Whether an example is an echo after a change."""
    document = copy.deepcopy(example(name))
    change(document)
    return door.case(sent(name, document)).echo


def test_our_integration_users_message_is_an_echo(door):
    """By the author that the source names."""

    def by(author):
        return lambda it: it["event"]["comment"]["author"].update(id=author, is_staff=True)

    assert echoes(door, "sources/zendesk/comment-added.json", by("8447388090777"))
    assert not echoes(door, "sources/zendesk/comment-added.json", by("8447388090778"))


def test_our_integration_users_change_without_a_message_is_an_echo(door):
    """A status that we set must not be read as somebody's doing."""

    def by(user):
        return lambda it: it["result"].update(sys_mod_count="3", sys_updated_by=user)

    assert echoes(door, "sources/servicenow/incident-new.json", by("sluice.bot"))
    assert not echoes(door, "sources/servicenow/incident-new.json", by("rao"))


def test_what_our_integration_puts_in_for_a_customer_is_the_customers(door):
    """A shop's form that writes through our user: the customer waits for an answer."""

    def change(it):
        it["detail"]["actor_id"] = "8447388090777"

    assert not echoes(door, "sources/zendesk/comment-added.json", change)


def test_a_change_that_brings_our_actions_mark_is_an_echo(door):
    """Whoever carried the action out."""
    assert door.case(sent("sources/jira/issue-updated.json")).echo
    assert door.case(sent("sources/zendesk/tagged-by-our-action.json")).echo

    def another(it):
        it["changelog"]["items"][1]["toString"] = "damage"
        it["user"]["accountId"] = "somebody"

    assert not echoes(door, "sources/jira/issue-updated.json", another)


def test_mail_of_our_own_robot_is_an_echo_and_of_colleagues_no_customers(door):
    """Addresses are all that a mail has; whose they are is the operator's word."""
    raw = example(REPLY)
    ours = door.case(mail_record(raw.replace(b"meera@example.com", b"robot@acme.example")))
    staff = door.case(mail_record(raw.replace(b"meera@example.com", b"rao@acme.example")))
    theirs = door.case(mail_record(raw))
    assert (ours.echo, staff.echo, theirs.echo) == (True, False, False)
    told = [
        (case.ticket.message_author_kind, case.ticket.message_direction) for case in (staff, theirs)
    ]
    assert told == [("agent", "outbound"), ("customer", "inbound")]


def test_automatic_mail_is_marked_so(door):
    """Policies answer none of it."""
    marked = {
        name: door.case(mail_record(example(name))).ticket.message_automatic for name in mails()
    }
    assert [name.split("/")[-1] for name, automatic in marked.items() if automatic] == [
        "bounce.eml",
        "out-of-office.eml",
    ]


def test_the_operator_names_the_field_that_holds_the_order(door):
    """Without an order nothing is answered automatically, and every helpdesk has it elsewhere."""
    assert door.case(sent("sources/servicenow/incident-new.json")).ticket.order_id == "SO-48411"
    assert door.case(sent("sources/jira/issue-created.json")).ticket.order_id == "SO-48390"
    first, second = door.cases(sent("sources/zendesk/ticket-page.json"))
    assert (first.ticket.order_id, second.ticket.order_id) == ("SO-48377", "SO-47950")
    assert first.batch_id == second.batch_id == "e-1"


def test_a_text_that_its_mapping_had_to_cut_says_so(door):
    """Nobody takes it for the whole."""
    value = copy.deepcopy(example("sources/zammad/customer-mail.json"))
    value["article"]["body"] = "<p>x</p>" * 40_000
    assert door.case(sent("sources/zammad/customer-mail.json", value)).text_truncated


def test_one_customer_is_one_in_every_source_that_tells_an_address(door):
    """Budgets and histories are a person's, not a helpdesk's."""
    first, second = door.cases(sent("sources/zendesk/ticket-page.json"))
    told = [
        door.case(mail_record(example(REPLY))),
        door.case(sent("sources/freshdesk/automation-webhook.json")),
        door.case(sent("sources/intercom/customer-replied.json")),
        first,
    ]
    assert len({case.customer_ref for case in told}) == 1
    assert second.customer_ref not in {first.customer_ref, None}
