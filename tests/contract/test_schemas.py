"""The contracts: published schemas are current, compatible, and the gate really catches breaks."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from schemas import compatibility, snapshots
from schemas.automation.journal import JournalAppended
from schemas.catalog import EVENTS
from schemas.support import TicketReceived, TicketStatus
from topics import asyncapi
from topics.catalog import ALL

EXAMPLES = Path(snapshots.__file__).parent / "examples"
EXAMPLE_FILES = [
    (event, path)
    for event in EVENTS
    for path in sorted((EXAMPLES / event.event_type).glob("*.json"))
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.event_type)
def test_the_published_schema_is_the_events_own(event):
    """A consumer generates code from the published file: it must be what we send."""
    assert snapshots.stale(event) is None


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.event_type)
def test_no_event_breaks_a_published_version_of_itself(event):
    """A rolling upgrade must dead-letter nothing."""
    assert compatibility.check(event, snapshots.published(event.event_type)) == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.event_type)
def test_every_event_has_an_example(event):
    """An example says more to a producer than a schema does."""
    assert any(other is event for other, _ in EXAMPLE_FILES)


@pytest.mark.parametrize(("event", "path"), EXAMPLE_FILES, ids=lambda v: getattr(v, "name", ""))
def test_an_example_is_valid_and_survives_a_round_trip(event, path):
    """An example that our own reader refuses, or loses a field of, is a lie."""
    text = path.read_text(encoding="utf-8")
    jsonschema.validate(json.loads(text), snapshots.render(event))
    once = event.from_json(text)
    assert event.from_json(once.to_json()) == once


BREAKS = {
    "a field is removed": (
        lambda s: s["properties"].pop("queue"),
        "queue: removed",
    ),
    "a field becomes required": (
        lambda s: s["required"].append("queue"),
        "queue: newly required",
    ),
    "a field is no longer promised": (
        lambda s: s["required"].remove("revision"),
        "revision: no longer required",
    ),
    "a type changes": (
        lambda s: s["properties"]["revision"].update(type="string"),
        "revision: type was 'integer', is 'string'",
    ),
    "a constraint is tightened": (
        lambda s: s["properties"]["ticket_id"].update(maxLength=10),
        "ticket_id: maxLength was 200, is 10",
    ),
    "a member of a set is removed": (
        lambda s: s["$defs"]["TicketStatus"]["enum"].remove("spam"),
        "status: no longer allows ['spam']",
    ),
    "a nested field is removed": (
        lambda s: s["$defs"]["Message"]["properties"].pop("text"),
        "text: removed",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_gate_fails_on_a_planted_break(name):
    """A gate that cannot fail protects nobody."""
    plant, said = BREAKS[name]
    now = snapshots.render(TicketReceived)
    then = copy.deepcopy(now)
    plant(now)
    faults = list(compatibility.breaks(then, now))
    assert any(said in fault for fault in faults), faults


def test_the_gate_lets_optional_fields_and_new_members_pass():
    """Compatible growth is what a major version is for."""
    then = snapshots.render(TicketReceived)
    now = copy.deepcopy(then)
    now["properties"]["mood"] = {"type": "string"}
    now["$defs"]["TicketStatus"]["enum"].append("snoozed")
    assert list(compatibility.breaks(then, now)) == []


def test_the_journal_alone_may_gain_kinds_of_entries():
    """Its only reader stops at one that it does not know; anybody else's would break."""
    assert [event for event in EVENTS if event.grows_by is not None] == [JournalAppended]
    then = snapshots.render(JournalAppended)
    then["properties"]["body"]["oneOf"].pop()
    assert compatibility.check(JournalAppended, {"older": then}) == []
    now = snapshots.render(JournalAppended)
    now["properties"]["body"]["oneOf"].append({"$ref": "#/$defs/Decided"})
    assert compatibility.check(JournalAppended, {"newer": now})
    assert list(compatibility.breaks(then, snapshots.render(JournalAppended)))


def test_a_closed_set_without_other_may_not_grow():
    """Readers of the old version have nothing to map a new member to."""
    then = {"enum": ["support", "supply"]}
    assert list(compatibility.breaks(then, {"enum": ["support", "supply", "hr"]}))


def test_a_reader_ignores_unknown_fields_and_maps_unknown_members_to_other():
    """A producer may be upgraded before its readers."""
    text = '{"ticket_id": "7", "revision": 1, "status": "snoozed", "mood": "blue"}'
    assert TicketReceived.from_json(text).status is TicketStatus.OTHER


def test_the_asyncapi_document_is_current():
    """The catalogue that others read is generated, never edited."""
    assert asyncapi.HOME.read_text(encoding="utf-8") == asyncapi.render()


def test_every_payload_that_asyncapi_points_to_exists():
    """A dangling reference breaks every tool that reads the document."""
    for message in asyncapi.document()["components"]["messages"].values():
        assert (asyncapi.HOME.parent / message["payload"]["schema"]["$ref"]).resolve().is_file()


def test_every_event_travels_on_the_topic_of_its_name():
    """DESIGN §6: the event type is the topic's name."""
    assert {t.name: t.event for t in ALL if t.event} == {e.event_type: e for e in EVENTS}
