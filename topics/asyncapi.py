"""The catalogue as an AsyncAPI 3.0 document: `python -m topics.asyncapi`, `--check` compares."""

import argparse
import sys
from pathlib import Path
from typing import Any

from schemas.base import Event
from topics import Topic
from topics.catalog import ALL

HOME = Path(__file__).parent / "asyncapi.yaml"


def document() -> dict[str, Any]:
    """The whole catalogue; payloads point to the published JSON Schemas."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sluice",
            "version": "1.0.0",
            "description": "Generated from topics/catalog.py by `make schemas`. Do not edit.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in ALL},
        "operations": {name: operation for topic in ALL for name, operation in _operations(topic)},
        "components": {
            "messages": {t.event.__name__: _message(t.event) for t in ALL if t.event is not None}
        },
    }


def _channel(topic: Topic[Event]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": topic.name,
        "description": f"{topic.description} Key: {topic.key}.",
        "messages": {},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "topicConfiguration": {
                    "cleanup.policy": topic.cleanup.split(","),
                    "max.message.bytes": topic.max_message_bytes,
                    **(
                        {"retention.ms": int(topic.config["retention.ms"])}
                        if "retention.ms" in topic.config
                        else {}
                    ),
                },
                "bindingVersion": "0.5.0",
            }
        },
    }
    if isinstance(topic.partitions, int):
        channel["bindings"]["kafka"]["partitions"] = topic.partitions
    if topic.event is not None:
        name = topic.event.__name__
        channel["messages"][name] = {"$ref": f"#/components/messages/{name}"}
    return channel


def _message(event: type[Event]) -> dict[str, Any]:
    schema = f"../schemas/json/{event.event_type}/{event.schema_version}.json"
    return {
        "name": event.__name__,
        "title": event.event_type,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                "ce_specversion": {"type": "string", "const": "1.0"},
                "ce_type": {"type": "string", "const": event.event_type},
                "ce_id": {"type": "string"},
                "ce_source": {"type": "string"},
                "ce_time": {"type": "string", "format": "date-time"},
                "traceparent": {"type": "string"},
            },
        },
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": schema},
        },
    }


def _operations(topic: Topic[Event]) -> list[tuple[str, dict[str, Any]]]:
    made = []
    for action, services in (("send", topic.writers), ("receive", topic.readers)):
        for service in services:
            if service in ("outside", "operator"):
                continue
            escaped = topic.name.replace("~", "~0").replace("/", "~1")
            made.append(
                (
                    f"{service}.{action}.{topic.name}",
                    {"action": action, "channel": {"$ref": f"#/channels/{escaped}"}},
                )
            )
    return made


def render() -> str:
    """The document as YAML, keys in the order they are written."""
    import yaml  # noqa: PLC0415 - only the generator needs it, the services import this package

    text: str = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=100)
    return text


def main(arguments: list[str] | None = None) -> int:
    """Write the document; with --check, return 1 when it is not current."""
    parser = argparse.ArgumentParser(prog="python -m topics.asyncapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    text = render()
    if parser.parse_args(arguments).check:
        if HOME.exists() and HOME.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write(f"{HOME}: not current; run `make schemas`\n")
        return 1
    HOME.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
