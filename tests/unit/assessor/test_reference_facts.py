"""From a case to its facts: what it names, and only over a copy that is up to date."""

from datetime import timedelta

import pytest

from schemas.automation.case import Case
from schemas.supply import Place, Reference
from schemas.support import AuthorKind, Direction, TicketPriority
from services.assessor.domain.joining import Entity, Type, wanted
from services.assessor.reference.facts import STALE_S, ReferenceFacts, named
from services.chassis.errors import Outage
from services.chassis.names import METRICS
from tests.fakes_reader import NOW, supply_case, ticket_case
from tests.fakes_triton import FakeMetrics

TICKET_FACTS, SUPPLY_FACTS = wanted(support=True), wanted(support=False)


class FakeTopic:
    """Behind for `age` seconds; or away."""

    def __init__(self, age=0.0, *, away=False):
        self.age, self.away, self.confirmed = age, away, 0

    def stale(self, seconds):
        """Whether it is older."""
        return self.age > seconds

    async def confirm_end(self):
        """Catches up."""
        if self.away:
            raise Outage("away")
        self.confirmed += 1


def facts(topic=None, house=None):
    """Over a table of (tenant, type, id)."""
    made = {
        ("acme", Type.ORDER, "SO-1"): {"amount": 5},
        ("umbrella", Type.CUSTOMER, "c0ffee"): {"tier": "gold"},
    } | (house or {})

    def find(tenant, type_, id_):
        attributes = made.get((tenant, type_, id_))
        return None if attributes is None else Entity(type_, id_, NOW, attributes)

    return ReferenceFacts(find, topic or FakeTopic(), FakeMetrics())


def event(*refs, **fields) -> Case:
    """A supply event that names these."""
    case = supply_case()
    named_ = tuple(Reference(type=kind, value=value) for kind, value in refs)
    return case.model_copy(
        update={"supply": case.supply.model_copy(update={"refs": named_, **fields})}
    )


async def test_a_tenant_s_case_gets_that_tenant_s_facts():
    """Another's customer of the same hash is nobody here."""
    case = ticket_case(order_id="SO-1", requester_ref="c0ffee")
    (known,) = await facts().about(case, TICKET_FACTS)
    assert (known.name, known.value, known.as_of, known.source) == (
        "order.amount",
        5,
        NOW,
        "order:SO-1",
    )


async def test_only_what_is_wanted_is_told():
    """An echo of ours wants nothing, and nothing is looked up for it."""
    made = facts(FakeTopic(1e9, away=True))
    assert await made.about(ticket_case(order_id="SO-1"), ()) == ()
    assert list(await facts().about(ticket_case(order_id="SO-1"), ("order.status",))) == []


async def test_a_copy_that_is_behind_is_caught_up_first():
    """And one that cannot be holds the partition: a broadcast that is not read is an outage."""
    topic = FakeTopic(STALE_S + 1)
    await facts(topic).about(ticket_case(), TICKET_FACTS)
    assert topic.confirmed == 1
    with pytest.raises(Outage):
        await facts(FakeTopic(STALE_S + 1, away=True)).about(ticket_case(), TICKET_FACTS)
    fresh = FakeTopic(STALE_S - 1, away=True)
    await facts(fresh).about(ticket_case(), TICKET_FACTS)


async def test_what_was_looked_up_is_counted_by_type():
    """A feed that was never set up shows as misses."""
    made = facts()
    await made.about(ticket_case(order_id="SO-1", requester_ref="c0ffee"), TICKET_FACTS)
    counted = [(labels["type"], labels["result"]) for _, _, labels in made._metrics.counted]
    assert counted == [("order", "found"), ("customer", "missing"), ("sla_policy", "missing")]
    ((name, _, _), *_) = made._metrics.counted
    assert set(METRICS[name].labels) == {"type", "result"}


def test_a_ticket_names_its_order_its_customer_and_its_priority():
    """By fields that its source filled, never by its text."""
    case = ticket_case(order_id="SO-1", requester_ref="c0ffee", priority=TicketPriority.HIGH)
    found = named(case.model_copy(update={"customer_ref": "beef"}))
    assert (found.order, found.priority) == ("SO-1", "high")
    assert (found.customer, found.requester) == ("beef", "c0ffee")


@pytest.mark.parametrize(
    "fields",
    [
        {"message_id": None},
        {"message_direction": Direction.OUTBOUND},
        {"message_author_kind": AuthorKind.AGENT},
        {"message_automatic": True},
    ],
)
def test_only_a_customer_s_own_message_starts_the_clock(fields):
    """Nobody waits for an answer to a status change or an out-of-office note."""
    assert named(ticket_case()).asked_at == NOW
    assert named(ticket_case(**fields)).asked_at is None


def test_the_clock_starts_when_it_was_written_and_never_after_it_came():
    """A producer's clock that is ahead must not make us look early."""
    for hours, starts in ((-3, -3), (3, 0)):
        case = ticket_case().model_copy(update={"occurred_at": NOW + timedelta(hours=hours)})
        assert named(case).asked_at == NOW + timedelta(hours=starts)


def test_an_event_names_the_first_of_each_kind():
    """As policies see it in `ref.*`."""
    found = named(
        event(
            ("po", "P-1"),
            ("po", "P-2"),
            ("so", "S-1"),
            ("sku", "K"),
            ("supplier", "V"),
            ("lane", "L"),
        )
    )
    assert (found.po, found.order, found.sku, found.supplier, found.lane) == (
        "P-1",
        "S-1",
        "K",
        "V",
        "L",
    )
    assert named(event(("gtin", "09521321000015"))).sku == "09521321000015"


def test_stock_is_looked_for_where_the_event_is():
    """A location that it names, else the place it happened at."""
    place = Place(gln="9521321000010", unlocode="DEHAM")
    assert named(event(("location", "HAM-1"), place=place)).location == "HAM-1"
    assert named(event(place=place)).location == "9521321000010"
    assert named(event(place=Place(unlocode="DEHAM"))).location == "DEHAM"


async def test_facts_of_an_event():
    """By the refs it carries."""
    house = {("acme", Type.INVENTORY, "K@HAM"): {"cover_days": 2}}
    known = await facts(house=house).about(event(("sku", "K"), ("location", "HAM")), SUPPLY_FACTS)
    assert [(each.name, each.value) for each in known] == [("stock.cover_days", 2)]
