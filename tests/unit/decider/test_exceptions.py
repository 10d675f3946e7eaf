"""The code tables: what went wrong, told from codes alone, and how bad it is."""

import pytest

from schemas.supply import Family, Milestone
from services.decider.domain import exceptions
from services.decider.domain.exceptions import Codes, classify, severity
from services.intake.formats.cbv import DISPOSITIONS


def codes(**given) -> Codes:
    """An ordinary event, but for what is given."""
    return Codes(**{"family": "transport", "milestone": "changed", **given})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"disposition": "non_conformant"}, ("quality", "disposition:non_conformant")),
        ({"disposition": "recalled"}, ("quality", "disposition:recalled")),
        ({"disposition": "damaged"}, ("damage", "disposition:damaged")),
        ({"disposition": "mismatch_quantity"}, ("shortage", "disposition:mismatch_quantity")),
        ({"disposition": "no_pedigree_match"}, ("data_quality", "disposition:no_pedigree_match")),
        (
            {"disposition": "in_transit", "lasting": ("recalled",)},
            ("quality", "disposition:recalled"),
        ),
        ({"milestone": "customs_hold"}, ("customs_hold", "milestone:customs_hold")),
        ({"milestone": "rejected"}, ("capacity", "transport:rejected")),
        ({"milestone": "rejected", "family": "order"}, ("shortage", "order:rejected")),
        ({"milestone": "cancelled"}, ("cancellation", "milestone:cancelled")),
        ({"milestone": "alert"}, ("temperature_excursion", "alert:temperature")),
        (
            {"milestone": "alert", "measured": ("humidity", "temperature")},
            ("temperature_excursion", "alert:temperature"),
        ),
        ({"milestone": "alert", "measured": ("shock",)}, ("damage", "alert:shock")),
        ({"milestone": "alert", "measured": ("door",)}, ("other", "alert:other")),
        ({"delay_days": 1.0}, ("delay", "delay_days")),
        ({"delay_days": 4, "reason_code": "smdg:WEA"}, ("delay", "delay_days")),
        ({"delay_days": 4, "reason_code": "smdg:STR"}, ("force_majeure", "reason:smdg:STR")),
        ({"delay_days": 366}, ("data_quality", "delay_days:impossible")),
        ({"delay_days": -366}, ("data_quality", "delay_days:impossible")),
    ],
)
def test_a_code_tells_what_went_wrong_and_which_row_says_so(given, expected):
    """Cheaper and surer than a model; the row stands in the facts."""
    assert classify(codes(**given)) == expected


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"disposition": "in_progress"},
        {"milestone": "received"},
        {"delay_days": 0.99},
        {"delay_days": -3},
        {"reason_code": "smdg:STR"},
    ],
)
def test_an_ordinary_event_is_no_exception(given):
    """Most of them: a table that cries wolf pages people for nothing."""
    assert classify(codes(**given)) is None


def test_the_more_exact_word_wins():
    """A recalled lot that is late is recalled."""
    told = classify(codes(disposition="recalled", milestone="cancelled", delay_days=9))
    assert told == ("quality", "disposition:recalled")


@pytest.mark.parametrize(
    ("label", "days", "cover", "expected"),
    [
        ("delay", 1, None, "minor"),
        ("delay", 3, None, "major"),
        ("delay", 7, None, "critical"),
        ("delay", 2, 1, "critical"),
        ("delay", 2, 2, "minor"),
        ("delay", None, None, "major"),
        ("quality", None, None, "critical"),
        ("price", 30, None, "minor"),
    ],
)
def test_severity_is_computed_from_facts(label, days, cover, expected):
    """By rule, never by a model; a delay that the stock does not last out is critical."""
    assert severity(label, days, cover_days=cover) == expected


@pytest.mark.parametrize("label", exceptions.EXCEPTIONS)
def test_every_exception_has_a_severity(label):
    """A new label must be thought about."""
    assert label in exceptions._SEVERITY


def test_the_tables_speak_the_words_of_the_wire():
    """A word that no event can carry makes a row that never matches."""
    assert set(exceptions.FAMILIES) == {each.value for each in Family}
    assert set(exceptions.MILESTONES) == {each.value for each in Milestone}


def test_dispositions_are_those_of_the_cbv():
    """But for the names of CBV 1.x that still travel."""
    listed = exceptions._QUALITY | exceptions._DAMAGE | exceptions._SHORT | exceptions._DOUBTFUL
    older = {each for each in listed if each.startswith("non_sellable_")}
    assert listed - older <= DISPOSITIONS.words
