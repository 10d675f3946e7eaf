"""When an answer is due: targets counted in open time, over weekends, holidays and clock changes.

All reckoning is between instants: an hour that the clock skips is no open time, one that it
repeats is counted twice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PRIORITIES = ("low", "normal", "high", "urgent")
# Whoever sets no priority of his own gets this one's target.
USUAL = "normal"

_DAY = timedelta(days=1)
_DAY_MINUTES = 24 * 60
_ALWAYS = ((0, _DAY_MINUTES),)
# A year of open time; and how far ahead an answer is looked for.
_MOST_MINUTES = 365 * _DAY_MINUTES
_HORIZON_DAYS = 5 * 366

_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")

# Minutes after midnight, by the clock on the wall.
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """When people are there, Monday first, and how soon they answer."""

    zone: ZoneInfo
    week: tuple[tuple[_Span, ...], ...]
    holidays: frozenset[date]
    targets: Mapping[str, timedelta]

    def open_on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The day's open times as instants, in their order."""
        if day in self.holidays:
            return
        for opens, closes in self.week[day.weekday()]:
            # Of an hour that comes twice, the first opening and the last closing count.
            yield self._instants(day, opens)[0], max(self._instants(day, closes))

    def _instants(self, day: date, minute: int) -> tuple[datetime, datetime]:
        """When the clock shows that, first and last; one that it skips is told as the hour after.

        The second is before the first where the clock skips it.
        """
        if minute == _DAY_MINUTES:
            day, minute = day + _DAY, 0
        wall = datetime.combine(day, time(minute // 60, minute % 60, tzinfo=self.zone))
        return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


def due_at(policy: SlaPolicy, priority: str | None, asked_at: datetime) -> datetime | None:
    """Until when a message of that time is to be answered, in UTC; None without a target.

    The clock runs only while people are there. A message at night is asked at the next opening.
    """
    left = policy.targets.get(priority or USUAL, policy.targets.get(USUAL))
    if left is None:
        return None
    day, at = asked_at.astimezone(policy.zone).date(), asked_at.astimezone(UTC)
    for _ in range(_HORIZON_DAYS):
        for opens, closes in policy.open_on(day):
            at = max(at, opens)
            if at + left <= closes:
                return at + left
            left -= max(closes - at, timedelta())
            at = max(at, closes)
        day += _DAY
    return None


def read(attributes: Mapping[str, object]) -> SlaPolicy:
    """A policy from an entity's attributes.

    Raises:
        ValueError: naming the attribute at fault and the remedy, and no value.
    """
    return SlaPolicy(
        zone=_zone(attributes.get("time_zone")),
        week=_week(attributes.get("hours")),
        holidays=frozenset(_holidays(attributes.get("holidays", []))),
        targets=_targets(attributes.get("reply_within_minutes")),
    )


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(name if isinstance(name, str) else "")
    # Of what is no name the library says ValueError, of a folder of its own OSError.
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("time_zone: give an IANA name such as Asia/Kolkata") from error


def _week(hours: object) -> tuple[tuple[_Span, ...], ...]:
    if hours is None:
        return (_ALWAYS,) * len(DAYS)
    if not isinstance(hours, Mapping) or not hours.keys() <= set(DAYS):
        raise ValueError(f"hours: give an object whose keys are of {', '.join(DAYS)}")
    week = tuple(_day(f"hours.{day}", hours.get(day, [])) for day in DAYS)
    if not any(week):
        raise ValueError("hours: never open; leave it out for around the clock")
    return week


def _day(field: str, spans: object) -> tuple[_Span, ...]:
    form = f'{field}: give a list of times in their order, such as "09:00-13:00"'
    if not isinstance(spans, list):
        raise ValueError(form)  # noqa: TRY004 - it is the value that is wrong, whatever its type
    found: list[_Span] = []
    for span in spans:
        told = _SPAN.fullmatch(span) if isinstance(span, str) else None
        if told is None:
            raise ValueError(form)
        opens = int(told[1]) * 60 + int(told[2])
        closes = int(told[3]) * 60 + int(told[4]) if told[3] else _DAY_MINUTES
        if closes <= opens:
            raise ValueError(
                f"{field}: closes before it opens; a night is two: to 24:00, and from 00:00"
            )
        if found and opens < found[-1][1]:
            raise ValueError(f"{field}: overlapping or out of order; sort and merge the times")
        found.append((opens, closes))
    return tuple(found)


def _holidays(days: object) -> Iterator[date]:
    form = "holidays: give a list of dates such as 2026-11-09"
    if not isinstance(days, list):
        raise ValueError(form)  # noqa: TRY004 - as above
    for day in days:
        try:
            yield date.fromisoformat(day)
        except (TypeError, ValueError) as error:
            raise ValueError(form) from error


def _targets(minutes: object) -> dict[str, timedelta]:
    if not isinstance(minutes, Mapping) or not minutes or not minutes.keys() <= set(PRIORITIES):
        raise ValueError(
            "reply_within_minutes: give an object of minutes whose keys are of "
            + ", ".join(PRIORITIES)
        )
    for priority, given in minutes.items():
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if not number or not 0 < given <= _MOST_MINUTES:
            raise ValueError(
                f"reply_within_minutes.{priority}: give minutes above 0, a year at most"
            )
    return {priority: timedelta(minutes=given) for priority, given in minutes.items()}
