"""ServiceNow: incidents, in every way that the Table API writes them."""

import copy
from datetime import UTC, datetime

import pytest

from services.chassis.errors import Rejected
from services.intake.formats.servicenow import FORMAT as SERVICENOW
from tests.fakes_intake import example

HEADING = "2026-11-20 15:02:10 - Meera Nair (Additional comments)"


def incident(**changes):
    """The example of a new incident, changed."""
    return copy.deepcopy(example("sources/servicenow/incident-new.json"))["result"] | changes


def changed(**changes):
    """One that was changed once."""
    return incident(sys_mod_count="1", **changes)


def only(data):
    """The one event of a record."""
    (found,) = SERVICENOW.map(data)
    return found


def test_a_new_incident_is_its_description():
    """Values without display values; times are UTC without saying so."""
    found = only(incident()).event
    assert (found.revision, found.status, found.priority) == (0, "new", "high")
    assert found.message.text.startswith("Since this morning the app shows an error")
    assert (found.message.direction, found.message.author_id) == ("inbound", "meera.nair")
    assert found.created_at == datetime(2026, 11, 20, 3, 50, 11, tzinfo=UTC)
    assert found.requester.id == "5137153cc611227c000bbd1bd8cd2005"
    assert found.custom_fields["u_order"] == "SO-48411"
    assert only(incident(description="")).event.message.text == found.subject


def test_a_comment_is_the_newest_entry_of_the_journal():
    """With values and display values, of which both are kept."""
    found = only(example("sources/servicenow/incident-commented.json")).event
    assert found.message.text == "It still fails, now with code E42.\nPlease help."
    assert (found.message.id, found.message.direction) == ("comments:1204", "inbound")
    assert (found.status, found.queue) == ("pending_customer", "Payments")
    assert found.tags == ("vip desk", "payments")
    assert "On Hold" in found.custom_fields["state"]
    assert "Could you try once more?" in found.custom_fields["comments"]


@pytest.mark.parametrize(
    ("journal", "text"),
    [
        ("One line as a rule sends it", "One line as a rule sends it"),
        (f"{HEADING}\nNew\n\n2026-11-20 14:00:00 - Rao (Additional comments)\nOld\n", "New"),
        (f"{HEADING}\nOnly one\nof two lines\n\n", "Only one\nof two lines"),
        (f"Said before:\n{HEADING}\nnot cut", f"Said before:\n{HEADING}\nnot cut"),
    ],
)
def test_which_entry_of_a_journal_is_new(journal, text):
    """The first, if the journal begins with its heading."""
    assert only(changed(comments=journal)).event.message.text == text


@pytest.mark.parametrize(
    ("changes", "kind", "direction"),
    [
        ({"sys_updated_by": "meera.nair"}, "customer", "inbound"),
        ({"sys_updated_by": "rao"}, "agent", "outbound"),
        ({"sys_updated_by": "meera.nair", "contact_type": "phone"}, "agent", "outbound"),
        ({"sys_updated_by": "meera.nair", "contact_type": "phone",
          "caller_id.user_name": "meera.nair"}, "customer", "inbound"),
        ({"sys_updated_by": "rao", "caller_id.user_name": "meera.nair"}, "agent", "outbound"),
        ({"sys_updated_by": None}, "agent", "outbound"),
    ],
)  # fmt: skip
def test_who_wrote_a_comment(changes, kind, direction):
    """The caller if a dot-walked field says so, or who opened it themselves; else an agent."""
    message = only(changed(comments="Hello", **changes)).event.message
    assert (message.author_kind, message.direction) == (kind, direction)


def test_a_work_note_is_internal_and_a_mere_change_says_nothing():
    """Also a customer's: it is not for them."""
    found = only(changed(work_notes="Called the bank", sys_updated_by="rao")).event
    assert (found.message.direction, found.message.id) == ("internal", "work_notes:1")
    assert only(changed()).event.message is None
    assert only(changed()).event.changed_by == "meera.nair"


def test_a_call_that_an_agent_wrote_down_is_an_agents_words():
    """It came in by phone; what stands there is not the customer's own."""
    found = only(incident(contact_type="phone", opened_by="x")).event.message
    assert (found.author_kind, found.direction) == ("agent", "outbound")


@pytest.mark.parametrize(
    ("state", "hold", "status"),
    [("1", "", "new"), ("2", "", "open"), ("3", "", "on_hold"), ("3", "1", "pending_customer"),
     ("3", "4", "on_hold"), ("6", "", "resolved"), ("7", "", "closed"), ("8", "", "closed"),
     ("In Progress", "", "open"), ("On Hold", "Awaiting Caller", "pending_customer"),
     ("Awaiting User Info", "", "pending_customer"), ("-100", "", "other"), ("", "", "other")],
)  # fmt: skip
def test_every_state_has_its_meaning(state, hold, status):
    """As a value or as the word shown for it; an administrator's own ones are other."""
    assert only(incident(state=state, hold_reason=hold)).event.status == status


@pytest.mark.parametrize(
    ("priority", "meant"),
    [("1", "urgent"), ("2 - High", "high"), ("3", "normal"), ("4", "low"), ("5 - Planning", "low"),
     ("", None)],
)  # fmt: skip
def test_every_priority_has_its_meaning(priority, meant):
    """1 is the most urgent."""
    assert only(incident(priority=priority)).event.priority == meant


def test_the_same_revision_is_the_same_event():
    """A rule that fires twice, a page that is read twice."""
    assert only(incident()).event_id == only({"result": [incident()]}).event_id
    assert only(incident()).event_id != only(changed()).event_id


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (incident(sys_id="", number=""), "sys_id: is required, or number"),
        (incident(sys_mod_count=""), "sys_mod_count: is required as a whole number"),
        (incident(sys_mod_count="many"), "sys_mod_count: is required as a whole number"),
        (incident(sys_mod_count="٣"), "sys_mod_count: is required as a whole number"),
        (incident(sys_mod_count="9" * 40), "sys_mod_count: is required as a whole number"),
        (incident(priority="12"), "priority: must begin with one of 1, 2, 3, 4, 5"),
        (incident(priority="Critical"), "priority: must begin with one of"),
        (incident(sys_updated_on="20.11.2026"), "sys_updated_on: must be an RFC 3339 time"),
        (incident(state=["1"]), "state: must be a string"),
        (incident(caller_id={"value": 7}), "caller_id.value: must be a string"),
        ({"result": []}, "value: is an empty page"),
        ({"result": [incident(), "x"]}, r"result\[1\]: must be a JSON object"),
    ],
)
def test_a_broken_record_is_refused_by_its_field(data, said):
    """In ServiceNow's words."""
    with pytest.raises(Rejected, match=said):
        SERVICENOW.map(data)
