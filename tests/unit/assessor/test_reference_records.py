"""Every form that a fact may come in, and everything that makes a record unreadable."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reference import EntityType
from services.assessor.domain.joining import Type
from services.assessor.reference.records import Name, entity_of, name_of
from services.assessor.reference.tables import ReferenceFile, Tables
from services.chassis.errors import Rejected, Undecodable
from tests.fakes_reference import NOW, event, record, row

FILE = ReferenceFile.model_validate(
    {
        "tables": [
            {
                "table": "public.orders",
                "tenant": "acme",
                "type": "order",
                "id": "{order_no}",
                "attributes": {"status": "state", "amount": "total"},
            },
            {
                "table": "public.stock",
                "tenant": "acme",
                "type": "inventory",
                "id": "{sku}@{location}",
                "attributes": {"cover_days": "days"},
            },
        ]
    }
)
TABLES = Tables(FILE.tables)
ROW = {"order_no": "SO-1", "state": "shipped", "total": "1499.00", "name": "Asha Rao"}
KEY = {"order_no": "SO-1"}
SCHEMA = {"type": "struct"}
SECRET = "Asha Rao"


def read(value, key="acme|order:SO-1", headers=()):
    """Name and entity."""
    sent = record(value, key)
    name = name_of(sent, TABLES)
    return name, entity_of(sent, name, TABLES)


def bytes_of(value):
    """As JSON."""
    return json.dumps(value).encode()


FORMS = {
    "bare": (event(), "acme|order:SO-1"),
    "structured": (
        {"specversion": "1.0", "id": "1", "source": "/erp", "type": "t", "data": event()},
        "acme|order:SO-1",
    ),
    "framed": (b"\0\0\0\0\7" + bytes_of(event()), "acme|order:SO-1"),
    "framed by guid": (b"\1" + b"g" * 16 + bytes_of(event()), "acme|order:SO-1"),
    "quoted key": (event(), '"acme|order:SO-1"'),
    "debezium": (row(after=ROW), KEY),
    "debezium, first read": (row("r", ROW), KEY),
    "debezium, new": (row("c", ROW), KEY),
    "debezium with schemas": (
        {"schema": SCHEMA, "payload": row(after=ROW)},
        {"schema": SCHEMA, "payload": KEY},
    ),
    "debezium, framed": (
        b"\0\0\0\0\7" + bytes_of(row(after=ROW)),
        b"\0\0\0\0\6" + bytes_of(KEY),
    ),
    "debezium under our key": (row(after=ROW), "acme|order:SO-1"),
}


@pytest.mark.parametrize(("value", "key"), FORMS.values(), ids=FORMS)
def test_every_form_says_the_same(value, key):
    """Whoever publishes changes nothing."""
    name, entity = read(value, key)
    assert name == Name("acme", Type.ORDER, "SO-1")
    assert (entity.type, entity.id, entity.as_of) == (Type.ORDER, "SO-1", NOW)
    assert entity.attributes["status"] == "shipped"


def test_only_what_facts_are_made_of_is_kept():
    """No name of a person lies in a file of ours because it lay in a table of theirs."""
    _, entity = read(event(attributes={"status": "shipped", "customer_name": SECRET}))
    assert entity.attributes == {"status": "shipped"}
    _, entity = read(row(after=ROW), KEY)
    assert entity.attributes == {"status": "shipped", "amount": "1499.00"}


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (None, "acme|order:SO-1"),
        (None, KEY),
        (None, {"schema": SCHEMA, "payload": KEY}),
        (row("d", None, before=ROW), KEY),
        ({"schema": SCHEMA, "payload": row("d", None, before=ROW)}, KEY),
    ],
    ids=["tombstone", "debezium tombstone", "with schemas", "deleted", "deleted with schemas"],
)
def test_what_is_gone_is_known_by_its_key(value, key):
    """A tombstone is all that is left after a while."""
    assert read(value, key) == (Name("acme", Type.ORDER, "SO-1"), None)


def test_a_key_of_several_columns():
    """In whatever order they come."""
    key = {"location": "HAM", "sku": "SKU-1"}
    after = {**key, "days": 3.5}
    name, entity = read(row(after=after, table="stock"), key)
    assert (str(name), entity.attributes) == ("acme|inventory:SKU-1@HAM", {"cover_days": 3.5})


def test_a_type_of_a_later_version_is_nobody_s_business():
    """Neither an error nor kept."""
    value = event("warehouse", "W-1")
    assert read(value, "acme|warehouse:W-1") == (Name("acme", None, "W-1"), None)


def test_an_id_may_be_anything_with_any_letters():
    """Colons, bars, spaces, line ends."""
    id_ = "SO|1:2 ü\n3"
    name, entity = read(event(id_=id_), f"acme|order:{id_}")
    assert name.id == entity.id == id_


POLICY = {"time_zone": "Europe/Berlin", "reply_within_minutes": {"normal": 60}}


def test_an_sla_policy_is_read_when_it_comes():
    """Its owner hears of a mistake when it is made, not when a clock is wanted."""
    key = "acme|sla_policy:default"
    _, entity = read(event("sla_policy", "default", POLICY), key)
    assert entity.attributes == POLICY
    with pytest.raises(Rejected, match=r"attributes\.time_zone: give an IANA name"):
        read(event("sla_policy", "default", POLICY | {"time_zone": "Mars"}), key)


UNREADABLE = {
    "no key": (event(), "", "key: neither tenant|type:id"),
    "a key of another form": (event(), "SO-1", "key: neither tenant|type:id"),
    "no tenant": (event(), "|order:SO-1", "key: neither"),
    "no id": (event(), "acme|order:", "key: neither"),
    "a key that is a number in quotes": (event(), b'"7', "key: not text"),
    "a key in Latin-1": (event(), "acme|order:ü".encode("latin-1"), "key: not text in UTF-8"),
    "a framed key of another registry": (event(), b"\0\0\0\0\7\2hi", "key: not JSON"),
    "an unknown table's key": (row(after=ROW), {"id": 5}, "is keyed by id; add it"),
    "not JSON": (b"{", "acme|order:SO-1", "value: not JSON"),
    "Avro": (b"\0\0\0\0\7\2\4", "acme|order:SO-1", "value: not JSON"),
    "a list": ([], "acme|order:SO-1", "value: not a JSON object"),
    "text": (b'"x"', "acme|order:SO-1", "value: not a JSON object"),
    "empty": (b"", "acme|order:SO-1", "value: not JSON"),
    "a field missing": ({"tenant": "acme"}, "acme|order:SO-1", "as_of: missing"),
    "a time without its zone": (
        event(as_of="2026-11-24T10:00:00"),
        "acme|order:SO-1",
        "as_of: timezone_aware",
    ),
    "no attributes": (event(attributes=[]), "acme|order:SO-1", "attributes: dict_type"),
    "another tenant": (event(tenant="umbrella"), "acme|order:SO-1", "tenant: not the one in"),
    "another type": (event("sku"), "acme|order:SO-1", "type: not the one in the key"),
    "another id": (event(id_="SO-2"), "acme|order:SO-1", "id: not the one in the key"),
    "a structured one without": (
        {"specversion": "1.0", "data": None},
        "acme|order:SO-1",
        "value: model_type",
    ),
    "no source": (row(after=ROW, source=None), KEY, "source: missing"),
    "another table": (
        row(after={"sku": "S", "location": "H"}, table="stock"),
        KEY,
        "source.table: not the one in the key",
    ),
    "a table that is not listed": (row(after=ROW, table="people"), KEY, "source.table: names no"),
    "another row": (row(after={**ROW, "order_no": "SO-2"}), KEY, "after.order_no: not the one"),
    "a row without its key": (row(after={"state": "x"}), KEY, "after.order_no: neither"),
    "a column missing": (row(after={"order_no": "SO-1"}), KEY, "after.state: no such column"),
    "no row": (row("u", None), KEY, "op: neither"),
    "truncated": (row("t", None), KEY, "op: neither"),
    "an operation of another kind": (row([], ROW), KEY, "op: neither"),
    "no time": (
        row(after=ROW, source={"table": "public.orders"}, ts_ms=None),
        KEY,
        "source.ts_ms: missing",
    ),
    "a time beyond all": (
        row(after=ROW, source={"table": "public.orders"}, ts_ms=10**17),
        KEY,
        "source.ts_ms: no such",
    ),
}


@pytest.mark.parametrize(("value", "key", "says"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_names_the_field(value, key, says):
    """And the remedy, where there is one."""
    with pytest.raises((Rejected, Undecodable)) as refused:
        read(value, key)
    assert says in str(refused.value)


def test_the_time_of_the_change_is_the_database_s(monkeypatch):
    """Not the connector's, which may be hours behind; that one stands in where there is none."""
    late = row(after=ROW, ts_ms=round(NOW.timestamp() * 1000) + 9_000_000)
    assert read(late, KEY)[1].as_of == NOW
    alone = row(after=ROW, source={"db": "erp", "schema": "public", "table": "orders"}, ts_ms=5)
    assert read(alone, KEY)[1].as_of == datetime(1970, 1, 1, 0, 0, 0, 5000, tzinfo=UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.data())
def test_whatever_comes_is_read_or_refused_and_never_quoted(data):
    """A mutated record is unreadable or an entity: nothing else is ever raised."""
    value, key = data.draw(st.sampled_from(list(FORMS.values())))
    told = json.loads(value) if isinstance(value, bytes) and value[:1] == b"{" else value
    if isinstance(told, dict):
        inner = told.get("payload", told.get("data", told))
        field = data.draw(st.sampled_from(sorted(inner)))
        told = {**inner, field: data.draw(JSON | st.just(SECRET * 30))}
    sent = record(told, data.draw(st.just(key) | JSON | st.binary(max_size=30)))
    try:
        name = name_of(sent, TABLES)
        entity = entity_of(sent, name, TABLES)
    except (Rejected, Undecodable) as error:
        said, agrees = str(error), True
    else:
        said, agrees = "", entity is None or (entity.type, entity.id) == (name.type, name.id)
    assert SECRET not in said
    assert agrees


def test_the_wire_s_types_are_the_domain_s():
    """A type that facts are made of must be one that can be published."""
    assert {each.value for each in EntityType} - {"other"} == {each.value for each in Type}
