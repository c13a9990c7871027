"""The catalogue of events: JSON schemas, an AsyncAPI document, and a page for a person.

`python -m contracts.catalogue` writes all three from the event classes; a test holds the written
files to the classes, and the schemas to what was published before.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from contracts.compatibility import breaks
from contracts.envelope import CONTENT_TYPE, Envelope
from contracts.event import REGISTERED, CaseEvent, Event
from contracts.topology import EXCHANGE

MODULES = (
    *("citizen", "intake", "referral", "triage", "documents", "appointments"),
    *("assessment", "careplan", "complaints", "directory", "offer"),
)
SCHEMAS = Path(__file__).parent / "schemas"
CATALOGUE = Path(__file__).parent / "catalogue"
BINDING_VERSION = "0.3.0"


def events() -> list[type[Event]]:
    """Every declared event, by type."""
    for module in MODULES:
        importlib.import_module(f"contracts.{module}")
    ours = {f"contracts.{module}" for module in MODULES}
    return [REGISTERED[name] for name in sorted(REGISTERED) if REGISTERED[name].__module__ in ours]


def schema_of(event: type[Event]) -> dict[str, Any]:
    """JSON schema of an event's data, as it stands on the wire."""
    schema = event.model_json_schema(mode="serialization")
    return {"$id": f"urn:opora:schema:{event.schema_name()}", **_wire(schema)}


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0: one channel per stream, one message per event."""
    declared = events()
    channels = {
        stream: {
            "address": stream,
            "description": f"Events on the streams {stream}.<id>, numbered from 1 without a gap.",
            "messages": {
                event.type: {"$ref": f"#/components/messages/{event.type}"}
                for event in declared
                if event.stream == stream
            },
            "bindings": {
                "amqp": {
                    "is": "routingKey",
                    "exchange": {"name": EXCHANGE, "type": "topic", "durable": True},
                    "bindingVersion": BINDING_VERSION,
                }
            },
        }
        for stream in sorted({event.stream for event in declared})
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Opora events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in structured JSON over AMQP 0-9-1.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": {
            f"publish-{stream}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{stream}"},
                "summary": f"Only {stream.split('.', maxsplit=1)[0]} publishes here.",
            }
            for stream in channels
        },
        "components": {"messages": {event.type: _message(event) for event in declared}},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    typed = {"type": {"const": event.type}, "data": {"$ref": f"../schemas/{event.schema_name()}"}}
    return {
        "name": event.type,
        "title": event.en,
        "summary": event.ru,
        "description": f"{event.__doc__ or ''} Rule: {event.clause}.".strip(),
        "contentType": CONTENT_TYPE,
        "payload": {"allOf": [{"$ref": "envelope.json"}, {"properties": typed}]},
        "bindings": {
            "amqp": {"messageType": event.routing_key(), "bindingVersion": BINDING_VERSION}
        },
    }


def page() -> str:
    """The catalogue as a page to read."""
    lines = [
        "# Events",
        "",
        "Made from `contracts/` by `python -m contracts.catalogue`; do not edit.",
        "",
        f"Every event is a CloudEvent 1.0 in structured JSON (`{CONTENT_TYPE}`) on the topic"
        f" exchange `{EXCHANGE}`. `id` is `<stream>:<sequence>`; a stream is numbered from 1"
        " without a gap. Personal data travel on `intake.citizen` only.",
    ]
    declared = events()
    for stream in sorted({event.stream for event in declared}):
        lines += ["", f"## {stream}", ""]
        for event in (event for event in declared if event.stream == stream):
            lines += _entry(event)
    return "\n".join(lines) + "\n"


def _entry(event: type[Event]) -> Iterable[str]:
    base = set(CaseEvent.model_fields) | set(Event.model_fields)
    own = [name for name in event.model_fields if name not in base]
    fields = ", ".join(
        f"`{name}`" + ("" if event.model_fields[name].is_required() else " (optional)")
        for name in own
    )
    return [
        f"### `{event.type}`",
        "",
        f"**{event.en}** · {event.ru} · {event.clause}",
        "",
        " ".join((event.__doc__ or "").split()),
        "",
        f"Routing key `{event.routing_key()}`; fields: {fields or 'none of its own'}."
        f" Schema: `contracts/schemas/{event.schema_name()}`.",
        "",
    ]


def _wire(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without the writer's strictness: readers ignore what they do not know."""
    cleaned: dict[str, Any] = json.loads(json.dumps(schema))

    def relax(node: Any) -> None:
        if isinstance(node, dict):
            node.pop("additionalProperties", None) if node.get("properties") else None
            for value in node.values():
                relax(value)
        elif isinstance(node, list):
            for value in node:
                relax(value)

    relax(cleaned)
    return cleaned


def written() -> dict[Path, str]:
    """Every file of the catalogue with its content."""
    files = {SCHEMAS / event.schema_name(): _json(schema_of(event)) for event in events()}
    envelope = _wire(Envelope.model_json_schema(mode="serialization"))
    files[CATALOGUE / "envelope.json"] = _json({"$id": "urn:opora:schema:envelope", **envelope})
    files[CATALOGUE / "asyncapi.json"] = _json(asyncapi())
    files[CATALOGUE / "events.md"] = page()
    return files


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def incompatible() -> list[str]:
    """What differs from the published schemas beyond added optional fields."""
    found: list[str] = []
    for event in events():
        published = SCHEMAS / event.schema_name()
        if published.exists():
            old = json.loads(published.read_text(encoding="utf-8"))
            found += [f"{event.type}: {text}" for text in breaks(old, schema_of(event))]
    declared = {event.schema_name() for event in events()}
    gone = sorted(path.name for path in SCHEMAS.glob("*.json") if path.name not in declared)
    return found + [f"{name}: a published event is gone" for name in gone]


def main() -> None:
    """Write the catalogue, unless a published event would change its meaning."""
    if found := incompatible():
        sys.exit("These changes need a new version of the event:\n  " + "\n  ".join(found))
    for path, content in written().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
