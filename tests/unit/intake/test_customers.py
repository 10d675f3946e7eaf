"""Who a customer is: one reference for one person, and none that names them."""

import pytest

from services.intake.domain.customers import identity
from tests.fakes_intake import cloud, mail_record, record, said

ONE_EMAIL = [
    ("desk", "Asha.Rao@Example.com", None, None),
    ("mailbox", None, "asha.rao@example.com", None),
    ("zammad", "42", " ASHA.RAO@EXAMPLE.COM ", "+91 98765 43210"),
]
ONE_PHONE = [
    ("desk", "+91 98765 43210", None, None),
    ("chat", "0091-98765-43210", None, None),
    ("voice", "7", "not an address", "+91 (98765) 43210"),
    ("voice", "8", None, "91 98765 43210"),
]


@pytest.mark.parametrize("same", [ONE_EMAIL, ONE_PHONE], ids=["email", "phone"])
def test_an_address_is_one_person_in_every_source(same):
    """However it is written, and wherever the source puts it."""
    assert len({identity(*each) for each in same}) == 1


DIFFERENT = [
    ("desk", "42", None, None),
    ("zammad", "42", None, None),
    ("desk", "9876543210", None, None),
    ("desk", None, None, "9876543210"),
    ("desk", "+91 98765 43210", None, None),
    ("desk", "asha@example.com", None, None),
    ("desk", "asha+orders@example.com", None, None),
    ("desk", "email:asha@example.com", None, None),
]


def test_what_may_be_somebody_else_is_somebody_else():
    """An id counts within its source; a number without its country, or a tag, is another one."""
    assert len({identity(*each) for each in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "two@x.example, three@x.example"])
def test_what_is_no_address_is_not_relied_upon(email):
    """Else all whose address is "none" would be one person."""
    assert identity("desk", "42", email, "none") == identity("desk", "42")
    assert identity("desk", None, email) is None


def _from(source: str, requester: dict[str, object] | None):
    body = said("hello") | ({} if requester is None else {"requester": requester})
    kind = "support.ticket.received.v1"
    return record(body, headers=cloud(kind, source))


def test_two_sources_of_a_tenant_mean_the_same_person(door):
    """A mail and the desk's ticket, by the address; for another tenant it is somebody else."""
    mail = b"From: Asha <Asha@Example.com>\r\nMessage-ID: <1@example.com>\r\n\r\nhello"
    mailbox = door.case(mail_record(mail))
    desk = door.case(_from("/helpdesk/acme", {"id": "42", "email": "asha@example.com"}))
    other = door.case(_from("/helpdesk/globex/1", {"id": "asha@example.com"}))
    assert desk.customer_ref == mailbox.customer_ref != other.customer_ref
    assert "asha" not in desk.model_dump_json().lower()
    assert len(desk.customer_ref or "") == 24


def test_the_reference_of_an_id_stays_the_fact_that_it_was(door):
    """Policies count by it: `ticket.requester_ref` is of the source's id alone."""
    bare = door.case(_from("/helpdesk/acme", {"id": "42"}))
    known = door.case(_from("/helpdesk/acme", {"id": "42", "email": "asha@example.com"}))
    assert bare.ticket.requester_ref == known.ticket.requester_ref
    assert bare.customer_ref != known.customer_ref


@pytest.mark.parametrize("requester", [None, {}, {"vip": True}, {"email": "none"}])
def test_who_is_not_told_has_no_reference(door, requester):
    """Better nobody than everybody."""
    assert door.case(_from("/helpdesk/acme", requester)).customer_ref is None
