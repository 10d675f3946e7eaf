"""Is a case's trace complete in the store? Asked of Zipkin's API, judged by edges."""

import json
import urllib.error
import urllib.request
from typing import Any

# Child -> parent, by span name: the way of every case that came alone in its record.
EDGES: tuple[tuple[str, str], ...] = (
    ("process {topic}", "send {topic}"),
    ("process automation.case.accepted.v1", "process {topic}"),
    ("process automation.case.assessed.v1", "process automation.case.accepted.v1"),
)
# The same for an event of a document: its trace begins with a root of its own, linked.
DOCUMENT_EDGES: tuple[tuple[str, str], ...] = (
    ("process automation.case.assessed.v1", "process automation.case.accepted.v1"),
)
ACTION_EDGE = ("send automation.action.requested.v1", "process automation.case.assessed.v1")


def fetch(zipkin_url: str, trace_id: str) -> list[dict[str, Any]]:
    """The spans of a trace, empty while the store has none."""
    try:
        with urllib.request.urlopen(f"{zipkin_url}/api/v2/trace/{trace_id}", timeout=10) as answer:  # noqa: S310 - the loopback address of our own store
            spans: list[dict[str, Any]] = json.load(answer)
            return spans
    except urllib.error.HTTPError as error:
        if error.code == 404:  # noqa: PLR2004 - not found (yet)
            return []
        raise


def missing(spans: list[dict[str, Any]], topic: str, *, document: bool, acted: bool) -> list[str]:
    """The edges that are not there, as "child below parent"; empty for a complete trace."""
    names = {span["id"]: span["name"] for span in spans}
    # A parent has one of the ids of this trace; Zipkin lower-cases names.
    have = {(span["name"], names.get(span.get("parentId", ""), "")) for span in spans}
    want = [
        (child.format(topic=topic).lower(), parent.format(topic=topic).lower())
        for child, parent in (DOCUMENT_EDGES if document else EDGES)
    ]
    if acted:
        want.append(ACTION_EDGE)
    return [f"{child} below {parent}" for child, parent in want if (child, parent) not in have]
