"""Records of every source there is: our examples, varied by a seed.

What a sound record must become is asked of the mapping; how many cases that are, and what is
refused, the run finds out on the topics.
"""

import json
import random
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import yaml

from infra.demo.producing import EXAMPLES
from infra.resilience import load
from infra.resilience.load import TENANTS, Given, headers
from services.chassis.errors import Rejected
from services.intake.formats import ALL
from services.intake.formats.base import Format
from topics.support import TICKET_RECEIVED

# Only its sources take records without CloudEvents attributes, told by their shape.
BARE = "quay"

# What makes an event or its subject another one: renewed wherever it stands in its document.
_IDS: Mapping[str, tuple[str, ...]] = {
    "sluice-ticket": ("ticket_id", "message.id"),
    "sluice-supply": ("event_id", "refs.*.value"),
    "epcis": (
        *("eventID", "epcisBody.eventList.*.eventID"),
        "epcisBody.queryResults.resultsBody.eventList.*.eventID",
        # What has no id is told by its content.
        *("eventTime", "epcisBody.eventList.*.eventTime"),
    ),
    "dcsa": ("eventID", "*.eventID", "events.*.eventID"),
    "project44": ("eventId", "shipmentId", "masterShipmentId"),
    "edi": ("interchange", "references.*.value"),
    "notice": ("id",),
    "zendesk": ("id", "detail.id", "event.comment.id", "ticket.id", "tickets.*.id"),
    "freshdesk": (
        *("id", "freshdesk_webhook.ticket_id", "conversations.*.id"),
        *("data.ticket.id", "data.conversation.id", "data.conversation.ticket_id"),
    ),
    "zammad": ("ticket.id", "ticket.number", "article.id"),
    "jira": ("issue.id", "issue.key", "comment.id", "changelog.id", "issues.*.id", "issues.*.key"),
    "servicenow": (
        *("result.sys_id", "result.number", "result.*.sys_id", "result.*.number"),
        *("result.*.sys_id.value", "result.*.number.value", "sys_id", "number"),
    ),
    "intercom": ("id", "data.item.id", "data.item.ticket_id", "data.item.source.id"),
}
_MAIL_ID = re.compile(rb"(?<=<)[^<>@\s]+(?=@[^<>\s]+>)")
_MAIL_LINE = re.compile(rb"(?im)^(?:message-id|in-reply-to|references):[^\n]*(?:\n[ \t][^\n]*)*")
_HEX = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_NUMBER = re.compile(r"\d+(?!.*\d)", re.DOTALL)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
_ABOVE_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Fixture:
    """One of our examples: what its source sends."""

    format: Format
    raw: bytes
    content_type: str


def fixtures() -> list[Fixture]:
    """Every example of every format."""
    canonical = {
        "sluice-ticket": "support.ticket.received.v1",
        "sluice-supply": "supply.event.received.v1",
    }
    return [
        Fixture(shape, path.read_bytes(), _content_type(path))
        for name, shape in ALL.items()
        for path in sorted((EXAMPLES / canonical.get(name, f"sources/{name}")).iterdir())
    ]


def sources() -> str:
    """The operator's file: every tenant has every format."""
    known = {
        "tenants": {
            tenant: {"business_patterns": {"shipment": r"\bSH-[A-Z0-9-]{3,24}\b"}}
            for tenant in TENANTS
        },
        "sources": [
            {
                "name": shape.name,
                "tenant": tenant,
                "topic": shape.topic,
                "ce_source": f"/{shape.name}/{tenant}",
                "format": shape.name,
                "bare": tenant == BARE,
            }
            for tenant in TENANTS
            for shape in ALL.values()
        ],
    }
    return yaml.safe_dump(known, sort_keys=False)


def stream(seed: int, *, broken: float = 0.04) -> Iterator[Given]:
    """Varied examples without end, some of them broken; the same seed gives the same records."""
    rng = random.Random(seed)  # noqa: S311 - reproducible load, not a secret
    by_format: dict[str, list[Fixture]] = {}
    for each in fixtures():
        by_format.setdefault(each.format.name, []).append(each)
    # Who speaks of tickets has texts, which need the model: structured events carry the volume.
    weights = [1 if ALL[name].topic == TICKET_RECEIVED.name else 3 for name in by_format]
    for n in count():
        (name,) = rng.choices(list(by_format), weights)
        fixture = rng.choice(by_format[name])
        tenant = rng.choice(TENANTS)
        record_id = f"{load.name(seed)}-{n}"
        made = replace(fixture, raw=varied(fixture, f"{seed}/{n}", n))
        if rng.random() < broken:
            yield _broken(record_id, tenant, made, rng)
        else:
            yield sound(record_id, tenant, made, rng.random())


def varied(fixture: Fixture, salt: str, n: int) -> bytes:
    """The same said of another ticket or event."""
    if fixture.content_type == "message/rfc822":
        return _MAIL_LINE.sub(
            lambda line: _MAIL_ID.sub(lambda found: found[0] + f".{n}".encode(), line[0]),
            fixture.raw,
        )
    if fixture.content_type == "text/plain":
        return fixture.raw + f"\n({n})".encode()
    data = orjson.loads(fixture.raw)
    ids: dict[str, str] = {}
    for path in _IDS[fixture.format.name]:
        for found in _at(data, path.split(".")):
            ids.setdefault(str(found), _renewed(str(found), salt, _ABOVE_ALL * (len(ids) + 1) + n))
    return json.dumps(_with(data, ids), ensure_ascii=False).encode()


def sound(record_id: str, tenant: str, made: Fixture, form: float = 0) -> Given:
    """A record that must be decided; `form` from 0 to 1 says how it is wrapped."""
    shape = made.format
    data = _parsed(made)
    is_json = made.content_type == "application/json"
    source = f"/{shape.name}/{tenant}"
    ce = headers(shape.topic, source, record_id)
    said = (("content-type", made.content_type.encode()), *ce[1:])
    own_id: str | None = record_id
    value = made.raw
    if tenant == BARE and form > 0.7 and _is_told_by_shape(shape, data):  # noqa: PLR2004 - shares
        own_id, said = None, said[:1]
    elif form > 0.85 and is_json:  # noqa: PLR2004 - shares
        event = {"specversion": "1.0", "id": record_id, "source": source, "type": shape.topic}
        value = json.dumps({**event, "data": data}, ensure_ascii=False).encode()
        said = (("content-type", b"application/cloudevents+json"),)
    elif form > 0.75 and is_json:  # noqa: PLR2004 - shares
        value = b"\x00\x00\x00\x00\x07" + value
    events = tuple(
        each.event_id or own_id if shape.split or own_id is None else own_id
        for each in shape.map(data)
    )
    return Given(record_id, shape.topic, value, said, "decision", tenant, shape.name, events)


def _is_told_by_shape(shape: Format, data: Any) -> bool:
    return [
        each for each in ALL.values() if each.topic == shape.topic and each.recognise(data)
    ] == [shape]


def _broken(record_id: str, tenant: str, made: Fixture, rng: random.Random) -> Given:
    """One that intake must refuse, in one of the ways that occur."""
    shape = made.format
    kind, source = shape.topic, f"/{shape.name}/{tenant}"
    value: bytes | None = made.raw
    match rng.choice(("cut", "null", "major", "stranger", "field", "field")):
        case "field" if made.content_type == "application/json":
            value = _refused(made, rng)
        case "stranger":
            source = f"/nobody/{tenant}"
        case "major":
            kind = kind.removesuffix("1") + "2"
        case "null":
            value = None
        case _:
            value = b"{" + made.raw[: len(made.raw) // 2]
    said = headers(kind, source, record_id)
    return Given(record_id, shape.topic, value, said, "dead-letter", tenant, shape.name)


def _refused(made: Fixture, rng: random.Random) -> bytes:
    """With a field taken away or of another type, so that its format refuses it."""
    for _ in range(50):
        data = orjson.loads(made.raw)
        parent = rng.choice(list(_objects(data)))
        name = rng.choice(list(parent))
        if rng.random() < 0.5:  # noqa: PLR2004 - either
            parent[name] = {"not": ["what", "was", "meant"]}
        else:
            del parent[name]
        try:
            made.format.map(data)
        except Rejected:
            return json.dumps(data, ensure_ascii=False).encode()
    return b"[]" + made.raw


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        if data:
            yield data
        data = list(data.values())
    if isinstance(data, list):
        for each in data:
            yield from _objects(each)


def _parsed(made: Fixture) -> Any:
    """As the envelope hands it to the format."""
    match made.content_type:
        case "message/rfc822":
            return made.raw
        case "text/plain":
            return made.raw.decode()
        case _:
            return orjson.loads(made.raw)


def _at(data: Any, path: Sequence[str]) -> Iterator[str | int]:
    if not path:
        if isinstance(data, str | int) and not isinstance(data, bool):
            yield data
    elif path[0] == "*" and isinstance(data, list):
        for each in data:
            yield from _at(each, path[1:])
    elif isinstance(data, dict) and path[0] in data:
        yield from _at(data[path[0]], path[1:])


def _renewed(old: str, salt: str, number: int) -> str:
    """Another one that looks like it; a time becomes an earlier one."""
    if _TIME.match(old):
        earlier = datetime.fromisoformat(old) - timedelta(seconds=number % _ABOVE_ALL)
        return earlier.isoformat()
    if found := _HEX.search(old):
        fresh = uuid.uuid5(uuid.NAMESPACE_URL, f"{salt}/{old}")
        written = str(fresh) if "-" in found[0] else fresh.hex
        return old.replace(found[0], written)
    if _NUMBER.search(old):
        return _NUMBER.sub(str(number), old, count=1)
    return f"{old}-{number}"


def _with(data: Any, ids: Mapping[str, str]) -> Any:
    match data:
        case dict():
            return {name: _with(value, ids) for name, value in data.items()}
        case list():
            return [_with(each, ids) for each in data]
        case str():
            return ids.get(data) or _within(data, ids)
        case int() if not isinstance(data, bool):
            return int(ids.get(str(data), data))
        case _:
            return data


def _within(text: str, ids: Mapping[str, str]) -> str:
    """Also where an id is a part of a name or an address: zen:ticket:5158."""
    for old, new in ids.items():
        text = re.sub(rf"(?<=[:/]){re.escape(old)}(?![\w-])", new, text)
    return text


def _content_type(path: Path) -> str:
    return {".eml": "message/rfc822", ".txt": "text/plain"}.get(path.suffix, "application/json")
