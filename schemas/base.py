"""What every event on the wire has in common: immutable, tolerant of what it does not know."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from typing_extensions import override


class TolerantEnum(StrEnum):
    """A closed set whose members may grow within a major version.

    A reader maps a member it does not know to `other`, so that a producer may be upgraded
    before its readers. Every subclass has a member `OTHER = "other"`.
    """

    @classmethod
    @override
    def _missing_(cls, value: object) -> Self | None:
        return cls("other") if isinstance(value, str) and value != "other" else None


class Part(BaseModel):
    """A piece of an event: frozen, and unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Event(Part):
    """The value of one record. Its type is the topic's name; its envelope travels in headers.

    `schema_version` counts the compatible additions within the major version that `event_type`
    ends with; every published one is kept in `schemas/json/<event_type>/<schema_version>.json`.
    """

    event_type: ClassVar[str]
    schema_version: ClassVar[str] = "1.0"
    # A field that may gain kinds: only where no reader but ours goes on at one it does not know.
    grows_by: ClassVar[str | None] = None

    def to_json(self) -> bytes:
        """The value's bytes: compact JSON, absent optional fields left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_json(cls, value: bytes | str) -> Self:
        """Parse a value; raises `pydantic.ValidationError` naming each field at fault."""
        return cls.model_validate_json(value)


Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ShortText = Annotated[str, StringConstraints(max_length=500)]
LongText = Annotated[str, StringConstraints(max_length=65_536)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Instant = AwareDatetime

__all__ = [
    "Currency",
    "Event",
    "Id",
    "Instant",
    "Language",
    "LongText",
    "Part",
    "Sha256",
    "ShortText",
    "TolerantEnum",
]
