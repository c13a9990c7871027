"""JSON schemas of HSDS, made from the table of its fields; see README.md beside this file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

TABLE: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "fields.json").read_text(encoding="utf-8")
)
FORMATS = {"uuid", "uri", "email", "date", "date-time"}
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](Z|[+-][0-9]{2}:[0-9]{2})$"


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of a kind of record, with all kinds that it may hold."""
    return {"$ref": f"#/$defs/{kind}", "$defs": {name: _record(name) for name in TABLE}}


def wrong(kind: str, record: object) -> list[str]:
    """What in a record breaks its schema, formats checked: path and rule."""
    validator = Draft202012Validator(schema_of(kind), format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:120]}" for error in validator.iter_errors(record)]


def unknown(kind: str, record: Any, path: str = "$") -> Iterator[str]:
    """Fields that HSDS does not have: a misspelt name would pass the schema."""
    for name, value in record.items():
        described = TABLE[kind].get(name)
        if described is None:
            yield f"{path}.{name}"
            continue
        inner = described.rstrip("!").strip("[]{}")
        if inner in TABLE:
            for item in value if isinstance(value, list) else [value]:
                yield from unknown(inner, item, f"{path}.{name}")


def _record(kind: str) -> dict[str, Any]:
    fields = TABLE[kind]
    return {
        "type": "object",
        "properties": {name: _field(text.rstrip("!")) for name, text in fields.items()},
        "required": [name for name, text in fields.items() if text.endswith("!")],
    }


def _field(text: str) -> dict[str, Any]:
    if text.startswith("["):
        return {"type": "array", "items": {"$ref": f"#/$defs/{text.strip('[]')}"}}
    if text.startswith("{"):
        return {"$ref": f"#/$defs/{text.strip('{}')}"}
    if text in FORMATS:
        return {"type": "string", "format": text}
    if text == "clock":
        return {"type": "string", "pattern": CLOCK}
    if "|" in text:
        return {"type": "string", "enum": text.split("|")}
    return {"type": text}
