"""What went wrong, told from a structured event's codes by a table; and how bad it is, by rule."""

from dataclasses import dataclass

FAMILIES = (
    "transport", "equipment", "document", "visibility", "inventory", "order", "condition",
    "notice", "master_data", "other",
)  # fmt: skip
MILESTONES = (
    "booked", "confirmed", "rejected", "cancelled", "changed", "picked_up", "departed", "arrived",
    "gate_in", "gate_out", "loaded", "discharged", "received", "inspected", "stored", "packed",
    "shipped", "delivered", "customs_hold", "customs_released", "measured", "alert",
    "commissioned", "transformed", "aggregated", "notice", "other",
)  # fmt: skip
EXCEPTIONS = (
    "delay", "shortage", "quality", "temperature_excursion", "customs_hold", "damage", "capacity",
    "demand_spike", "price", "cancellation", "force_majeure", "data_quality", "other",
)  # fmt: skip

# A later estimate by less than this is noise: carriers move them by hours every day.
DELAY_DAYS = 1.0
MAJOR_DELAY_DAYS = 3.0
CRITICAL_DELAY_DAYS = 7.0
# Nothing promised on the same shipment is a decade away: a wrong year or month.
IMPOSSIBLE_DAYS = 365.0

# CBV 2.0 dispositions, their last part; with the names of CBV 1.x that still travel.
_QUALITY = frozenset(
    {"non_conformant", "recalled", "expired", "needs_replacement", "non_sellable_expired",
     "non_sellable_recalled"}
)  # fmt: skip
_DAMAGE = frozenset({"damaged", "non_sellable_damaged"})
_SHORT = frozenset({"mismatch_quantity", "stolen", "unknown"})
_DOUBTFUL = frozenset(
    {"mismatch_instance", "mismatch_class", "no_pedigree_match", "non_sellable_no_pedigree_match"}
)

# SMDG delay reason codes that name a force nobody at the carrier could avert.
_FORCE_MAJEURE = frozenset({"smdg:STR", "smdg:FOR", "smdg:WAR", "smdg:PCL"})


@dataclass(frozen=True, slots=True)
class Codes:
    """What the tables look at."""

    family: str
    milestone: str
    classifier: str = "actual"
    reason_code: str | None = None
    disposition: str | None = None
    delay_days: float | None = None
    measured: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()  # dispositions that stay whatever the last one says


def classify(codes: Codes) -> tuple[str, str] | None:
    """The exception and the row that says so; None where nothing went wrong.

    None, too, where only the text can tell: then a model is asked. Dispositions before
    milestones, these before times: the more exact word wins.
    """
    return _by_disposition(codes) or _by_milestone(codes) or _by_time(codes)


def _by_disposition(codes: Codes) -> tuple[str, str] | None:
    told = (codes.disposition, *codes.lasting)
    for label, listed in (
        ("quality", _QUALITY),
        ("damage", _DAMAGE),
        ("shortage", _SHORT),
        ("data_quality", _DOUBTFUL),
    ):
        for disposition in told:
            if disposition in listed:
                return label, f"disposition:{disposition}"
    return None


def _by_milestone(codes: Codes) -> tuple[str, str] | None:
    match codes.family, codes.milestone:
        case _, "customs_hold":
            return "customs_hold", "milestone:customs_hold"
        case _, "alert":
            return _by_measurement(codes.measured)
        case "transport" | "equipment" | "document", "rejected":
            return "capacity", f"{codes.family}:rejected"
        case _, "cancelled":
            return "cancellation", "milestone:cancelled"
        case "order", "rejected":
            return "shortage", "order:rejected"
        case _:
            return None


def _by_measurement(measured: tuple[str, ...]) -> tuple[str, str]:
    """An alert that says nothing of what was measured is taken for the cold chain's: it is held."""
    if not measured or "temperature" in measured:
        return "temperature_excursion", "alert:temperature"
    if "shock" in measured:
        return "damage", "alert:shock"
    return "other", "alert:other"


def _by_time(codes: Codes) -> tuple[str, str] | None:
    late = codes.delay_days
    if late is not None and abs(late) > IMPOSSIBLE_DAYS:
        return "data_quality", "delay_days:impossible"
    if late is None or late < DELAY_DAYS:
        return None
    if codes.reason_code in _FORCE_MAJEURE:
        return "force_majeure", f"reason:{codes.reason_code}"
    return "delay", "delay_days"


def severity(label: str, delay_days: float | None, *, cover_days: float | None = None) -> str:
    """How bad: `minor`, `major` or `critical`, from facts and the kind of exception alone.

    A delay is critical, however short, where the stock does not last it out.
    """
    if label == "delay" and delay_days is not None:
        if cover_days is not None and cover_days < delay_days:
            return "critical"
        if delay_days >= CRITICAL_DELAY_DAYS:
            return "critical"
        return "major" if delay_days >= MAJOR_DELAY_DAYS else "minor"
    return _SEVERITY.get(label, "minor")


_SEVERITY = {
    "delay": "major",  # of unknown length: a person should look
    "shortage": "major",
    "quality": "critical",
    "temperature_excursion": "critical",
    "customs_hold": "major",
    "damage": "major",
    "capacity": "major",
    "demand_spike": "minor",
    "price": "minor",
    "cancellation": "critical",
    "force_majeure": "critical",
    "data_quality": "minor",
    "other": "minor",
}
