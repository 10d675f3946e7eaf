"""Valid documents of a documented shape, and what of a document an event has lost."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*")
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=6)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every scalar of a document that says something, with its path."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves(child, (*path, name))
    elif isinstance(value, list):
        for n, child in enumerate(value):
            yield from leaves(child, (*path, n))
    elif value is not None and value != "":
        yield path, value


@st.composite
def documents(
    draw: Any, shape: Any, words: Mapping[str, Any], required: frozenset[str], at: str = ""
) -> Any:
    """A document shaped like `shape`, with other values.

    `words`: by dotted path, what may stand there instead; `required`: what may not be left out.
    Array positions are no part of a path. Unknown fields are put into every object.
    """
    if at in words:
        return draw(words[at])
    if isinstance(shape, dict):
        made = {
            name: draw(documents(child, words, required, f"{at}.{name}".lstrip(".")))
            for name, child in shape.items()
            if f"{at}.{name}".lstrip(".") in required or draw(st.integers(0, 9))
        }
        if draw(st.booleans()):
            made[f"x_{draw(st.integers(0, 99))}"] = draw(_scalars())
        return made
    if isinstance(shape, list):
        listed = required | {at}  # no member of an array is null
        return [draw(documents(each, words, listed, at)) for each in shape]
    return draw(_like(shape, needed=at in required))


def _scalars() -> st.SearchStrategy[Any]:
    return st.one_of(st.booleans(), st.integers(1, 10**9), _tokens())


def _tokens() -> st.SearchStrategy[str]:
    """Texts that are found again, whatever stands around them."""
    return st.builds("{}q{}z".format, _WORDS, st.integers(0, 10**12))


def _like(value: Any, *, needed: bool) -> st.SearchStrategy[Any]:
    """Another value of the same type, or none at all."""
    if isinstance(value, bool):
        found: st.SearchStrategy[Any] = st.booleans()
    elif isinstance(value, int):
        found = st.integers(10**9, 2 * 10**9)  # also a time
    elif isinstance(value, float):
        found = st.floats(0, 1e9)
    elif isinstance(value, str) and TIME.fullmatch(value):
        found = _times(value)
    elif isinstance(value, str):
        found = _tokens()
    else:
        found = st.none()
    return found if needed else found | st.none()


def _times(like: str) -> st.SearchStrategy[str]:
    form = "%Y-%m-%d %H:%M:%S" if " " in like else "%Y-%m-%dT%H:%M:%SZ"
    return st.integers(0, 10**9).map(
        lambda s: (datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=s)).strftime(form)
    )


def lost(document: Any, mapped: Any, flags: frozenset[str] = frozenset()) -> list[str]:
    """Paths of what is neither the event's id, nor in its fields, nor among its custom ones.

    Of `flags` (by last name) only the meaning is kept: true or false is not looked for.
    """
    dumped = mapped.event.model_dump(mode="json", exclude_none=True)
    names = " ".join(dumped["custom_fields"])
    values = (str(value) for _, value in leaves(dumped))
    told = "\n".join([str(mapped.event_id), names, *values])
    instants = {_instant(value) for _, value in leaves(dumped) if isinstance(value, str)}
    return [
        ".".join(map(str, path))
        for path, value in leaves(document)
        if not _is_told(path, value, told, instants, flags)
    ]


def _is_told(
    path: tuple[Any, ...],
    value: Any,
    told: str,
    instants: set[datetime | None],
    flags: frozenset[str],
) -> bool:
    if isinstance(value, bool):
        return path[-1] in flags or str(path[-1]) in told
    if isinstance(value, str) and TIME.fullmatch(value):
        return value in told or _instant(value) in instants
    if isinstance(value, int) and 10**9 <= value < 10**13 and _epoch(value) & instants:
        return True
    written = value if isinstance(value, str) else json.dumps(value)
    return written in told or json.dumps(written, ensure_ascii=False)[1:-1] in told


def _epoch(value: int) -> set[datetime | None]:
    seconds = value if value < 10**11 else value / 1000
    return {datetime.fromtimestamp(seconds, UTC)}


def _instant(value: str) -> datetime | None:
    if not TIME.fullmatch(value):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
