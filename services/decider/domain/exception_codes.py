"""The code tables: which exception a code of an event names. What is not listed names none.

A code is read with its list before it: `epcis:`, `dcsa:`, `x12:214:` (data element 1650),
`edifact:IFTSTA:` (UN/ECE Recommendation 24), reasons `smdg:` (delay reasons), `x12:` (1651), and
`sluice:`, our own: a source that knows one of our exceptions names it.
"""

from collections.abc import Container, Mapping

EXCEPTIONS = (
    "delay", "shortage", "quality", "temperature_excursion", "customs_hold", "damage", "capacity",
    "demand_spike", "price", "cancellation", "force_majeure", "data_quality", "other",
)  # fmt: skip


def _rows(listed: Mapping[str, str], before: str = "") -> dict[str, str]:
    """From exceptions to the codes that name them, in a line."""
    return {f"{before}{code}": label for label, codes in listed.items() for code in codes.split()}


# CBV 2.0 dispositions, their last part; with the names of CBV 1.x that still travel.
DISPOSITIONS = _rows(
    {
        "quality": "non_conformant recalled expired needs_replacement"
        " non_sellable_expired non_sellable_recalled",
        "damage": "damaged non_sellable_damaged",
        "shortage": "mismatch_quantity stolen unknown",
        "data_quality": "mismatch_instance mismatch_class no_pedigree_match"
        " non_sellable_no_pedigree_match",
    }
)

# What a device was measuring when it raised an alarm.
ALARMS = _rows(
    {
        "temperature_excursion": "temperature",
        "damage": "shock acceleration",
    }
)

# The source's own word for what happened, where it says that something went wrong. A row counts for
# longer codes, too: dcsa:SHIPMENT:REJE for that of any document that has no row of its own.
SOURCE_CODES: Mapping[str, str] = {
    **_rows(
        {
            # A booking that is refused, withdrawn or rolled leaves the goods without a place.
            "capacity": "REJE:BKG REJE:CBR DECL:BKG DECL:CBR CANC:BKG CANC:CBR",
            "customs_hold": "HOLD:CUC",
            "other": "REJE DECL CANC VOID HOLD",
        },
        "dcsa:SHIPMENT:",
    ),
    # Sealed anew: it was open. Held: nobody says why.
    **_rows({"damage": "RSEA", "other": "HOLD"}, "dcsa:EQUIPMENT:"),
    **_rows({"delay": "SD AP", "other": "A3 A7"}, "x12:214:"),
    **_rows({"delay": "20 25 101", "capacity": "57", "other": "77"}, "edifact:IFTSTA:"),
    **_rows({"other": "REFUSED"}, "p44:status:"),
}

# Ours to begin with: a cancellation that we asked for is confirmed.
ORDINARY_CODES = frozenset({"dcsa:SHIPMENT:CACF"})

# Milestones that are exceptions whatever the family, and those of a family.
MILESTONES: Mapping[str, str] = {
    "customs_hold": "customs_hold",
    "cancelled": "cancellation",
    "transport:rejected": "capacity",
    "equipment:rejected": "capacity",
    "document:rejected": "capacity",
    "order:rejected": "shortage",
}

# Why: counts by itself, as the goods are worse for it whether they are late or not.
REASONS: Mapping[str, str] = {
    **{f"sluice:{label}": label for label in EXCEPTIONS},
    **_rows({"damage": "AK", "shortage": "S1"}, "x12:"),
}

# Why something is late: counts where it is. Weather, traffic and breakdowns are plain delays.
REASONS_OF_DELAY: Mapping[str, str] = {
    **_rows(
        {
            "force_majeure": "STR OTF QUV RSC MIL",
            "customs_hold": "CIN QUA",
            "data_quality": "DIN WGT",
        },
        "smdg:",
    ),
    **_rows(
        {
            "force_majeure": "AU C5",
            "customs_hold": "AS AR BD CA F1",
            "capacity": "BM T2 T3 T5 T6",
            "data_quality": "A2 BC BQ",
        },
        "x12:",
    ),
}

# A source's own figures of what changed: the exception, and from which change on it is one.
CHANGES: Mapping[str, tuple[str, float]] = {
    "price_change": ("price", 0.01),  # per cent
    "demand_ratio": ("demand_spike", 1.5),  # of what was forecast
}


def longest(code: str, table: Container[str]) -> str | None:
    """The row that says most of the code: the code itself, else without its last part, ..."""
    while code:
        if code in table:
            return code
        code, _, _ = code.rpartition(":")
    return None
