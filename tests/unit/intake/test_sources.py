"""Whose an event is: the operator's word alone, and a file that is checked before anything runs."""

import re

import pytest

from services.chassis.errors import ConfigurationError, Rejected
from services.intake import sources
from services.intake.envelope import Envelope
from services.intake.formats import ALL
from services.intake.settings import IntakeSettings
from tests.fakes_intake import SOURCES, TICKETS, loaded, ticket

SUPPLY = "supply.event.received.v1"


@pytest.fixture
def known(tmp_path):
    """The tests' file."""
    return loaded(tmp_path)


def came(source=None, data=None):
    """An envelope that matters by its source and its data only."""
    return Envelope("bare" if source is None else "binary", data, source=source)


def test_the_shipped_file_is_valid_and_knows_the_examples():
    """What somebody starts with must work as it is."""
    shipped = sources.load(IntakeSettings.model_fields["sources"].default)
    assert set(shipped.by_topic) == set(sources.TOPICS)
    supply = {"sluice-supply", "epcis", "dcsa", "project44", "edi", "notice"}
    assert {each.format for each in shipped.by_topic[SUPPLY]} == supply


@pytest.mark.parametrize(
    ("topic", "ce_source", "tenant", "name"),
    [
        (TICKETS, "/helpdesk/acme", "acme", "helpdesk"),
        (TICKETS, "/helpdesk/globex/emea", "globex", "helpdesk"),
        (SUPPLY, "/epcis/globex", "globex", "epcis"),
        ("automation.outcome.reported.v1", "/helpdesk/acme", "acme", "actions"),
    ],
)
def test_topic_and_ce_source_name_the_source(known, topic, ce_source, tenant, name):
    """The same ce_source on another topic is another source."""
    found = known.of(topic, came(ce_source))
    assert (found.tenant, found.name) == (tenant, name)


def test_the_exact_source_is_meant_before_a_prefix_and_the_longer_prefix_before_the_shorter(
    tmp_path,
):
    """An operator who names one of many means that one."""
    common = f"tenant: globex, topic: {TICKETS}, format: sluice-ticket"
    text = SOURCES.replace(
        "sources:\n",
        f"sources:\n  - {{name: any, ce_source: '*', {common}}}\n"
        f"  - {{name: all, ce_source: '/helpdesk/acme*', {common}}}\n",
    )
    known = loaded(tmp_path, text)
    assert known.of(TICKETS, came("/helpdesk/acme")).name == "helpdesk"
    assert known.of(TICKETS, came("/helpdesk/acme/2")).name == "all"
    assert known.of(TICKETS, came("/elsewhere")).name == "any"


@pytest.mark.parametrize("ce_source", ["/helpdesk/globex", "/HELPDESK/acme", "", "acme"])
def test_an_unknown_source_is_nobodys(known, ce_source):
    """A near miss must not end up with a tenant, and the error quotes no producer."""
    with pytest.raises(Rejected, match=f"ce_source: no source of {TICKETS}") as caught:
        known.of(TICKETS, came(ce_source))
    assert not ce_source or ce_source not in str(caught.value)


def test_a_bare_record_belongs_where_exactly_one_source_takes_its_shape(known):
    """Detection by shape, and only among sources that the operator opened for it."""
    assert known.of(TICKETS, came(data=ticket())).tenant == "acme"
    epcis = {"type": "ObjectEvent", "eventTime": "2026-01-01T00:00:00Z"}
    assert known.of(SUPPLY, came(data=epcis)).name == "epcis"
    outcome = {"outcome": {}}
    assert known.of("automation.outcome.reported.v1", came(data=outcome)).name == "actions"


@pytest.mark.parametrize(
    ("topic", "data", "said"),
    [
        (TICKETS, {"id": 1}, "takes bare records of this shape"),
        (TICKETS, None, "takes bare records of this shape"),
        ("automation.review.given.v1", {"review": {}}, "takes bare records of this shape"),
        ("no.such.topic.v1", ticket(), "takes bare records of this shape"),
        (
            SUPPLY,
            {
                "family": "x",
                "milestone": "y",
                "refs": [],
                "eventType": "T",
                "eventClassifierCode": 1,
            },
            "suppliers, dcsa could all be meant",
        ),
    ],
)
def test_what_fits_none_or_several_is_nobodys(known, topic, data, said):
    """Never a guess: two tenants' events would mix."""
    with pytest.raises(Rejected, match=f"ce_source: missing, .*{said}"):
        known.of(topic, came(data=data))


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "said"),
    [
        (
            "tenant: acme, topic: supply",
            "tenant: acne, topic: supply",
            11,
            "sources.1.tenant",
            "acne is not listed",
        ),
        (
            "format: epcis, bare",
            "format: epics, bare",
            12,
            "sources.2.format",
            "did you mean epcis?",
        ),
        (
            "format: sluice-supply",
            "format: sluice-ticket",
            11,
            "sources.1.format",
            "carries sluice-supply, epcis, dcsa",
        ),
        (
            "topic: automation.review.given.v1",
            "topic: automation.review.gven.v1",
            15,
            "sources.5.topic",
            "did you mean automation.review.given.v1?",
        ),
        (
            "topic: automation.review.given.v1",
            "topic: automation.case.accepted.v1",
            15,
            "sources.5.topic",
            "known|did you mean",
        ),
        ("name: dcsa", "name: epcis", 13, "sources.3.name", "acme's epcis has its tenant and name"),
        (
            "ce_source: /dcsa/acme",
            "ce_source: /epcis/acme",
            13,
            "sources.3.ce_source",
            "acme's epcis has its topic and ce_source",
        ),
        (
            "ce_source: /epcis/globex, format: epcis",
            "ce_source: /epcis/globex, format: epcis, bare: true",
            17,
            "sources.7.bare",
            "nothing tells them apart",
        ),
        (
            "bare: true, integration_users",
            "bear: true, integration_users",
            10,
            "sources.0.bear",
            "Extra inputs",
        ),
        (
            "bare: true, integration_users",
            "bare: perhaps, integration_users",
            10,
            "sources.0.bare",
            "valid boolean",
        ),
        ("name: suppliers", "name: 'sup|pliers'", 11, "sources.1.name", "should match pattern"),
        ("ce_source: /ops/acme, ", "", 15, "sources.5.ce_source", "Field required"),
        (
            "ce_source: /ops/acme",
            "ce_source: ''",
            15,
            "sources.5.ce_source",
            "at least 1 character",
        ),
        (r"'\bSO-\d{4,12}\b'", r"'\bSO-\d{4,}'", 5, "business_patterns.order", "unbounded"),
        (r"'\bSO-\d{4,12}\b'", r"'(SO'", 5, "business_patterns.order", "not a regular expression"),
        (
            r"'\bSO-\d{4,12}\b'",
            r"'\d{0,4}'",
            5,
            "business_patterns.order",
            "matches the empty text",
        ),
        (
            r"'\bSO-\d{4,12}\b'",
            r"'SO-\d+'",
            5,
            "business_patterns.order",
            "unbounded repetition .* write",
        ),
        (
            r"'\bSO-\d{4,12}\b'",
            r"'(?:\d{1,9}){1,9}'",
            5,
            "business_patterns.order",
            "nested repetition",
        ),
        ("  globex: {}", "  globex: {}\n  globex: {}", 9, "", "duplicate key 'globex'"),
        ("sources:\n", "sauces:\n", 9, "sauces", "Extra inputs"),
    ],
)
def test_a_broken_file_is_refused_by_file_line_and_field(tmp_path, old, new, line, field, said):
    """An operator reads one line and knows where to look and what to write."""
    assert old in SOURCES
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, SOURCES.replace(old, new, 1))
    lines = str(caught.value).splitlines()
    at = re.escape(f"{tmp_path / 'sources.yaml'}:{line}: ")
    assert any(re.match(rf"{at}.*{re.escape(field)}.*({said})", each) for each in lines), lines


def test_a_missing_file_is_refused_by_name(tmp_path):
    """Not by a stack trace."""
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: cannot be read"):
        sources.load(tmp_path / "nowhere.yaml")


def test_every_format_belongs_to_a_topic_that_sources_may_name():
    """A new format is usable by writing it, no second list to keep."""
    assert {name for formats in sources.TOPICS.values() for name in formats} == {*ALL, "feedback"}
