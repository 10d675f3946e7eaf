"""From a case and its assessment to facts: every one typed, in the catalogue, and no text."""

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.automation.assessment import (
    Abstention,
    Alternative,
    Assessment,
    JoinedFact,
    Reading,
    Task,
)
from schemas.automation.case import Case, Entity, EntityType
from schemas.supply import Measurement
from schemas.support import AuthorKind, Channel, Direction, TicketPriority, TicketStatus
from services.decider.domain.facts import FACTS, Source
from services.decider.domain.observing import case_view, confidence, facts_at
from services.decider.domain.values import Facts, kind_of
from tests.fakes_decider import NOW, make_assessed
from tests.fakes_supply import seen, supply

SECRET = "where is my parcel"


def ticket(**fields) -> Case:
    """A ticket's case."""
    case = make_assessed(message="m1").case
    assert case.ticket is not None
    return case.model_copy(update={"ticket": case.ticket.model_copy(update=fields)})


def read(task: Task, label: str, **fields) -> Assessment:
    """One reading."""
    given = {"confidence": 0.9, "margin": 0.7, "models": ()} | fields
    return Assessment(readings=(Reading(task=task, label=label, **given),), assessed_at=NOW)


FULL_TICKET = ticket(
    status=TicketStatus.NEW,
    priority=TicketPriority.HIGH,
    channel=Channel.WEB,
    queue="inbox",
    vip=True,
    requester_ref="p1",
    order_id="SO-1",
    message_direction=Direction.INBOUND,
    message_author_kind=AuthorKind.CUSTOMER,
)
FULL_EVENT = supply(
    ("po", "PO-1"),
    ("lot", "L1"),
    ("lot", "L2"),
    ("strange", "x"),
    source_code="tms:x",
    reason_code="smdg:WEA",
    delay_days=Decimal("3.5"),
    measurements=(
        Measurement(kind="temperature", value=Decimal(4), minimum=Decimal("2.5"), uom="CEL"),
        Measurement(kind="temperature", maximum=Decimal(50), uom="FAH"),
        Measurement(kind="temperature", maximum=Decimal(90)),
        Measurement(kind="humidity", value=Decimal(80), uom="CEL"),
        Measurement(kind="price_change", value=Decimal("4.5")),
    ),
)


@pytest.mark.parametrize("case", [FULL_TICKET, FULL_EVENT], ids=["ticket", "event"])
def test_every_fact_is_of_the_catalogue_and_of_its_type(case):
    """A policy is checked against the catalogue: what it promises must be so."""
    facts = facts_at(seen(case), NOW, superseded=False).facts
    for name, value in facts.items():
        spec = FACTS[name]
        assert kind_of(value) is spec.kind, name
        assert type(value) in {str, int, float, bool}, name
        assert spec.values is None or value in spec.values, name
        assert spec.domain in {None, case.domain.value}, name


def test_no_fact_holds_text():
    """Facts stand in decisions and explanations; the text stays with the assessor."""
    facts = facts_at(seen(FULL_TICKET), NOW, superseded=False).facts
    assert SECRET in FULL_TICKET.text
    assert not [value for value in facts.values() if SECRET in str(value)]


def test_fields_that_a_source_did_not_send_are_missing():
    """None is not a value: conditions over it are false."""
    facts = seen(ticket(priority=None, queue=None, vip=None)).facts
    assert not {"ticket.priority", "ticket.queue", "ticket.vip"} & facts.keys()


def test_a_reading_is_a_label_with_its_confidence():
    """What the model said and how sure it is."""
    view = seen(ticket(), read(Task.INTENT, "delivery_status"))
    assert view.facts["intent.label"] == view.facts["intent.guess"] == "delivery_status"
    assert (view.facts["intent.abstained"], confidence(view.facts)) == (False, 0.9)


@pytest.mark.parametrize("why", Abstention)
def test_an_abstained_label_is_only_a_guess(why):
    """No rule relies upon a doubt by accident."""
    facts = seen(ticket(), read(Task.INTENT, "delivery_status", abstained=why)).facts
    assert "intent.label" not in facts
    assert facts["intent.guess"] == "delivery_status"
    assert (facts["intent.abstained"], facts["intent.abstention"]) == (True, why.value)


def test_the_language_is_read_else_declared():
    """What the text says goes before what its source believes."""
    case = ticket().model_copy(update={"declared_language": "en"})
    assert seen(case).language == "en"
    assert seen(case, read(Task.LANGUAGE, "hi-Latn")).language == "hi-Latn"
    unsure = read(Task.LANGUAGE, "ta", abstained=Abstention.LOW_CONFIDENCE)
    assert seen(case, unsure).language == "en"
    assert seen(ticket(), unsure).language is None


def decided(case: Case, assessment: Assessment | None = None) -> Facts:
    """All facts that a policy sees."""
    return facts_at(seen(case, assessment), NOW, superseded=False).facts


def test_codes_go_before_a_model():
    """A model is believed only where the codes say nothing; it is a warrant's only then."""
    said = read(Task.EXCEPTION, "price", confidence=0.99)
    table = decided(supply(("po", "P"), disposition="recalled"), said)
    assert (table["exception.label"], table["exception.source"]) == ("quality", "table")
    assert table["exception.rule"] == "disposition:recalled"
    assert confidence(table) is None
    model = decided(supply(("po", "P")), said)
    assert (model["exception.label"], model["exception.source"]) == ("price", "model")
    assert (confidence(model), "exception.rule" in model) == (0.99, False)
    assert "exception.label" not in decided(supply(("po", "P")))


def test_a_code_that_says_only_that_something_is_wrong_leaves_the_word_to_a_model():
    """If it is relied upon."""
    refused = supply(("po", "P"), source_code="x12:214:A7")
    assert decided(refused)["exception.label"] == "other"
    assert decided(refused, read(Task.EXCEPTION, "damage"))["exception.label"] == "damage"
    unsure = read(Task.EXCEPTION, "damage", abstained=Abstention.LOW_CONFIDENCE)
    assert decided(refused, unsure)["exception.source"] == "table"


def test_references_and_measurements_become_facts():
    """The first of a kind; all lots are counted; of temperatures those in a known unit."""
    facts = seen(FULL_EVENT).facts
    assert (facts["ref.po"], facts["ref.lot"], facts["supply.lots"]) == ("PO-1", "L1", 2)
    assert "ref.strange" not in facts
    assert (facts["supply.temperature_min"], facts["supply.temperature_max"]) == (2.5, 10.0)
    assert (facts["supply.delay_days"], facts["supply.price_change"]) == (3.5, 4.5)


def test_masked_classes_are_counted():
    """Zero is known, too."""
    facts = seen(ticket().model_copy(update={"masked": {"phone": 2, "email": 1}})).facts
    assert (facts["masked.total"], facts["masked.phone"], facts["masked.card"]) == (3, 2, 0)


def joined(name: str, value: object, age: timedelta = timedelta()) -> Assessment:
    """A fact of an operator's table."""
    fact = JoinedFact(name=name, value=value, as_of=NOW - age, source="ref")
    return Assessment(facts=(fact,), assessed_at=NOW)


def test_a_joined_fact_counts_until_it_is_stale():
    """And its staleness is told, so that the trail can say so."""
    fresh = facts_at(seen(ticket(), joined("order.amount", 9.5)), NOW, superseded=False)
    assert (fresh.facts["order.amount"], fresh.stale) == (9.5, frozenset())
    late = seen(ticket(), joined("order.amount", 9.5, timedelta(days=1, seconds=1)))
    late = facts_at(late, NOW, superseded=False)
    facts, stale = late.facts, late.stale
    assert "order.amount" not in facts
    assert stale == {"order.amount"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order.amount", "9.5"),
        ("order.amount", True),
        ("order.amount", 10**400),
        ("order.mood", 1),
        ("intent.label", "refund"),
    ],
)
def test_a_joined_fact_of_another_type_or_name_is_missing(name, value):
    """A table never passes for a reading, nor a text for a figure."""
    assert seen(ticket(), joined(name, value)).joined == ()


def test_a_time_to_answer_is_told_at_the_moment_of_deciding():
    """However long the case was on its way to us; exactly then it is not over yet."""
    due = (NOW + timedelta(minutes=10)).isoformat()
    view = seen(ticket(), joined("sla.due_at", due))
    for minutes, left, over in ((0, 600.0, False), (10, 0.0, False), (15, -300.0, True)):
        facts = facts_at(view, NOW + timedelta(minutes=minutes), superseded=False).facts
        assert (facts["sla.due_in"], facts["sla.breached"]) == (left, over)
        assert "sla.due_at" not in facts, "it is no fact of the catalogue"


def test_a_promise_is_told_from_now_and_from_the_event_s_own_time():
    """Ten days to go, and the carrier's estimate is two days past it."""
    promised = NOW + timedelta(days=10)
    estimate = supply(("po", "P"), new_time=promised + timedelta(days=2))
    found = joined("po.promised_at", promised.isoformat())
    facts = facts_at(seen(estimate, found), NOW, superseded=False).facts
    assert (facts["po.promised_in_days"], facts["po.late_days"]) == (10.0, 2.0)
    facts = facts_at(seen(supply(("po", "P")), found), NOW, superseded=False).facts
    assert (facts["po.promised_in_days"], facts.get("po.late_days")) == (10.0, None)


def test_what_a_stale_instant_means_is_stale():
    """Each of the facts by its own limit and name, as the trail says it."""
    old = joined("po.promised_at", NOW.isoformat(), timedelta(days=2, seconds=1))
    late = facts_at(seen(supply(("po", "P"), new_time=NOW), old), NOW, superseded=False)
    facts, stale = late.facts, late.stale
    assert stale == {"po.promised_in_days", "po.late_days"}
    assert facts.keys().isdisjoint(stale)
    old = joined("sla.due_at", NOW.isoformat(), timedelta(days=366))
    assert facts_at(seen(ticket(), old), NOW, superseded=False).stale == {
        "sla.due_in",
        "sla.breached",
    }


@pytest.mark.parametrize("value", ["soon", "2026-11-24T10:00:00", 5, None, ["x"]])
def test_an_instant_that_is_none_is_missing(value):
    """Without its offset it could be any."""
    assert seen(ticket(), joined("sla.due_at", value)).joined == ()


def test_ages_count_from_the_origin_and_from_the_event():
    """A redriven case is as old as when it first came."""
    case = ticket().model_copy(update={"occurred_at": NOW - timedelta(hours=2)})
    facts = facts_at(seen(case), NOW + timedelta(seconds=30), superseded=True).facts
    assert (facts["case.age_s"], facts["event.age_s"]) == (30.0, 7230.0)
    assert facts["subject.superseded"] is True


def test_severity_is_judged_over_facts_as_fresh_as_they_are():
    """Cover that is stale does not make a delay critical."""
    case = supply(("po", "P"), delay_days=Decimal(2))
    short = seen(case, joined("stock.cover_days", 1.0))
    assert facts_at(short, NOW, superseded=False).facts["exception.severity"] == "critical"
    later = NOW + timedelta(hours=13)
    assert facts_at(short, later, superseded=False).facts["exception.severity"] == "minor"


@pytest.mark.parametrize(
    ("fields", "retracts"),
    [
        ({}, False),
        ({"corrects": "e0"}, True),
        ({"corrects": "e0", "correction": "retracted"}, True),
        ({"corrects": "e0", "correction": "replaced"}, False),
    ],
)
def test_an_event_that_replaces_another_retracts_nothing(fields, retracts):
    """It is acted upon as any other; one that only takes back is shown to a person."""
    case, found = supply(("po", "P")).model_dump(), Assessment(assessed_at=NOW).model_dump()
    case["supply"] |= fields
    assert case_view(case, found).facts["supply.retracts"] is retracts


def test_what_a_text_names_are_facts_of_their_own() -> None:
    """The first of a kind, of sums the greatest; they never stand for what the source says."""
    entities = tuple(
        Entity(type=type_, value=value, unit=unit, start=0, end=1)
        for type_, value, unit in (
            (EntityType.SO, "SO-2", None),
            (EntityType.SO, "SO-3", None),
            (EntityType.AMOUNT, "20", "EUR"),
            (EntityType.AMOUNT, "149999.50", None),
            (EntityType.DATE, "2026-11-19", None),
            (EntityType.OTHER, "x", None),
        )
    )
    case = ticket(order_id="SO-1").model_copy(update={"entities": entities})
    facts = case_view(case.model_dump(), Assessment(assessed_at=NOW).model_dump()).facts
    told = {name: value for name, value in facts.items() if name.startswith("named.")}
    assert told == {
        "named.total": 6,
        "named.so": "SO-2",
        "named.amount": 149999.5,
        "named.date": "2026-11-19",
    }
    assert facts["ticket.order_id"] == "SO-1"
    assert all(FACTS[name].source is not Source.JOINED for name in told)


def test_a_cue_is_told_where_it_is_relied_upon() -> None:
    """Priority is computed by rule; a doubtful cue gives it nothing."""
    assert seen(ticket(), read(Task.URGENCY, "now")).facts["urgency.label"] == "now"
    doubt = read(Task.URGENCY, "now", abstained=Abstention.LOW_CONFIDENCE)
    assert "urgency.label" not in seen(ticket(), doubt).facts


def test_a_suspicion_is_told_of_every_text_that_was_read() -> None:
    """Also that there is none; how likely it is, whichever label comes first."""
    some = seen(ticket(), read(Task.INJECTION, "instruction")).facts
    assert (some["injection.suspected"], some["injection.confidence"]) == (True, 0.9)
    doubt = read(Task.INJECTION, "instruction", abstained=Abstention.LOW_CONFIDENCE)
    assert seen(ticket(), doubt).facts["injection.suspected"] is False
    other = (Alternative(label="instruction", confidence=0.1),)
    none = seen(ticket(), read(Task.INJECTION, "ordinary", alternatives=other)).facts
    assert (none["injection.suspected"], none["injection.confidence"]) == (False, 0.1)
    assert "injection.suspected" not in seen(ticket()).facts
    notice = seen(supply(("po", "P")), read(Task.INJECTION, "instruction")).facts
    assert notice["injection.suspected"] is True
