"""The operator's reference file: read, and refused with file, line, field and remedy."""

import pytest

from services.assessor.domain.joining import Type
from services.assessor.reference import tables
from services.assessor.reference.tables import Tables
from services.assessor.settings import AssessorSettings
from services.chassis.errors import ConfigurationError, Rejected
from tests.fakes_reference import told

FILE = """\
change_feeds:
  - {tenant: acme, type: customer}
tables:
  - table: public.orders
    tenant: acme
    type: order
    id: "{order_no}"
    attributes: {status: state, amount: total}
  - table: stock
    tenant: acme
    type: inventory
    id: "{sku}@{location}"
    attributes: {on_hand: pieces, daily_demand: per_day}
"""


@pytest.fixture
def read(tmp_path):
    """The file above, changed."""

    def change(before="", after="", *, add=""):
        assert before in FILE
        return told(FILE.replace(before, after, 1) + add if before else FILE + add, tmp_path)

    return change


def test_the_shipped_file_knows_nothing(tmp_path):
    """Events need no file."""
    assert tables.load(AssessorSettings().reference) == Tables()


def test_a_table_is_a_change_feed(read):
    """Change data capture tells every change by nature."""
    assert read().feeds == {
        ("acme", Type.CUSTOMER),
        ("acme", Type.ORDER),
        ("acme", Type.INVENTORY),
    }


def test_a_key_s_columns_say_which_table(read):
    """A tombstone has nothing else."""
    stock = read().of_key({"location": "HAM", "sku": "SKU-1"})
    assert stock.named({"location": "HAM", "sku": "SKU-1"}, "key") == "SKU-1@HAM"
    assert read().of_key({"order_no": 7}).named({"order_no": 7}, "key") == "7"
    with pytest.raises(Rejected, match="no table of the reference file is keyed by sku; add"):
        read().of_key({"sku": "SKU-1"})


@pytest.mark.parametrize("value", [None, True, 1.5, [1], {"a": 1}])
def test_an_id_is_made_of_text_and_whole_numbers(read, value):
    """Anything else has several ways to be written."""
    with pytest.raises(Rejected, match=r"key\.order_no: neither"):
        read().of_key({"order_no": value}).named({"order_no": value}, "key")


def test_a_key_may_name_its_table(read):
    """As Debezium's router for many tables on one topic does; the columns may then be alike."""
    file = read("{sku}@{location}", "{order_no}", add="key_table: __table\n")
    assert file.of_key({"order_no": 1, "__table": "erp.public.orders"}).type is Type.ORDER
    assert file.of_key({"order_no": 1, "__table": "erp.public.stock"}).type is Type.INVENTORY
    for key in ({"order_no": 1}, {"order_no": 1, "__table": "erp.public.restock"}):
        with pytest.raises(Rejected, match=r"key\.__table: names no table"):
            file.of_key(key)


def test_a_table_is_known_by_the_end_of_its_full_name(read):
    """At a dot: a name that merely ends alike is another's."""
    file = read()
    for name in ("public.orders", "erp.public.orders", "prod.erp.public.orders"):
        assert file.of_name(name, "source.table").type is Type.ORDER
    for name in ("orders", "republic.orders", "public.orders.old", None, 5):
        with pytest.raises(Rejected, match=r"source\.table: names no table"):
            file.of_name(name, "source.table")


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("type: customer", "type: client", 2, "change_feeds.0.type"),
        ("tenant: acme, type: c", "tenant: 'a|b', type: c", 2, "change_feeds.0.tenant"),
        ("type: order", "type: sla_policy", 6, "publish the policy as an event"),
        ("{order_no}", "order_no", 7, 'such as "{sku}@{location}"'),
        ("{order_no}", "{order_no", 7, "not a template"),
        ("{order_no}", "{0.__class__}", 7, "name the columns"),
        ("{order_no}", "{order_no!r}", 7, "name the columns"),
        ("{order_no}", "{}", 7, "name the columns"),
        ("status: state", "state: state", 8, "attributes.state: no fact is made of it; did you"),
        ("status: state", "color: state", 8, "known: amount, currency, refundable, status"),
        ("{status: state, amount: total}", "{}", 8, "tables.0.attributes"),
        ("    tenant: acme\n", "    tenant: acme\n    topic: x\n", 6, "tables.0.topic"),
        ("table: stock", "table: orders", 9, "public.orders is listed already"),
        ("{sku}@{location}", "{order_no}", 12, "say where with key_table"),
        ("table: stock", "table: my stock", 9, "tables.1.table"),
    ],
)
def test_a_mistake_is_named_by_line_and_field(read, before, after, line, says):
    """All of them stop the start."""
    with pytest.raises(ConfigurationError) as refused:
        read(before, after)
    assert says in str(refused.value)
    assert f"reference.yaml:{line}: " in str(refused.value)
