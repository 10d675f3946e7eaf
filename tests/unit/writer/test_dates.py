"""Words about time have one meaning or none, on every machine."""

import os
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.writer import dates
from services.writer.domain.asking import Moment

BASE = datetime(2026, 11, 19, 13, 5, tzinfo=UTC)


def day(text):
    """Start of that day."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "days", "until"),
    [
        ("two weeks late", 14, "2026-12-03"),
        ("about two weeks late", 14, "2026-12-03"),
        ("delayed by 10 days", 10, "2026-11-29"),
        ("in three weeks", 21, "2026-12-10"),
        ("tomorrow", 1, "2026-11-20"),
        ("10 दिन", 10, "2026-11-29"),
        ("10 দিন", 10, "2026-11-29"),
    ],
)
def test_a_span_is_counted_from_its_base(words, days, until):
    """Days, and the day that they lead to."""
    assert dates.read(words, BASE) == Moment(day(until), days)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("27 November", "2026-11-27"),
        ("on 5th December", "2026-12-05"),
        ("Dec 5", "2026-12-05"),
        ("2026-12-01", "2026-12-01"),
        ("27/11/2026", "2026-11-27"),
        ("1st of March 2027", "2027-03-01"),
        ("March 31", "2027-03-31"),
        ("15 ஏப்ரல்", "2027-04-15"),
    ],
)
def test_a_day_is_the_next_one_of_that_name(words, expected):
    """A notice speaks of what is to come; a day has no number of days by itself."""
    assert dates.read(words, BASE) == Moment(day(expected))


@pytest.mark.parametrize(
    "words",
    [
        "12/03/2026",  # March or December
        "27 November or 11 December",
        "14 and 15 April",
        "the 14th",
        "may",
        "30 Feb",
        "ten working days",
        "12 hours",
        "week 32",
        "end of April",
        "3 pieces",
        "PO 4711",
        "soon",
        "",
        "कल",  # yesterday, or tomorrow
    ],
)
def test_what_could_mean_two_things_or_none_is_not_read(words):
    """A person reads it instead."""
    assert dates.read(words, BASE) is None


def test_earlier_is_a_negative_delay_and_no_day():
    """Than what was promised: what that was, the words do not say."""
    assert dates.read("two days earlier", BASE) == Moment(None, -2)


def test_neither_the_clock_nor_the_zone_of_the_machine_has_a_say(monkeypatch):
    """The same notice gives the same date at every redelivery, anywhere."""
    try:
        for zone in ("Asia/Kolkata", "America/Los_Angeles", "Pacific/Auckland"):
            monkeypatch.setitem(os.environ, "TZ", zone)
            time.tzset()
            assert dates.read("tomorrow", BASE) == Moment(day("2026-11-20"), 1)
            assert dates.read("27 November", BASE) == Moment(day("2026-11-27"))
    finally:
        monkeypatch.undo()
        time.tzset()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_words_are_read_or_not(words):
    """No quotation makes the parser fail."""
    found = dates.read(words, BASE)
    assert found is None or found.day is not None or found.days is not None
