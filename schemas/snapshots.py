"""The published JSON Schemas: `python -m schemas.snapshots` writes them, `--check` compares.

A version that is there is published and never rewritten: a compatible change of an event counts
its `schema_version` up and adds a file beside the old ones.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from schemas.base import Event
from schemas.catalog import EVENTS

HOME = Path(__file__).parent / "json"


def render(event: type[Event]) -> dict[str, Any]:
    """The event's JSON Schema (draft 2020-12), with its identity."""
    schema = event.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:sluice:schema:{event.event_type}:{event.schema_version}",
        **schema,
        # Readers ignore what they do not know: additions are compatible.
        "additionalProperties": True,
    }


def path_of(event: type[Event], home: Path = HOME) -> Path:
    """Where this version of the event's schema is kept."""
    return home / event.event_type / f"{event.schema_version}.json"


def published(event_type: str, home: Path = HOME) -> dict[str, dict[str, Any]]:
    """Every published version of an event type's schema, by version."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((home / event_type).glob("*.json"))
    }


def stale(event: type[Event], home: Path = HOME) -> str | None:
    """Why the published schema is not the event's, or None."""
    path = path_of(event, home)
    if not path.exists():
        return f"{path}: not published yet; run `make schemas`"
    if json.loads(path.read_text(encoding="utf-8")) != render(event):
        return (
            f"{path}: {event.__name__} has changed since {event.schema_version} was published; "
            f"count {event.__name__}.schema_version up and run `make schemas`"
        )
    return None


def main(arguments: list[str] | None = None) -> int:
    """Write what is missing; with --check, say what is stale and return 1."""
    parser = argparse.ArgumentParser(prog="python -m schemas.snapshots", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    only_check = parser.parse_args(arguments).check
    for event in EVENTS:
        path = path_of(event)
        if not only_check and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                json.dumps(render(event), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            sys.stdout.write(f"published {path}\n")
    faults = [fault for event in EVENTS if (fault := stale(event))]
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
