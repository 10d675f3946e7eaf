"""Which arrays a mapping has read to the last field, so that none of it is left to keep."""

from collections.abc import Mapping, Sequence

from services.intake.formats.base import Reader
from services.intake.formats.tickets import Taken


def read_whole(
    holder: Reader | None, known: Mapping[str, Sequence[str]]
) -> dict[str, Taken | None]:
    """Of arrays of objects by name, those whose objects have no other fields than these.

    The last field is the one that the others speak of: without it nothing was read.
    """
    if holder is None:
        return {}
    return {
        name: None
        for name, fields in known.items()
        if all(is_read_whole(each, fields) for each in holder.items(name))
    }


def is_read_whole(item: Reader, fields: Sequence[str]) -> bool:
    """Whether an object has no other fields than these, and the last one."""
    return item.data.keys() <= set(fields) and bool(item.data.get(fields[-1]))
