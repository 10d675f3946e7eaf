"""What went wrong with the goods, told from a structured event's codes and figures by tables.

The more exact word wins: what the goods are (a disposition), what was measured over a window, what
a device says, what happened, why, what changed by how much, and only then that something is late.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.decider.domain import exception_codes as rows
from services.decider.domain.exception_codes import longest

EXCEPTIONS = rows.EXCEPTIONS
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
SEVERITIES = ("minor", "major", "critical")

# A later estimate by less than this is noise: carriers move them by hours every day.
DELAY_DAYS = 1.0
# Nothing promised on the same shipment is a decade away: a wrong year or month.
IMPOSSIBLE_DAYS = 365.0
# Clocks and time zones are wrong by hours, not by a day.
FUTURE_DAYS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What an event says in codes and figures."""

    family: str
    milestone: str
    classifier: str = "actual"
    source_code: str = ""
    reason_code: str = ""
    disposition: str | None = None
    lasting: tuple[str, ...] = ()  # dispositions that stay whatever the last one says
    measured: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()  # kinds for which a device says that a limit is passed
    faults: tuple[str, ...] = ()  # kinds that a device says it cannot measure
    changes: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known besides when the case is decided; None where it is not.

    `news` is False where an estimate says again, or better, what the last one said.
    `temperature` is the row by which readings over a window are an excursion; `cleared` where they
    are none.
    """

    delay_days: float | None = None
    slipped_days: float | None = None
    late_days: float | None = None
    ahead_days: float | None = None
    cover_is_low: bool = False
    news: bool = True
    temperature: str | None = None
    cleared: bool = False


_NOTHING = Known()

Told = tuple[str, str]


def classify(codes: Codes, known: Known = _NOTHING) -> Told | None:
    """The exception and the row that says so; None where nothing went wrong.

    None, too, where only the text can tell: then a model is asked.
    """
    return next(_told(codes, known), None)


def _told(codes: Codes, known: Known) -> Iterator[Told]:
    yield from _by_disposition(codes)
    if known.temperature is not None:
        yield "temperature_excursion", known.temperature
    yield from _by_alarm(codes, known)
    if longest(codes.source_code, rows.ORDINARY_CODES) is None:
        yield from _by_code(codes)
    if codes.reason_code in rows.REASONS:
        yield rows.REASONS[codes.reason_code], f"reason:{codes.reason_code}"
    for kind, change in codes.changes:
        label, least = rows.CHANGES[kind]
        if change >= least:
            yield label, f"change:{kind}"
    yield from _by_time(codes, known)
    if codes.family == "inventory" and known.cover_is_low:
        yield "shortage", "stock.cover_days"
    if codes.faults:
        yield "data_quality", "sensor:error"


def _by_disposition(codes: Codes) -> Iterator[Told]:
    """The worst of several: tables list them from bad to doubtful."""
    told = {each for each in (codes.disposition, *codes.lasting) if each is not None}
    for disposition, label in rows.DISPOSITIONS.items():
        if disposition in told:
            yield label, f"disposition:{disposition}"


def _by_alarm(codes: Codes, known: Known) -> Iterator[Told]:
    """An alert that says nothing of what was measured is taken for the cold chain's: it is held."""
    alarms = codes.alarms
    if not alarms and codes.milestone == "alert":
        alarms = codes.measured or ("temperature",)
    for kind, label in rows.ALARMS.items():
        if kind in alarms and not (kind == "temperature" and known.cleared):
            yield label, f"alert:{kind}"
    if alarms and rows.ALARMS.keys().isdisjoint(alarms):
        # Doors open all the time, and whoever minds can say so in a policy.
        yield "other", "alert:door" if set(alarms) == {"door"} else "alert:other"


def _by_code(codes: Codes) -> Iterator[Told]:
    code = longest(codes.source_code, rows.SOURCE_CODES)
    if code is not None:
        label = rows.SOURCE_CODES[code]
        yield (label == "delay" and _of_delay(codes)) or (label, f"code:{code}")
    for row in (f"{codes.family}:{codes.milestone}", codes.milestone):
        if row in rows.MILESTONES:
            yield rows.MILESTONES[row], row if ":" in row else f"milestone:{row}"


def _by_time(codes: Codes, known: Known) -> Iterator[Told]:
    if abs(known.delay_days or 0) > IMPOSSIBLE_DAYS:
        yield "data_quality", "delay_days:impossible"
    if codes.classifier == "actual" and (known.ahead_days or 0) > FUTURE_DAYS:
        yield "data_quality", "occurred_at:future"
    late = {
        "delay_days": known.delay_days,
        "slipped_days": known.slipped_days if known.news else None,
        "po.late_days": known.late_days if known.news else None,
    }
    for row, days in late.items():
        if days is not None and days >= DELAY_DAYS:
            yield _of_delay(codes) or ("delay", row)


def _of_delay(codes: Codes) -> Told | None:
    label = rows.REASONS_OF_DELAY.get(codes.reason_code)
    return None if label is None else (label, f"reason:{codes.reason_code}")
