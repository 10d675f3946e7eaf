"""From what the model picked out of a notice to what may be used of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.writer.domain.asking import Ask, Moment
from services.writer.domain.guarding import Fault, Guard, occurs
from services.writer.domain.tokens import values

OTHER = "other"

# Words about time, and the instant they count from, to what they mean; None: not to be told.
Dates = Callable[[str, datetime], Moment | None]


@dataclass(frozen=True, slots=True)
class Support:
    """What a value rests on: a span of the text, and the rule that made something else of it."""

    field: str
    start: int
    end: int
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a notice says, as far as every word of it was found there."""

    type: str | None = None
    references: tuple[str, ...] = ()
    new_date: datetime | None = None
    delay_days: int | None = None
    quantity: Decimal | None = None
    cause: str | None = None
    support: tuple[Support, ...] = ()


def extract(said: Mapping[str, object], ask: Ask, dates: Dates) -> tuple[Extraction, list[Fault]]:
    """Keep what the notice supports; what it does not is left out and named."""
    reading = _Reading(said, ask)
    references = tuple(
        each for each in reading.words("references") if reading.found("references", each)
    )
    quantity = reading.quantity()
    cause = next((each for each in reading.words("cause") if reading.found("cause", each)), None)
    new_date, delay = reading.times(dates)
    label = next(iter(reading.words("type")), None)
    if label is not None and label not in {*ask.labels, OTHER}:
        reading.faults.append(Fault(Guard.FORM, "type"))
        label = None
    kept = Extraction(label, references, new_date, delay, quantity, cause, tuple(reading.support))
    return kept, reading.faults


class _Reading:
    """One answer, held against its notice."""

    def __init__(self, said: Mapping[str, object], ask: Ask) -> None:
        self._said = said
        self._ask = ask
        self.support: list[Support] = []
        self.faults: list[Fault] = []

    def words(self, field: str) -> list[str]:
        """The non-empty strings of a field, once each."""
        said = self._said.get(field)
        given = said if isinstance(said, list) else [said]
        words = (each.strip() for each in given if isinstance(each, str))
        return list(dict.fromkeys(each for each in words if each))

    def found(self, field: str, quote: str, rule: str | None = None) -> bool:
        """Note where a quotation stands, or that it stands nowhere."""
        span = occurs(quote, self._ask.text)
        if span is None:
            self.faults.append(Fault(_GUARDS[field], field, 0, len(quote)))
            return False
        self.support.append(Support(field, *span, rule))
        return True

    def quantity(self) -> Decimal | None:
        """A number of the notice, where it can mean one thing only."""
        for quote in self.words("quantity"):
            if not self.found("quantity", quote):
                continue
            meant = values(quote)
            if len(meant) == 1:
                return next(iter(meant))
            self.faults.append(Fault(Guard.UNSUPPORTED_QUANTITY, "quantity", 0, len(quote)))
        return None

    def times(self, dates: Dates) -> tuple[datetime | None, int | None]:
        """The new day and the delay: both from words, each from the other where one is said."""
        expected = self._ask.expected_at
        day = self._moment("new_date", dates)
        late = self._moment("delay", dates)
        new_date = None if day is None else day.day
        delay = None if late is None else late.days
        if new_date is None and delay is not None and expected is not None:
            new_date = _day(expected + timedelta(days=delay))
        elif new_date is not None and expected is not None:
            counted = (new_date - _day(expected)).days
            if delay is not None and delay != counted:
                self.faults.append(Fault(Guard.UNSUPPORTED_DATE, "delay"))
                return None, None
            delay = counted
        return new_date, delay

    def _moment(self, field: str, dates: Dates) -> Moment | None:
        for quote in self.words(field):
            if not self.found(field, quote, "dates"):
                continue
            meant = dates(quote, self._ask.occurred_at)
            if meant is not None and (meant.day if field == "new_date" else meant.days) is not None:
                return meant
            self.support.pop()
            self.faults.append(Fault(Guard.UNSUPPORTED_DATE, field, 0, len(quote)))
        return None


_GUARDS = {
    "references": Guard.UNSUPPORTED_ID,
    "quantity": Guard.UNSUPPORTED_QUANTITY,
    "cause": Guard.UNSUPPORTED_WORDS,
    "new_date": Guard.UNSUPPORTED_DATE,
    "delay": Guard.UNSUPPORTED_DATE,
}


def _day(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
