"""The code tables: what went wrong, told from codes and figures alone."""

import pytest

from schemas.supply import Family, Milestone
from services.decider.domain import exception_codes as rows
from services.decider.domain import exceptions
from services.decider.domain.exceptions import Codes, Known, classify
from services.decider.domain.severity import KINDS, ROWS
from services.intake.formats.cbv import DISPOSITIONS
from services.intake.formats.dcsa_codes import MILESTONES as DCSA
from services.intake.formats.edi_codes import REC_24, X12

LATE = Known(delay_days=4)


def codes(**given) -> Codes:
    """An ordinary event, but for what is given."""
    return Codes(**{"family": "transport", "milestone": "changed", **given})


def by_code(code: str, **given) -> Codes:
    """An event told by its source's own word."""
    return codes(source_code=code, milestone="other", **given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (codes(disposition="non_conformant"), ("quality", "disposition:non_conformant")),
        (codes(disposition="recalled"), ("quality", "disposition:recalled")),
        (codes(disposition="damaged"), ("damage", "disposition:damaged")),
        (codes(disposition="mismatch_quantity"), ("shortage", "disposition:mismatch_quantity")),
        (codes(disposition="no_pedigree_match"), ("data_quality", "disposition:no_pedigree_match")),
        (
            codes(disposition="in_transit", lasting=("recalled",)),
            ("quality", "disposition:recalled"),
        ),
        (
            codes(disposition="damaged", lasting=("unknown", "expired")),
            ("quality", "disposition:expired"),
        ),
        (codes(milestone="customs_hold"), ("customs_hold", "milestone:customs_hold")),
        (codes(milestone="rejected"), ("capacity", "transport:rejected")),
        (codes(milestone="rejected", family="order"), ("shortage", "order:rejected")),
        (codes(milestone="cancelled"), ("cancellation", "milestone:cancelled")),
        (codes(milestone="alert"), ("temperature_excursion", "alert:temperature")),
        (
            codes(milestone="alert", measured=("humidity", "temperature")),
            ("temperature_excursion", "alert:temperature"),
        ),
        (codes(milestone="alert", measured=("shock",)), ("damage", "alert:shock")),
        (codes(milestone="alert", measured=("door",)), ("other", "alert:door")),
        (codes(milestone="alert", measured=("door", "humidity")), ("other", "alert:other")),
        (
            codes(milestone="received", measured=("temperature",), alarms=("temperature",)),
            ("temperature_excursion", "alert:temperature"),
        ),
        (
            codes(milestone="alert", measured=("temperature", "shock"), alarms=("shock",)),
            ("damage", "alert:shock"),
        ),
        (codes(milestone="measured", faults=("temperature",)), ("data_quality", "sensor:error")),
        (by_code("dcsa:SHIPMENT:REJE:BKG"), ("capacity", "code:dcsa:SHIPMENT:REJE:BKG")),
        (by_code("dcsa:SHIPMENT:CANC:CBR"), ("capacity", "code:dcsa:SHIPMENT:CANC:CBR")),
        (by_code("dcsa:SHIPMENT:REJE:SHI"), ("other", "code:dcsa:SHIPMENT:REJE")),
        (by_code("dcsa:SHIPMENT:HOLD:CUC"), ("customs_hold", "code:dcsa:SHIPMENT:HOLD:CUC")),
        (by_code("dcsa:EQUIPMENT:RSEA"), ("damage", "code:dcsa:EQUIPMENT:RSEA")),
        (by_code("x12:214:SD", reason_code="x12:AI"), ("delay", "code:x12:214:SD")),
        (by_code("x12:214:SD", reason_code="x12:AS"), ("customs_hold", "reason:x12:AS")),
        (by_code("x12:214:SD", reason_code="x12:AU"), ("force_majeure", "reason:x12:AU")),
        (by_code("x12:214:SD", reason_code="x12:S1"), ("delay", "code:x12:214:SD")),
        (by_code("x12:214:X1", reason_code="x12:S1"), ("shortage", "reason:x12:S1")),
        (by_code("edifact:IFTSTA:57"), ("capacity", "code:edifact:IFTSTA:57")),
        (codes(milestone="rejected", source_code="x12:214:A7"), ("other", "code:x12:214:A7")),
        (codes(reason_code="sluice:price"), ("price", "reason:sluice:price")),
        (codes(changes=(("price_change", 4.5),)), ("price", "change:price_change")),
        (codes(changes=(("demand_ratio", 1.6),)), ("demand_spike", "change:demand_ratio")),
    ],
)
def test_a_code_tells_what_went_wrong_and_which_row_says_so(given, expected):
    """Cheaper and surer than a model; the row stands in the facts."""
    assert classify(given) == expected


@pytest.mark.parametrize(
    ("given", "known", "expected"),
    [
        ({}, Known(delay_days=1.0), ("delay", "delay_days")),
        ({"reason_code": "smdg:WEA"}, LATE, ("delay", "delay_days")),
        ({"reason_code": "smdg:STR"}, LATE, ("force_majeure", "reason:smdg:STR")),
        ({"reason_code": "smdg:CIN"}, LATE, ("customs_hold", "reason:smdg:CIN")),
        ({"reason_code": "x12:T3"}, LATE, ("capacity", "reason:x12:T3")),
        ({}, Known(delay_days=366), ("data_quality", "delay_days:impossible")),
        ({}, Known(delay_days=-366), ("data_quality", "delay_days:impossible")),
        ({}, Known(ahead_days=1.1), ("data_quality", "occurred_at:future")),
        ({}, Known(slipped_days=1.5), ("delay", "slipped_days")),
        ({}, Known(late_days=2), ("delay", "po.late_days")),
        ({}, Known(delay_days=2, late_days=9, news=False), ("delay", "delay_days")),
        ({"family": "inventory"}, Known(cover_is_low=True), ("shortage", "stock.cover_days")),
        (
            {"milestone": "measured"},
            Known(temperature="temperature:duration"),
            ("temperature_excursion", "temperature:duration"),
        ),
        (
            {"disposition": "recalled"},
            Known(temperature="temperature:duration"),
            ("quality", "disposition:recalled"),
        ),
        (
            {"milestone": "alert"},
            Known(temperature="temperature:mean_kinetic"),
            ("temperature_excursion", "temperature:mean_kinetic"),
        ),
    ],
)
def test_what_is_known_besides_counts_too(given, known, expected):
    """Times, windows of readings and joined facts, as they are when the case is decided."""
    assert classify(codes(**given), known) == expected


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({}, Known()),
        ({"disposition": "in_progress"}, Known()),
        ({"milestone": "received"}, Known()),
        ({}, Known(delay_days=0.99)),
        ({}, Known(delay_days=-3)),
        ({"reason_code": "smdg:STR"}, Known()),
        ({"source_code": "dcsa:SHIPMENT:CACF:BKG", "milestone": "cancelled"}, Known()),
        ({"source_code": "dcsa:SHIPMENT:APPR:BKG"}, Known()),
        ({"source_code": "dcsa"}, Known()),
        ({"classifier": "estimated"}, Known(ahead_days=30)),
        ({}, Known(late_days=9, slipped_days=9, news=False)),
        ({}, Known(cover_is_low=True)),
        ({"milestone": "alert", "measured": ("temperature",)}, Known(cleared=True)),
        ({"changes": (("price_change", -2.0), ("demand_ratio", 1.4))}, Known()),
    ],
)
def test_an_ordinary_event_is_no_exception(given, known):
    """Most of them: a table that cries wolf pages people for nothing."""
    assert classify(codes(**given), known) is None


def test_the_more_exact_word_wins():
    """A recalled lot that is late is recalled."""
    told = classify(codes(disposition="recalled", milestone="cancelled"), Known(delay_days=9))
    assert told == ("quality", "disposition:recalled")


@pytest.mark.parametrize("label", exceptions.EXCEPTIONS)
def test_every_exception_can_be_told_by_a_code_and_has_a_severity(label):
    """A new label must be thought about."""
    assert label in KINDS
    told = classify(codes(reason_code=f"sluice:{label}"))
    assert told == (label, f"reason:sluice:{label}")


def test_the_tables_know_no_exception_that_there_is_not():
    """What a policy asks for is one of the catalogue's."""
    tables = (
        rows.DISPOSITIONS, rows.ALARMS, rows.SOURCE_CODES, rows.MILESTONES, rows.REASONS,
        rows.REASONS_OF_DELAY,
    )  # fmt: skip
    told = {label for table in tables for label in table.values()}
    told |= {label for label, _ in rows.CHANGES.values()}
    assert told <= set(exceptions.EXCEPTIONS)
    assert {row.partition(":")[2] for row in ROWS} <= rows.SOURCE_CODES.keys() | rows.REASONS.keys()


def test_the_tables_speak_the_words_of_the_wire():
    """A word that no event can carry makes a row that never matches."""
    assert set(exceptions.FAMILIES) == {each.value for each in Family}
    assert set(exceptions.MILESTONES) == {each.value for each in Milestone}
    assert {row.split(":")[-1] for row in rows.MILESTONES} <= set(exceptions.MILESTONES)


def test_the_codes_are_those_of_their_lists():
    """But for the names of CBV 1.x that still travel."""
    older = {each for each in rows.DISPOSITIONS if each.startswith("non_sellable_")}
    assert rows.DISPOSITIONS.keys() - older <= DISPOSITIONS.words
    lists = {"x12:214": X12, "edifact:IFTSTA": REC_24} | {
        f"dcsa:{kind}": known for kind, known in DCSA.items()
    }
    for row in [*rows.SOURCE_CODES, *rows.ORDINARY_CODES]:
        source, kind, code = row.split(":")[:3]
        assert source == "p44" or code in lists[f"{source}:{kind}"], row
