"""The copy: what it knows, what it throws away, and when it alarms."""

import pytest
import structlog
from structlog.testing import capture_logs

from services.assessor.domain.joining import Type
from services.assessor.reference.tables import Tables
from services.chassis.errors import Crash
from tests.fakes_reference import NOW, CopyHouse, event, record

ORDER = ("acme", Type.ORDER, "SO-1")
HOUR = "2026-11-24T{:02}:00:00Z".format


def status(house, *of):
    """Of an order."""
    found = house.copy.find(*(of or ORDER))
    return None if found is None else found.attributes["status"]


def test_what_was_told_is_known_and_what_is_gone_is_not():
    """By tenant, type and id."""
    house = CopyHouse()
    house.take(record(event()))
    assert house.copy.find(*ORDER).as_of == NOW
    assert status(house) == "shipped"
    for other in (
        ("acme", Type.ORDER, "SO-2"),
        ("umbrella", *ORDER[1:]),
        ("acme", Type.SKU, "SO-1"),
    ):
        assert house.copy.find(*other) is None
    house.take(record(None, offset=1))
    assert house.copy.find(*ORDER) is None


def test_the_order_of_the_log_is_the_truth():
    """A later record with an earlier time is its owner's last word, as for a fresh reader."""
    house = CopyHouse()
    house.take(
        record(event(as_of=HOUR(9), attributes={"status": "lost"}), offset=0),
        record(event(as_of=HOUR(8), attributes={"status": "found"}), offset=1),
    )
    assert status(house) == "found"
    assert house.copy.find(*ORDER).as_of.hour == 8


def test_what_is_true_from_tomorrow_is_not_true_today():
    """Clocks may differ by some minutes."""
    house = CopyHouse()
    house.take(record(event(as_of=HOUR(12))))
    assert house.copy.find(*ORDER) is None
    house.clock.forward(minutes=116)
    assert status(house) == "shipped"


class TestUnreadable:
    """It blocks nothing, alarms until it is mended, and is not taken for what was there before."""

    def test_it_counts_as_missing_until_a_readable_record_tells_of_it(self):
        """Its owner has said something newer; what we know is not it."""
        house = CopyHouse()
        house.take(record(event()))
        assert house.alarm == 0
        house.take(record(b"{", offset=1))
        assert (house.copy.find(*ORDER), house.alarm) == (None, 1)
        house.take(record(event("sku", "S"), "acme|sku:S", offset=2))
        assert house.alarm == 1, "another entity mends nothing"
        house.take(record(event(attributes={"status": "late"}), offset=3))
        assert (status(house), house.alarm) == ("late", 0)

    def test_a_tombstone_mends_it_too(self):
        """What is gone cannot be unreadable."""
        house = CopyHouse()
        house.take(record(b"{"), record(None, offset=1))
        assert (house.copy.find(*ORDER), house.alarm) == (None, 0)

    def test_a_key_that_names_nothing_alarms_until_it_is_removed(self):
        """By a tombstone of that same key: nothing else can be said to it."""
        house = CopyHouse()
        house.take(record(event(), "SO-1"))
        assert house.alarm == 1
        house.take(record(None, "SO-2", offset=1))
        assert house.alarm == 1
        house.take(record(None, "SO-1", offset=2))
        assert house.alarm == 0

    def test_the_alarm_outlives_the_process(self):
        """The record is not read again; what it said is still not known."""
        house = CopyHouse()
        house.take(record(b"{"))
        house.start()
        assert (house.copy.find(*ORDER), house.alarm) == (None, 1)

    def test_it_is_logged_by_place_and_never_quoted(self):
        """And of a million of them not every one."""
        structlog.reset_defaults()
        house = CopyHouse()
        with capture_logs() as logs:
            for offset in range(2_000):
                house.take(record(event(as_of="Asha Rao"), offset=offset))
        assert [line["so_far"] for line in logs] == [*range(1, 11), 1_000, 2_000]
        assert logs[3]["offset"] == 3
        assert logs[3]["why"] == "as_of: datetime_from_date_parsing"
        assert "Asha" not in str(logs)


class TestFreshness:
    """A fact is as fresh as its owner's last word, or as the feed that tells every change."""

    def test_without_a_feed_s_word_an_entity_is_as_old_as_its_own(self):
        """That another order changed says nothing of this one."""
        house = CopyHouse()
        house.take(
            record(event(as_of=HOUR(5))),
            record(event(id_="SO-2", as_of=HOUR(9)), "acme|order:SO-2", offset=1),
        )
        assert house.copy.find(*ORDER).as_of.hour == 5

    def test_a_change_feed_vouches_for_what_it_has_not_changed(self):
        """Up to its newest record; another tenant's or type's feed does not."""
        feeds = frozenset({("acme", Type.ORDER), ("umbrella", Type.ORDER)})
        house = CopyHouse(Tables(feeds=feeds))
        house.take(
            record(event(as_of=HOUR(5))),
            record(event(id_="SO-2", as_of=HOUR(7)), "acme|order:SO-2", offset=1),
            record(event(tenant="umbrella", as_of=HOUR(9)), "umbrella|order:SO-1", offset=2),
            record(event("sku", "S", as_of=HOUR(9)), "acme|sku:S", offset=3),
        )
        assert house.copy.find(*ORDER).as_of.hour == 7
        house.start()
        assert house.copy.find(*ORDER).as_of.hour == 7, "also after a restart"

    def test_a_feed_does_not_vouch_for_the_future(self):
        """One wrong clock would keep all of it fresh for ever."""
        house = CopyHouse(Tables(feeds=frozenset({("acme", Type.ORDER)})))
        house.take(
            record(event(as_of=HOUR(5))),
            record(event(id_="SO-2", as_of="2027-01-01T00:00:00Z"), "acme|order:SO-2", offset=1),
        )
        assert house.copy.find(*ORDER).as_of.hour == 5


class TestTakenOver:
    """A copy is gone on with where a fresh reading would come to the same, and nowhere else."""

    def kept(self, **seconds):
        """A copy with one order, read up to offset 5 of partition 0, some time ago."""
        house = CopyHouse()
        house.take(record(event(), offset=4))
        house.clock.forward(**(seconds or {"minutes": 1}))
        return house

    def goes_on(self, house, **there):
        """Whether a new process keeps it."""
        with capture_logs() as logs:
            begins = house.start(**there)
        thrown = [line for line in logs if line["event"] == "reference copy thrown away"]
        kept = house.copy.find(*ORDER) is not None
        assert kept is not bool(thrown)
        assert begins[0] == (5 if kept else there.get("begin", 0))
        return kept

    def test_its_own_offsets(self):
        """Partitions that gave nothing yet are read from their begin."""
        assert self.kept().start() == {0: 5, 1: 0, 2: 0, 3: 0}
        assert self.goes_on(self.kept())

    @pytest.mark.parametrize(
        "there",
        [
            {"cluster": "c2"},
            {"topic": "reference.entity.changed.v2"},
            {"topic_id": "t2"},
            {"partitions": 8},
            {"begin": 6},
            {"ends": 4},
            {"delete_retention_s": 60.0},
        ],
        ids=str,
    )
    def test_what_is_not_this_log_any_more(self, there):
        """Another cluster, a topic made anew, more partitions, a log that went past it."""
        assert not self.goes_on(self.kept(), **there)

    def test_up_to_the_edge_of_the_log(self):
        """All of what it lacks is still there."""
        assert self.goes_on(self.kept(), begin=5)
        assert self.goes_on(self.kept(), ends=5)

    def test_older_than_tombstones_live(self):
        """What was deleted meanwhile would stay for ever; a tenth is left for reading."""
        assert self.goes_on(self.kept(days=6))
        assert not self.goes_on(self.kept(days=6.5))
        assert not self.goes_on(self.kept(days=-1)), "a clock that went back tells no age"

    def test_complete_makes_it_young_again(self):
        """Whatever was deleted by then is deleted here, too."""
        house = self.kept(days=5)
        house.copy.complete()
        house.clock.forward(days=5)
        assert self.goes_on(house)

    def test_other_rules_read_it_anew(self):
        """What a record means depends on the operator's file."""
        house = self.kept()
        house.tables = Tables(feeds=frozenset({("acme", Type.ORDER)}))
        assert not self.goes_on(house)

    def test_who_never_came_to_the_end_in_time_ends(self):
        """A process that was cut off for a week must not go on as if it knew."""
        house = CopyHouse()
        house.take(record(event()))
        house.clock.forward(days=8)
        with pytest.raises(Crash, match=r"delete\.retention\.ms"):
            house.take(record(None, offset=1))
