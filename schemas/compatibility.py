"""The gate: within a major version an event may only gain optional fields.

`python -m schemas.compatibility` compares every event with every published version of it.
What counts as a break is what would make a reader or a writer of another version fail during a
rolling upgrade: a field gone, a field newly required or no longer promised, a type or a
constraint changed, a closed set that shrank, or grew where readers have no `other` to map to.
The decider's journal alone may gain kinds of entries: who does not know one stops, and the newer
version goes on.
"""

import sys
from collections.abc import Iterator
from typing import Any

from schemas.base import Event
from schemas.catalog import EVENTS
from schemas.snapshots import published, render

Schema = dict[str, Any]

# Words for people and for tools; they bind nobody.
_PROSE = {"title", "description", "examples", "$schema", "$id", "$defs", "default"}
_STRUCTURE = {"properties", "required", "enum", "items", "anyOf", "oneOf", "prefixItems"}


def breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Every way in which `new` breaks those who know `old`, as `field: what`."""
    yield from _compare(old, new, old, new, "")


def _resolve(schema: Schema, root: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rsplit("/", 1)[-1]
    return {**root["$defs"][name], **{k: v for k, v in schema.items() if k != "$ref"}}


def _compare(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str
) -> Iterator[str]:
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    where = at or "(event)"
    for word in sorted((old.keys() | new.keys()) - _PROSE - _STRUCTURE - {"discriminator"}):
        before, after = old.get(word), new.get(word)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _compare(before, after, old_root, new_root, f"{at}.{{}}")
        elif before != after:
            yield f"{where}: {word} was {before!r}, is {after!r}"
    yield from _enum(old, new, where)
    yield from _fields(old, new, old_root, new_root, at)
    if "items" in old and "items" in new:
        yield from _compare(old["items"], new["items"], old_root, new_root, f"{at}[]")
    for word in ("anyOf", "oneOf", "prefixItems"):
        before, after = old.get(word, []), new.get(word, [])
        if len(before) != len(after):
            yield f"{where}: {word} had {len(before)} alternatives, has {len(after)}"
            continue
        for one, other in zip(before, after, strict=True):
            yield from _compare(one, other, old_root, new_root, at)


def _enum(old: Schema, new: Schema, where: str) -> Iterator[str]:
    before, after = set(old.get("enum", ())), set(new.get("enum", ()))
    if gone := before - after:
        yield f"{where}: no longer allows {sorted(gone)}"
    if (added := after - before) and "other" not in before:
        yield f"{where}: readers cannot map {sorted(added)}, the set has no 'other'"


def _fields(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    must, must_now = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{at}.{name}: removed"
    for name in sorted(must_now - must):
        yield f"{at}.{name}: newly required"
    for name in sorted((must - must_now) & after.keys()):
        yield f"{at}.{name}: no longer required, readers of the old version rely on it"
    for name in sorted(before.keys() & after.keys()):
        yield from _compare(before[name], after[name], old_root, new_root, f"{at}.{name}")


def check(event: type[Event], versions: dict[str, Schema]) -> list[str]:
    """Breaks of an event against each of the given published versions."""
    now = render(event)
    return [
        f"{event.event_type} {version}: {fault.lstrip('.')}"
        for version, then in versions.items()
        for fault in breaks(then, _of_known_kinds(event, then, now))
    ]


def _of_known_kinds(event: type[Event], then: Schema, now: Schema) -> Schema:
    """Without the kinds that came later, where the event may gain some: its readers stop there."""
    if event.grows_by is None:
        return now
    union = dict(now["properties"][event.grows_by])
    known = then["properties"][event.grows_by]["oneOf"]
    union["oneOf"] = union["oneOf"][: len(known)]
    return {**now, "properties": {**now["properties"], event.grows_by: union}}


def main() -> int:
    """Print every break; 1 if there is one."""
    faults = [fault for e in EVENTS for fault in check(e, published(e.event_type))]
    for fault in faults:
        sys.stderr.write(f"breaking change: {fault}\n")
    if faults:
        sys.stderr.write("remedy: add an optional field instead, or publish a new major version\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
