"""Whatever valid document a helpdesk sends: it becomes a ticket, and nothing of it is lost."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.outcome import DeadLetter, Done
from services.intake.formats import ALL
from services.intake.formats.zendesk import _CHANNELS as ZENDESK_CHANNELS
from tests.fakes_intake import EXAMPLES, example, mail_record, mails
from tests.shapes import documents, lost

ZENDESK_WORDS = {
    "status": st.sampled_from(["new", "open", "pending", "hold", "solved", "closed", "deleted"]),
    "priority": st.sampled_from(["low", "normal", "high", "urgent", None]),
    "via.channel": st.sampled_from([*ZENDESK_CHANNELS, "pigeon"]),
}
TICKET_EVENTS = (
    "created",
    "comment_added",
    "tags_changed",
    "status_changed",
    "merged",
    "brand_new",
)


# Of markup the text is kept, not the markup: a text that is the same as either.
MARKUP = st.just("m7q")


def upper(word):
    """As events write what objects write in small letters."""
    return word and word.upper()


# Per source: what may stand where its vocabulary is closed, what it always sends, and flags of
# which only the meaning is kept.
SOURCES = {
    "zendesk": (
        {
            **{f"detail.{k}": v | v.map(upper) for k, v in ZENDESK_WORDS.items()},
            **{f"tickets.{name}": words for name, words in ZENDESK_WORDS.items()},
            "tickets.custom_fields": st.lists(
                st.fixed_dictionaries({"id": st.integers(1, 10**6), "value": st.just("v7q")}),
                max_size=2,
            ),
            "type": st.sampled_from([f"zen:event-type:ticket.{name}" for name in TICKET_EVENTS]),
        },
        {"type", "detail", "detail.id", "event.comment.id", "tickets", "tickets.id",
         "tickets.submitter_id", "tickets.requester_id"},
        set(),
    ),
    "freshdesk": (
        {
            **dict.fromkeys(("priority", "data.ticket.priority"), st.integers(1, 4)),
            "status": st.integers(2, 20),
            "freshdesk_webhook.ticket_priority": st.sampled_from(["Low", "Medium", "Urgent"]),
            "freshdesk_webhook.ticket_tags": st.just("a7q"),
            **dict.fromkeys(
                ["freshdesk_webhook.ticket_description", "description", "conversations.body",
                 "freshdesk_webhook.ticket_latest_public_comment", "data.conversation.body"],
                MARKUP,
            ),
        },
        {"id", "freshdesk_webhook", "freshdesk_webhook.ticket_id", "data", "data.conversation",
         "data.conversation.id", "data.conversation.ticket_id", "conversations.id",
         "conversations.created_at"},
        set(),
    ),
    "zammad": (
        {"article.sender": st.sampled_from(["Customer", "Agent", "System"]),
         "article.body": MARKUP, "article.content_type": st.just("text/html")},
        {"ticket", "ticket.id", "article.id"},
        {"vip"},
    ),
    "jira": (
        {
            "webhookEvent": st.sampled_from(
                ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted",
                 "comment_created", "comment_updated", "comment_deleted"]
            ),
            "issue.fields.status.statusCategory.key": st.sampled_from(
                ["new", "indeterminate", "done", "undefined"]
            ),
            **dict.fromkeys(
                [f"{path}.accountType" for path in (
                    "user", "issue.fields.creator", "issue.fields.reporter", "comment.author",
                    "comment.updateAuthor")],
                st.sampled_from(["atlassian", "app", "customer", "unknown"]),
            ),
            "issue.fields.description": st.just("d7q") | st.none(),
        },
        {"webhookEvent", "issue", "issue.id", "comment.id"},
        set(),
    ),
    "servicenow": (
        {
            "result.priority": st.sampled_from(["1", "2", "3", "4", "5"]),
            "result.sys_mod_count": st.integers(0, 10**9).map(str),
        },
        {"result", "result.sys_id", "result.sys_id.value", "result.sys_mod_count"},
        set(),
    ),
    "intercom": (
        {
            "type": st.just("notification_event"),
            "topic": st.sampled_from(
                ["ticket.created", "conversation.user.created", "conversation.user.replied",
                 "conversation.admin.noted", "conversation_part.tag.created", "ticket.note.created"]
            ),
            "data.item.state": st.sampled_from(["open", "closed", "snoozed"]),
            "data.item.priority": st.sampled_from(["priority", "not_priority"]),
            "data.item.ticket_state.category": st.sampled_from(
                ["submitted", "in_progress", "waiting_on_customer", "resolved"]
            ),
            **dict.fromkeys(
                ["data.item.source.body", "data.item.ticket_attributes._default_description_",
                 "data.item.conversation_parts.conversation_parts.body"],
                MARKUP,
            ),
            **dict.fromkeys(
                ["data.item.source.author.type",
                 "data.item.conversation_parts.conversation_parts.author.type"],
                st.sampled_from(["user", "lead", "contact", "admin", "bot", "team"]),
            ),
        },
        {"type", "topic", "data", "data.item", "data.item.type", "data.item.id",
         "data.item.source.id", "data.item.conversation_parts.conversation_parts.id",
         "data.item.tags.tags.name"},
        set(),
    ),
}  # fmt: skip


def kept_type(shape):
    """What a document is stays what it is."""
    item = shape.get("data", {}).get("item", {}) if isinstance(shape, dict) else {}
    return {"data.item.type": st.just(item["type"])} if "type" in item else {}


@st.composite
def valid(draw):
    """A valid document of some source, and the source's name."""
    name = draw(st.sampled_from(sorted(SOURCES)))
    path = draw(st.sampled_from(sorted((EXAMPLES / "sources" / name).glob("*.json"))))
    shape = example(str(path.relative_to(EXAMPLES)))
    words, required, _ = SOURCES[name]
    document = draw(documents(shape, {**words, **kept_type(shape)}, frozenset(required)))
    return name, document


def parts_of(name, document):
    """The document of each ticket in a page."""
    for page in ("tickets", "result"):
        if isinstance(document.get(page), list):
            return document[page]
    return [document["result"]] if name == "servicenow" else [document]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(valid())
def test_any_valid_document_maps_and_nothing_of_it_is_lost(given_):
    """A field that a mapping forgets is gone for everybody behind the door."""
    name, document = given_
    document = orjson.loads(orjson.dumps(document))
    found = ALL[name].map(document)
    parts = parts_of(name, document)
    assert len(found) == len(parts)
    for part, mapped in zip(parts, found, strict=True):
        assert lost(part, mapped, frozenset(SOURCES[name][2])) == []


@pytest.mark.parametrize("name", SOURCES)
def test_the_loss_of_a_field_is_found(name):
    """Else the test above could not fail."""
    path = min((EXAMPLES / "sources" / name).glob("*.json"))
    (document, *_) = parts_of(name, example(str(path.relative_to(EXAMPLES))))
    (mapped, *_) = ALL[name].map(example(str(path.relative_to(EXAMPLES))))
    assert mapped.event.custom_fields
    bare = mapped.event.model_copy(update={"custom_fields": {}})
    assert lost(document, replace(mapped, event=bare)) != []


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_mutated_mail_ends_in_an_outcome(door, data):
    """Bytes taken out, put in, doubled: a case or a telling dead letter, never a crash."""
    raw = example(data.draw(st.sampled_from(mails())))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        until = data.draw(st.integers(at, min(len(raw), at + 200)))
        put = data.draw(
            st.binary(max_size=20)
            | st.sampled_from([b"\r\n", b"\r\n\r\n", b"=?utf-8?b?%%?=", b"\0", b"boundary=",
                               b"Content-Type: text/html; charset=x-none\r\n", b"--mix\r\n",
                               b"charset*=utf-8''%ff", raw[at:until] * 2])
        )  # fmt: skip
        raw = raw[:at] + put + raw[until:]
    match door.open(mail_record(raw)):
        case DeadLetter(reason, detail):
            assert (reason, bool(detail)) == ("rejected", True)
        case Done(messages):
            assert len(messages) == 1
