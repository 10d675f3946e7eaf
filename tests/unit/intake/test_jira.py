"""Jira Service Management: events of issues and comments, and issues."""

import copy

import pytest

from schemas.support import Direction
from services.chassis.errors import Rejected
from services.intake.formats.jira import FORMAT as JIRA
from tests.fakes_intake import example

CUSTOMER = "qm:4ad9aa0c-52dc-4b42-8a79-1d12e90d0c11"
MARK = "sluice-7f6a0f64-52f1-5b57-9d0c-0e4f1b7a2c33"


def event(name="issue-created", fields=None, **top):
    """An example's event, its issue's fields and its envelope changed."""
    made = copy.deepcopy(example(f"sources/jira/{name}.json"))
    made["issue"]["fields"] |= fields or {}
    return made | top


def comment(**changes):
    """The example of an internal comment, changed."""
    made = event("internal-comment-created")
    made["comment"] |= changes
    return made


def only(data):
    """The one event of a document."""
    (found,) = JIRA.map(data)
    return found


def test_a_new_issue_is_read_from_its_document():
    """The Atlassian Document Format becomes text; the request's language is found by its shape."""
    found = only(event()).event
    assert (found.ticket_id, found.subject) == ("10073", "Parcel left in the rain")
    assert found.message.text == (
        "The parcel of SO-48390 was left in the rain, everything is wet.\n\ntwo books\n\na lamp"
    )
    assert (found.message.author_id, found.message.direction) == (CUSTOMER, Direction.INBOUND)
    assert (found.message.attachments, found.language) == (1, "en")
    assert found.custom_fields["issue.key"] == "CARE-10"
    assert found.custom_fields["issue.fields.customfield_10055"] == "SO-48390"


@pytest.mark.parametrize(
    ("changes", "direction"),
    [
        ({"jsdPublic": False}, "internal"),
        ({"jsdPublic": True}, "outbound"),
        ({"jsdPublic": None, "visibility": {"type": "role", "value": "Agents"}}, "internal"),
        ({"jsdPublic": None, "properties": [
            {"key": "sd.public.comment", "value": {"internal": True}}]}, "internal"),
        ({"jsdPublic": None, "properties": [
            {"key": "sd.public.comment", "value": {"internal": False}}]}, "outbound"),
        ({"jsdPublic": True, "author": {"accountId": "c", "accountType": "customer"}}, "inbound"),
        ({"jsdPublic": True, "author": {"accountId": "a", "accountType": "app"}}, "outbound"),
        ({"jsdPublic": True, "author": None}, "other"),
        ({"jsdPublic": True, "author": {"name": "meera"}}, "other"),
    ],
)  # fmt: skip
def test_for_whom_a_comment_is(changes, direction):
    """A note is marked in one of three ways; who cannot be placed is no customer."""
    assert only(comment(**changes)).event.message.direction == direction


def test_a_colleague_who_asks_is_the_customer():
    """Service desks serve employees, too."""
    asks = {"accountId": "5b10ac8d82e05b22cc7d4ef5", "accountType": "atlassian"}
    made = comment(jsdPublic=True)
    made["issue"]["fields"]["reporter"] = asks
    assert only(made).event.message.author_kind == "customer"


@pytest.mark.parametrize(
    ("name", "category", "status"),
    [("Open", "new", "new"), ("Waiting for support", "indeterminate", "open"),
     ("Waiting for customer", "indeterminate", "pending_customer"), ("Done", "done", "resolved"),
     ("Closed", "done", "closed"), ("Canceled", "done", "closed"), ("Pending", "new", "on_hold"),
     ("Being sewn", "undefined", "other"), ("Being sewn", None, "other")],
)  # fmt: skip
def test_every_status_has_its_meaning(name, category, status):
    """By the names that Jira comes with, else by its category."""
    said = {"name": name, "statusCategory": category and {"key": category}}
    found = only(event(fields={"status": said})).event
    assert (found.status, found.source_status) == (status, name)


def test_an_issues_change_brings_our_mark_when_it_adds_it():
    """A label stays for ever: what counts is the change."""
    marked = only(event("issue-updated")).event
    assert (marked.action_id, marked.changed_by, marked.message) == (
        MARK[7:],
        "557058:sluice",
        None,
    )
    later = event("issue-updated")
    later["changelog"]["items"][1] |= {"fromString": f"damage {MARK}", "toString": f"{MARK} x"}
    assert only(later).event.action_id is None


def test_a_comment_is_told_twice_with_one_message_id():
    """As its own event, and as the issue's; an edited or deleted one is no new message."""
    alone = only(comment()).event.message
    update = event("issue-updated", comment=comment()["comment"])
    assert only(update).event.message.id == alone.id == "10420"
    for kind in ("comment_updated", "comment_deleted"):
        assert only(comment() | {"webhookEvent": kind}).event.message is None
    assert only(event(webhookEvent="jira:issue_deleted")).event.status == "deleted"


def test_issues_as_automation_rules_and_searches_give_them():
    """The description is the message of an issue that was not changed since it was made."""
    issue = event()["issue"]
    (new,) = JIRA.map(issue)
    assert new.event.message.id == "description"
    issue["fields"]["updated"] = "2026-11-20T18:00:00.000+0530"
    (changed, again) = JIRA.map({"issues": [issue, issue]})
    assert changed.event.message is None
    assert changed.event_id == again.event_id != new.event_id


def test_a_document_nested_beyond_reason_is_read_or_refused():
    """JSON takes 1,000 levels; Python's own stack does not."""
    node = {"type": "text", "text": "deep"}
    for _ in range(400):
        node = {"type": "paragraph", "content": [node]}
    with pytest.raises(Rejected, match="value: nested too deeply"):
        only(event(fields={"description": {"type": "doc", "content": [node]}}))
    odd = {"type": "doc", "content": [7, None, {"content": {}}, {"type": ["x"], "text": "t"}]}
    assert only(event(fields={"description": odd})).event.message.text == "t"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (event(webhookEvent="sprint_started"), "webhookEvent: must be one of jira:issue_created"),
        (event(issue=None), "issue: is required"),
        (event(timestamp="now"), "timestamp: must be a whole number"),
        (event(timestamp=-1), "timestamp: is no time that there is"),
        (event(timestamp=10**16), "timestamp: is no time that there is"),
        (event(fields={"labels": "a"}), "issue.fields.labels: must be an array"),
        (event(fields={"status": {"name": "x", "statusCategory": {"key": "y"}}}),
         "issue.fields.status.statusCategory.key: must be one of new, indeterminate"),
        (event(fields={"updated": "soon"}), "issue.fields.updated: must be an RFC 3339 time"),
        (event(fields={"creator": {"accountId": "x", "accountType": "alien"}}),
         "issue.fields.creator.accountType: must be one of customer, atlassian"),
        (comment(id=None), "comment.id: is required"),
        (comment(body=7), "comment.body: must be a string"),
        ({"id": "1", "key": "A-1", "fields": []}, "fields: must be a JSON object"),
    ],
)  # fmt: skip
def test_a_broken_event_is_refused_by_its_field(data, said):
    """In Jira's words."""
    with pytest.raises(Rejected, match=said):
        JIRA.map(data)
