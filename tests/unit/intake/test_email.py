"""E-mail: threads, what is new in a mail, who must never be answered, and what is no mail."""

from email.message import EmailMessage

import pytest

from schemas.support import AuthorKind, Direction
from services.chassis.errors import Rejected
from services.intake.formats.email import FORMAT as EMAIL
from services.intake.formats.rfc5322 import read
from tests.fakes_intake import example

HEADERS = {
    "From": "Meera Nair <meera@example.com>",
    "To": "support@acme.example",
    "Subject": "Order",
    "Date": "Fri, 20 Nov 2026 09:14:58 +0530",
    "Message-ID": "<a1@mail.example.com>",
}


def mail(text="Where is SO-48213?", /, **changes):
    """A small mail; names with underscores for hyphens, None takes a header away."""
    message = EmailMessage()
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    for name, value in headers.items():
        if value is not None:
            message[name] = value
    message.set_content(text)
    return message.as_bytes()


def raw(*lines):
    """A mail as it is on the wire."""
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def only(data):
    """The one event of a mail."""
    (found,) = EMAIL.map(data)
    return found


def test_a_new_request_is_a_new_thread():
    """Its words are decoded, its signature is cut, its attachment counted."""
    found = only(example("sources/email/new-request.eml"))
    ticket = found.event
    assert ticket.ticket_id == ticket.message.id == "CAF7x.20261120@mail.example.com"
    assert ticket.subject == "टूटा हुआ सामान"
    assert ticket.message.text.endswith("मेरा नंबर 98765 43210 है।")
    assert (ticket.status, ticket.priority, ticket.language) == ("new", "high", "hi-IN")
    assert (ticket.message.author_id, ticket.message.attachments) == ("meera@example.com", 1)
    assert ticket.revision == 1_795_146_302_000  # when our server took it in
    assert found.event_id.startswith("CAF7x.20261120@mail.example.com#")


def test_a_reply_is_of_its_thread_and_says_only_what_is_new():
    """The oldest reference is the ticket, whoever answered whom."""
    ticket = only(example("sources/email/reply.eml")).event
    assert ticket.ticket_id == "CAF7x.20261120@mail.example.com"
    assert ticket.status == "open"
    assert ticket.message.text.splitlines() == [
        "Thank you, but the second cup is broken, too.",
        "I would rather have my money back \u2013 ₹ 499.",
    ]
    answer = only(mail(In_Reply_To="<x@acme.example>", Message_ID="<a2@x>")).event
    assert answer.ticket_id == "x@acme.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"List-Id": "<news.example.com>"},
        {"List-Unsubscribe": "<mailto:off@example.com>"},
        {"X-Auto-Response-Suppress": "All"},
        {"X-Autoreply": "yes"},
        {"Return-Path": "<>"},
        {"From": "MAILER-DAEMON@mx.example.com"},
        {"From": "Shop <no-reply@example.com>"},
        {"From": "donotreply.orders@example.com"},
        {"Content-Type": "multipart/report; boundary=b"},
    ],
    ids=str,
)
def test_what_no_person_waits_for_is_automatic(headers):
    """Answered, two robots would write to each other for ever (RFC 3834)."""
    data = raw(*(f"{name}: {value}" for name, value in (HEADERS | headers).items()), "", "Hello")
    assert only(data).event.message.automatic


@pytest.mark.parametrize(
    "headers",
    [{}, {"Auto-Submitted": "no"}, {"Precedence": "normal"}, {"X-Auto-Response-Suppress": "None"},
     {"From": "norepledo@example.com"}, {"Return-Path": "<meera@example.com>"}],
    ids=str,
)  # fmt: skip
def test_what_a_person_wrote_is_not(headers):
    """Else a customer would never hear from us."""
    message = only(
        raw(*(f"{n}: {v}" for n, v in (HEADERS | headers).items()), "", "Hi")
    ).event.message
    assert not message.automatic
    assert (message.author_kind, message.direction) == (AuthorKind.CUSTOMER, Direction.INBOUND)


@pytest.mark.parametrize("name", ["bounce", "out-of-office"])
def test_bounces_and_absences_are_automatic(name):
    """As programs really write them."""
    assert only(example(f"sources/email/{name}.eml")).event.message.automatic


def test_a_mail_that_comes_by_two_ways_is_one_event():
    """Relays add headers; what it says and its id are the same."""
    twice = b"Received: by other.example; Fri, 20 Nov 2026 10:00:00 +0530\r\n" + mail()
    assert only(mail()).event_id == only(twice).event_id


def test_another_mail_under_an_id_that_was_used_before_is_another_event():
    """Some programs do that; what somebody wrote must not be lost over it."""
    assert only(mail("One")).event_id != only(mail("Two")).event_id


def test_a_mail_without_an_id_is_known_by_its_bytes():
    """RFC 5322 says SHOULD."""
    found, again = only(mail(Message_ID=None)), only(mail(Message_ID=None))
    assert found.event_id == again.event_id
    assert found.event.ticket_id.startswith("mail-")
    assert only(mail("x", Message_ID=None)).event.ticket_id != found.event.ticket_id


def test_what_is_forwarded_is_what_is_to_be_read():
    """Also where a mail program makes the forward part of a thread."""
    text = "See below\n\nFrom: Shop <a@b.example>\nSent: 1 Nov 2026\nTo: Meera\nSubject: x\n\nold"
    forward = only(mail(text, Subject="Fwd: Order", References="<r@x>")).event.message.text
    assert forward.endswith("old")
    assert only(mail(text, References="<r@x>")).event.message.text == "See below"
    assert only(mail(text)).event.message.text.endswith("old")


def test_our_own_mail_carries_the_mark_of_its_action():
    """What our courier sent comes back by copies and archives."""
    assert only(mail(Sluice_Action_Id="7f6a0f64")).event.action_id == "7f6a0f64"


@pytest.mark.parametrize(
    ("changes", "priority"),
    [({"X_Priority": "1 (Highest)"}, "high"), ({"Importance": "Low"}, "low"),
     ({"Priority": "urgent"}, "high"), ({"X_Priority": "99"}, "other"), ({}, None)],
)  # fmt: skip
def test_the_senders_own_priority_is_kept(changes, priority):
    """It is a wish; policies judge it."""
    assert only(mail(**changes)).event.priority == priority


HTML = (
    "Content-Type: text/html; charset=utf-8",
    "",
    "<p>Where is <b>it</b>?</p><div class='gmail_quote'>On 1 Nov you wrote: <p>old</p></div>",
)


def test_html_is_read_where_there_is_no_text():
    """And what the mail program marked as quoted is left out of a reply."""
    head = [f"{name}: {value}" for name, value in HEADERS.items()]
    assert only(raw(*head, "References: <r@x>", *HTML)).event.message.text == "Where is it?"
    assert "old" in only(raw(*head, *HTML)).event.message.text


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("Content-Type: text/plain; charset=x-unknown", "", "héllo"), "héllo"),
        (("Content-Type: text/plain; charset=us-ascii", "", "héllo"), "h\ufffd\ufffdllo"),
        (("Content-Type: text/plain; charset*=utf-8''utf-8", "", "héllo"), "héllo"),
        (("Content-Type: text/plain; charset*=", "", "héllo"), "héllo"),
        (("Content-Transfer-Encoding: base64", "", "SGVsbG8"), "Hello"),
        (("Content-Transfer-Encoding: base64", "", "%%%"), ""),
        (("Content-Transfer-Encoding: quoted-printable", "", "=ZZ=41"), "=ZZA"),
        (
            ("Content-Transfer-Encoding: x-uuencode", "", "begin 666 f", "garbage"),
            "begin 666 f\ngarbage",
        ),
        (("Content-Type: multipart/mixed; boundary=b", "", "no parts at all"), "no parts at all"),
        (("Content-Type: multipart/mixed", "", "no boundary"), "no boundary"),
        (("Content-Type: text/plain; name=a.txt", "", "attached"), ""),
        (("Content-Type: nonsense", "", "text after all"), "text after all"),
        (("Content-Type: image/png", "", "x"), ""),
    ],
)
def test_broken_mime_costs_no_mail(lines, text):
    """Whoever wrote it waits for an answer; what cannot be read is empty, and people see it."""
    head = [f"{name}: {value}" for name, value in HEADERS.items()]
    assert only(raw(*head, *lines)).event.message.text == text


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("=?utf-8?q?caf=C3=A9?= =?utf-8?b?IPCfmII=?=", "café 😂"),
        ("café", "café"),  # RFC 6532
        ("=?utf-8?b?%%%?=", "=?utf-8?b?%%%?="),
        ("=?x-none?q?a?=", "=?x-none?q?a?="),
        ("folded\r\n\tover", "folded over"),
    ],
)
def test_a_subject_is_in_words(subject, words):
    """Encoded, raw or broken."""
    head = {**HEADERS, "Subject": subject}
    data = raw(*(f"{name}: {value}" for name, value in head.items()), "", "x")
    assert only(data).event.subject == words


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("meera@example.com", "meera@example.com"),
        ('"Nair, Meera" <Meera@Example.com>', "meera@example.com"),
        ("Meera (at home) <meera@example.com>", "meera@example.com"),
        ("=?utf-8?q?M=C3=A9?= <meera@example.com>", "meera@example.com"),
        ("meera@example.com, other@example.com", "meera@example.com"),
        ("nobody", None),
        ("<>", None),
        ("a@b.co <script>", "a@b.co"),
        (" " * 3000 + "<", None),
    ],
)
def test_who_wrote_is_an_address_or_nobody(written, address):
    """What is none must not be taken for one."""
    assert read(raw(f"From: {written}", "Subject: x", "", "x")).address("from") == address


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"from": "a"}, "value: must be an e-mail's bytes, with content-type message/rfc822"),
        (b"", "value: has no From, Date or Message-ID"),
        (b"just words", "value: has no From, Date or Message-ID"),
        (b'{"ticket_id": "T-1"}', "value: has no From, Date or Message-ID"),
        (b"From: a@b.co\n" + b"\n" * 200_000, "value: more than 60000 lines"),
        (b"From: a@b.co\n" + b"X: y\n" * 600, "value: more than 500 header fields"),
        (b"From: a@b.co\nContent-Type: multipart/mixed; boundary=b\n\n"
         + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 60, "value: more than 40 bound"),
    ],
)  # fmt: skip
def test_what_is_no_mail_or_takes_for_ever_is_refused(data, said):
    """By what is wrong with it, and at once."""
    with pytest.raises(Rejected, match=said):
        EMAIL.map(data)
