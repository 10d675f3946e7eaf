"""SLA clocks: open time over nights, weekends, holidays and the two clock changes of a year."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.assessor.domain.sla import DAYS, due_at, read

OFFICE = {day: ["09:00-13:00", "14:00-18:00"] for day in DAYS[:5]}


# Hypothesis wants its bounds naive.
SOME_TIME = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001
    datetime(2028, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def policy(zone="Europe/Berlin", **attributes):
    """Eight hours a day, five days a week; an answer within four hours."""
    given = {"time_zone": zone, "hours": OFFICE, "reply_within_minutes": {"normal": 240}}
    return read(given | attributes)


def local(text, zone="Europe/Berlin", fold=0):
    """A time on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-24T09:00", "2026-11-24T13:00"),  # just the morning, to the minute
        ("2026-11-24T10:00", "2026-11-24T15:00"),  # over lunch
        ("2026-11-24T13:30", "2026-11-24T18:00"),  # asked at lunch: it runs from two
        ("2026-11-24T17:00", "2026-11-25T12:00"),  # over night
        ("2026-11-24T23:59", "2026-11-25T13:00"),  # asked at night
        ("2026-11-24T05:00", "2026-11-24T13:00"),  # asked before they come
        ("2026-11-27T17:00", "2026-11-30T12:00"),  # over the weekend
        ("2026-11-28T12:00", "2026-11-30T13:00"),  # asked on a Saturday
    ],
)
def test_only_open_time_counts(asked, due):
    """Nobody is late for a message that came when nobody was there."""
    assert due_at(policy(), "normal", local(asked)) == local(due)


def test_a_holiday_is_no_open_time():
    """Also two of them around a weekend: Friday evening to Tuesday noon."""
    closed = policy(holidays=["2026-04-03", "2026-04-06"])
    assert due_at(closed, None, local("2026-04-02T17:00")) == local("2026-04-07T12:00")
    assert due_at(closed, None, local("2026-04-03T10:00")) == local("2026-04-07T13:00")


def test_a_holiday_is_the_zone_s_own_day():
    """The same instant is the day after in India and the day before in California."""
    asked = datetime(2026, 11, 8, 20, 0, tzinfo=UTC)
    india = policy("Asia/Kolkata", hours=None, holidays=["2026-11-09"])
    assert due_at(india, None, asked) == local("2026-11-10T04:00", "Asia/Kolkata")
    california = policy("America/Los_Angeles", hours=None, holidays=["2026-11-09"])
    assert due_at(california, None, asked) == asked + timedelta(hours=4)


class TestClockChanges:
    """Open time is real time: neither lost nor won with the clock."""

    def test_in_spring_a_night_shift_is_an_hour_shorter(self):
        """On 29 March 2026 two o'clock is three: from 01:00 to 05:00 are three hours."""
        night = policy(hours={"sun": ["01:00-05:00"], "mon": ["09:00-18:00"]})
        due = due_at(night, None, local("2026-03-29T00:00"))
        assert due == local("2026-03-29T05:00") + timedelta(days=1, hours=5)
        assert due == local("2026-03-30T10:00")

    def test_in_autumn_it_is_an_hour_longer(self):
        """On 25 October 2026 the hour from two to three comes twice."""
        night = policy(hours={"sun": ["01:00-05:00"], "mon": ["09:00-18:00"]})
        due = due_at(night, None, local("2026-10-25T00:00"))
        assert due == local("2026-10-25T04:00")

    def test_office_hours_keep_to_the_wall(self):
        """Nine is nine, on both sides of the change."""
        assert due_at(policy(), None, local("2026-03-27T17:00")) == local("2026-03-30T12:00")
        assert due_at(policy(), None, local("2026-10-23T17:00")) == local("2026-10-26T12:00")

    def test_around_the_clock_four_hours_are_four_hours(self):
        """Over both changes."""
        always = policy(hours=None)
        for asked in (local("2026-03-29T01:30"), local("2026-10-25T01:30")):
            assert due_at(always, None, asked) == asked.astimezone(UTC) + timedelta(hours=4)

    def test_the_second_of_two_equal_hours_is_told_from_the_first(self):
        """Asked at half past two, the second time: an hour later than the first."""
        always = policy(hours=None)
        first = due_at(always, None, local("2026-10-25T02:30"))
        second = due_at(always, None, local("2026-10-25T02:30", fold=1))
        assert second - first == timedelta(hours=1)

    def test_a_day_that_begins_at_one(self):
        """In Cairo midnight is skipped in spring; the day before still ends, the new one opens."""
        always = policy("Africa/Cairo", hours=None)
        asked = local("2026-04-23T23:00", "Africa/Cairo")
        assert due_at(always, None, asked) == asked.astimezone(UTC) + timedelta(hours=4)

    def test_times_that_the_clock_skips_are_not_counted_twice(self):
        """Who closes at 02:45 that night closes at 03:45; from three on they were there anyway."""
        night = policy(hours={"sun": ["01:00-02:45", "03:00-05:00", "06:00-12:00"]})
        due = due_at(night, None, local("2026-03-29T00:00"))
        assert due == local("2026-03-29T07:00")


def test_each_priority_has_its_target_and_the_others_the_usual_one():
    """An unknown or missing priority is a normal one."""
    made = policy(hours=None, reply_within_minutes={"urgent": 15, "normal": 60})
    asked = local("2026-11-24T10:00")
    wanted = {"urgent": 15, "normal": 60, "low": 60, "other": 60, None: 60}
    for priority, minutes in wanted.items():
        assert due_at(made, priority, asked) == asked + timedelta(minutes=minutes)


def test_without_a_target_nothing_is_due():
    """Who promised nothing breaks no promise."""
    made = policy(reply_within_minutes={"urgent": 15})
    assert due_at(made, "low", local("2026-11-24T10:00")) is None


def test_who_is_closed_for_years_is_due_never():
    """A search that ends."""
    made = policy(hours={"mon": ["09:00-09:01"]}, reply_within_minutes={"normal": 365 * 24 * 60})
    assert due_at(made, None, local("2026-11-24T10:00")) is None


@given(
    asked=SOME_TIME,
    minutes=st.integers(1, 5000),
    zone=st.sampled_from(
        ["Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]
    ),
)
def test_around_the_clock_is_plain_time(asked, minutes, zone):
    """Whatever the zone does to its clocks."""
    always = policy(zone, hours=None, reply_within_minutes={"normal": minutes})
    assert due_at(always, None, asked) == asked + timedelta(minutes=minutes)


@given(asked=SOME_TIME, minutes=st.integers(1, 5000))
@example(datetime(2024, 1, 1, 8, 0, 0, 1, tzinfo=UTC), 2400)  # a microsecond into Monday
def test_what_is_due_is_due_while_people_are_there(asked, minutes):
    """And never before it was asked, nor sooner for a longer target."""
    made = policy(reply_within_minutes={"normal": minutes, "low": minutes + 1})
    due = due_at(made, "normal", asked)
    assert asked < due < due_at(made, "low", asked)
    wall = due.astimezone(made.zone)
    assert wall.weekday() < 5
    assert time(9) < wall.time() <= time(18)


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"time_zone": None}, "time_zone"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"time_zone": "Europe"}, "time_zone"),
        ({"time_zone": "a\0b"}, "time_zone"),
        ({"hours": {}}, "never open"),
        ({"hours": ["09:00-18:00"]}, "hours: give an object"),
        ({"hours": {"monday": ["09:00-18:00"]}}, "mon, tue"),
        ({"hours": {"mon": "09:00-18:00"}}, r"hours\.mon: give a list"),
        ({"hours": {"mon": ["9-18"]}}, r"hours\.mon: give a list"),
        ({"hours": {"mon": [900]}}, r"hours\.mon: give a list"),
        ({"hours": {"mon": ["22:00-06:00"]}}, "a night is two"),
        ({"hours": {"mon": ["14:00-18:00", "09:00-13:00"]}}, "out of order"),
        ({"holidays": "2026-11-09"}, "holidays"),
        ({"holidays": ["9.11.2026"]}, "holidays"),
        ({"holidays": [20261109]}, "holidays"),
        ({"reply_within_minutes": None}, "reply_within_minutes: give an object"),
        ({"reply_within_minutes": {}}, "reply_within_minutes: give an object"),
        ({"reply_within_minutes": {"p1": 5}}, "low, normal"),
        ({"reply_within_minutes": {"high": 0}}, r"reply_within_minutes\.high"),
        ({"reply_within_minutes": {"high": True}}, r"reply_within_minutes\.high"),
        ({"reply_within_minutes": {"high": "60"}}, r"reply_within_minutes\.high"),
        ({"reply_within_minutes": {"high": float("nan")}}, r"reply_within_minutes\.high"),
        ({"reply_within_minutes": {"high": 1e12}}, r"reply_within_minutes\.high"),
    ],
)
def test_a_policy_that_cannot_be_read_names_the_attribute(attributes, says):
    """Its owner is told where to look; until then there is no clock, and no guess."""
    with pytest.raises(ValueError, match=says):
        policy(**attributes)


def test_a_day_may_end_at_midnight():
    """Then the next one goes on."""
    night = policy(hours={"fri": ["22:00-24:00"], "sat": ["00:00-06:00"]})
    assert due_at(night, None, local("2026-11-27T21:00")) == local("2026-11-28T02:00")
