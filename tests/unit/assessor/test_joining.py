"""From what a case names to facts: which entity, by which way, and only what is what it says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessor.domain.joining import ATTRIBUTES, FACTS, Entity, Named, Type, join, wanted

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday
EARLIER = NOW - timedelta(days=1)

POLICY = {"time_zone": "Europe/Berlin", "reply_within_minutes": {"normal": 60, "high": 15}}
HOUSE = {
    (Type.ORDER, "SO-1"): {
        "status": "shipped",
        "amount": "1499.00",
        "currency": "INR",
        "refundable": True,
    },
    (Type.CUSTOMER, "c0ffee"): {"tier": "gold", "sla_policy": "gold"},
    (Type.CUSTOMER, "beef"): {"tier": "basic"},
    (Type.CUSTOMER, "lost"): {"sla_policy": "gone"},
    (Type.SLA_POLICY, "default"): POLICY,
    (Type.SLA_POLICY, "gold"): POLICY | {"reply_within_minutes": {"normal": 5}},
    (Type.PURCHASE_ORDER, "PO-1"): {
        "amount": 12000,
        "currency": "EUR",
        "promised_at": "2026-11-30T12:00:00+01:00",
        "supplier": "S-9",
        "lane": "INBOM-DEHAM",
    },
    (Type.SUPPLIER, "S-9"): {"single_source": True},
    (Type.SUPPLIER, "S-8"): {"single_source": False},
    (Type.LANE, "INBOM-DEHAM"): {"transit_days": 28, "disrupted": False},
    (Type.SKU, "SKU-1"): {"safety_class": "food"},
    (Type.INVENTORY, "SKU-1"): {"cover_days": 12.5},
    (Type.INVENTORY, "SKU-1@HAM"): {"on_hand": 90, "daily_demand": "30"},
}


def find(house=HOUSE, **times):
    """A table of the operator's."""

    def one(type_, id_):
        attributes = house.get((type_, id_))
        as_of = times.get(f"{type_}:{id_}".replace("-", "_").replace(":", "_"), NOW)
        return None if attributes is None else Entity(type_, id_, as_of, attributes)

    return one


def facts(named, house=HOUSE):
    """By name."""
    return {known.name: known.value for known in join(named, find(house))}


def ticket(**named):
    """A customer asks."""
    return Named(support=True, asked_at=NOW, **named)


def event(**named):
    """Something happened on the way."""
    return Named(support=False, **named)


def test_a_ticket_s_order_and_customer_are_found():
    """By the order that the source links, and by the hash of who asked."""
    assert facts(ticket(order="SO-1", customer="c0ffee")) == {
        "order.status": "shipped",
        "order.amount": 1499.0,
        "order.currency": "INR",
        "order.refundable": True,
        "customer.tier": "gold",
        "sla.due_at": "2026-11-24T10:05:00+00:00",
    }


def test_a_supply_event_s_things_are_found():
    """The purchase order names its supplier and its lane."""
    assert facts(event(po="PO-1", sku="SKU-1", order="SO-1")) == {
        "order.status": "shipped",
        "order.amount": 1499.0,
        "order.currency": "INR",
        "order.refundable": True,
        "po.amount": 12000,
        "po.currency": "EUR",
        "po.promised_at": "2026-11-30T11:00:00+00:00",
        "sku.safety_class": "food",
        "stock.cover_days": 12.5,
        "supplier.single_source": True,
        "lane.transit_days": 28,
        "lane.disrupted": False,
    }


def test_what_the_event_names_goes_before_what_the_order_names():
    """The event is newer."""
    assert facts(event(po="PO-1", supplier="S-8"))["supplier.single_source"] is False


def test_stock_at_the_place_goes_before_stock_anywhere():
    """Three days of it, reckoned from what is there and what is used."""
    assert facts(event(sku="SKU-1", location="HAM"))["stock.cover_days"] == 3.0
    assert facts(event(sku="SKU-1", location="BOM"))["stock.cover_days"] == 12.5


def test_who_asked_when_nobody_knows_them_is_due_by_the_usual_policy():
    """So is a known customer without a policy of their own."""
    usual = "2026-11-24T11:00:00+00:00"
    assert facts(ticket(customer="nobody"))["sla.due_at"] == usual
    assert facts(ticket(customer="beef"))["sla.due_at"] == usual
    assert facts(ticket(priority="high"))["sla.due_at"] == "2026-11-24T10:15:00+00:00"


def test_whose_own_policy_is_gone_is_not_held_to_another_s():
    """A looser promise would say that all is well."""
    assert "sla.due_at" not in facts(ticket(customer="lost"))


def test_a_customer_is_known_by_address_before_the_id_at_one_source():
    """Both are hashes; an operator publishes under the one that there is."""
    assert facts(ticket(customer="c0ffee", requester="beef"))["customer.tier"] == "gold"
    assert facts(ticket(customer="nobody", requester="beef"))["customer.tier"] == "basic"


def test_where_nobody_waits_nothing_is_due():
    """A status change is no question."""
    assert "sla.due_at" not in facts(replace(ticket(), asked_at=None))


def test_a_fact_says_from_where_and_of_when_it_is():
    """What came by way of another is as old as the older of the two."""
    known = {each.name: each for each in join(event(po="PO-1"), find(supplier_S_9=EARLIER))}
    assert (known["po.amount"].source, known["po.amount"].as_of) == ("purchase_order:PO-1", NOW)
    assert known["supplier.single_source"].as_of == EARLIER
    known = {each.name: each for each in join(event(po="PO-1"), find(purchase_order_PO_1=EARLIER))}
    assert known["supplier.single_source"].as_of == EARLIER


def test_a_source_fits_the_contract_however_long_the_id_is():
    """200 characters, as every id of ours."""
    long = "x" * 200
    (known,) = join(event(sku=long), find({(Type.SKU, long): {"safety_class": "food"}}))
    assert len(known.source) == 200


def test_a_domain_gets_its_own_facts():
    """A ticket is asked nothing about lanes, whatever it names."""
    assert facts(replace(event(po="PO-1"), support=True)) == {}
    assert "po.amount" not in wanted(support=True)
    assert "customer.tier" not in wanted(support=False)


@pytest.mark.parametrize(
    "given_", ["1,499.00", "1e3", "NaN", "", " 5", "0x10", "1_0", True, None, [5]]
)
def test_what_is_no_number_is_missing(given_):
    """An amount is never guessed."""
    house = {(Type.ORDER, "SO-1"): {"amount": given_}}
    assert facts(event(order="SO-1"), house) == {}


@pytest.mark.parametrize(
    ("given_", "is_"), [(5, 5), (5.5, 5.5), ("5", 5), ("-5.50", -5.5), (float("inf"), None)]
)
def test_a_number_may_be_written_out(given_, is_):
    """As many systems send money."""
    assert (
        facts(event(order="SO-1"), {(Type.ORDER, "SO-1"): {"amount": given_}}).get("order.amount")
        == is_
    )


@pytest.mark.parametrize(
    ("given_", "is_"), [(True, True), (0, False), (1, True), (2, None), ("true", None)]
)
def test_a_flag_is_true_or_false(given_, is_):
    """Or 1 and 0, as databases say it."""
    house = {(Type.SUPPLIER, "S-9"): {"single_source": given_}}
    assert facts(event(supplier="S-9"), house).get("supplier.single_source") is is_


@pytest.mark.parametrize(
    ("given_", "is_"),
    [
        ("2026-11-30T11:00:00Z", "2026-11-30T11:00:00+00:00"),
        ("2026-11-30", "2026-12-01T00:00:00+00:00"),
        (1796036400000, "2026-11-30T11:00:00+00:00"),
        ("2026-11-30T11:00:00", None),
        ("next week!", None),
        ("9999-12-31", None),
        (10**30, None),
        (True, None),
        (None, None),
    ],
)
def test_an_instant_has_an_offset(given_, is_):
    """A date is kept until it ends; a wall clock without its zone could be any."""
    house = {(Type.PURCHASE_ORDER, "PO-1"): {"promised_at": given_}}
    assert facts(event(po="PO-1"), house).get("po.promised_at") == is_


@pytest.mark.parametrize(("on_hand", "daily"), [(90, 0), (-1, 5), ("many", 5), (90, None)])
def test_cover_that_cannot_be_reckoned_is_missing(on_hand, daily):
    """Nothing is divided by nothing."""
    house = {(Type.INVENTORY, "SKU-1"): {"on_hand": on_hand, "daily_demand": daily}}
    assert facts(event(sku="SKU-1"), house) == {}


def test_a_policy_that_cannot_be_read_is_no_policy():
    """It was refused when it came in; what an older version kept blocks nothing."""
    assert facts(ticket(), {(Type.SLA_POLICY, "default"): {"time_zone": "Mars"}}) == {}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.data())
def test_whatever_attributes_hold_facts_are_scalars(data):
    """An operator's table may hold anything; nobody's case fails over it."""
    house = {
        (type_, "x"): {name: data.draw(VALUES) for name in ATTRIBUTES[type_]} for type_ in Type
    }
    house[Type.SLA_POLICY, "default"] = house[Type.SLA_POLICY, "x"]
    for named in (
        Named(support=True, order="x", customer="x", asked_at=NOW),
        Named(support=False, order="x", po="x", sku="x", supplier="x", lane="x"),
    ):
        for known in join(named, find(house)):
            assert isinstance(known.value, str | int | float | bool)


def test_every_fact_s_attribute_is_kept():
    """What is not kept is never known."""
    assert all(fact.attribute in ATTRIBUTES[fact.type] for fact in FACTS)
