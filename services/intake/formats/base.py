"""What a format is: it recognises its documents and maps them, or refuses naming the field."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas.base import Event
from schemas.supply import SupplyEventReceived
from schemas.support import TicketReceived
from services.chassis.errors import Rejected

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Mapped:
    """One event of a document. `event_id` is the source's own, None where it has none.

    `dated` False: the source says no time, and the record's own stands for `occurred_at`.
    """

    event: TicketReceived | SupplyEventReceived
    event_id: str | None
    dated: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """A way of writing events that `topic` may carry; `split`: a document may hold several."""

    name: str
    version: int
    topic: str
    recognise: Callable[[Any], bool]
    map: Callable[[Any], Sequence[Mapped]]
    split: bool = False

    @property
    def id(self) -> str:
        """As it stands in a case."""
        return f"{self.name}:{self.version}"


def validated(model: type[E], data: Any, at: str = "") -> E:
    """Parse into an event.

    Raises:
        Rejected: naming each field and what is wrong; values are never quoted.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise Rejected(
            "; ".join(f"{at}{_dotted(fault['loc'])}: {fault['msg']}" for fault in faults[:5])
        ) from error


def _dotted(path: Sequence[int | str]) -> str:
    """eventList, 3, bizStep -> eventList[3].bizStep. What follows a mapping is its producer's."""
    if path and path[0] in _MAPPINGS:
        path = path[:1]
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text or "value"


# Fields whose keys are free: an error must not quote them.
_MAPPINGS = frozenset({"custom_fields"})


class Reader:
    """Reads fields of a JSON object, refusing by path what is not there or not as it should be."""

    def __init__(self, data: Any, at: str) -> None:
        if not isinstance(data, dict):
            raise Rejected(f"{at or 'value'}: must be a JSON object")
        self.data: dict[str, Any] = data
        self.at = at

    def path(self, name: str) -> str:
        """Where a field stands, for an error."""
        return f"{self.at}.{name}" if self.at else name

    def refuse(self, name: str, why: str) -> Rejected:
        """An error about a field, to be raised."""
        return Rejected(f"{self.path(name)}: {why}")

    def text(self, name: str) -> str | None:
        """An optional string; an empty one is none."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.refuse(name, "must be a string")
        return value

    def required(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if value is None:
            raise self.refuse(name, "is required")
        return value

    def array(self, name: str) -> list[Any]:
        """An optional array, empty where absent."""
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refuse(name, "must be an array")
        return value

    def child(self, name: str) -> "Reader | None":
        """An optional object."""
        value = self.data.get(name)
        return None if value is None else Reader(value, self.path(name))

    def items(self, name: str) -> "list[Reader]":
        """An optional array of objects."""
        return [Reader(each, f"{self.path(name)}[{n}]") for n, each in enumerate(self.array(name))]

    def instant(self, name: str) -> datetime | None:
        """An optional RFC 3339 time with an offset."""
        text = self.text(name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError as error:
            raise self.refuse(name, "must be an RFC 3339 time") from error
        if found.tzinfo is None:
            raise self.refuse(name, "must have an offset, e.g. +05:30 or Z")
        return found

    def decimal(self, name: str) -> Decimal | None:
        """An optional number."""
        value = self.data.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.refuse(name, "must be a number")
        try:
            number = Decimal(str(value))
        except InvalidOperation as error:
            raise self.refuse(name, "must be a number") from error
        if not number.is_finite():
            raise self.refuse(name, "must be a finite number")
        return number

    def one_of(self, name: str, allowed: Sequence[str], *, required: bool = True) -> str | None:
        """A member of a closed set."""
        value = self.required(name) if required else self.text(name)
        if value is not None and value not in allowed:
            raise self.refuse(name, f"must be one of {', '.join(allowed)}")
        return value
