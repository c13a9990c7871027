"""Whether an event's schema may replace the one it was published under.

Within a version only optional fields are added. Everything else (a field gone, renamed, retyped,
newly required, a value added to or taken from a list, a bound moved) is a new version.

One bound may move: what was taken for an id of ours and is a person's, as their token names them,
becomes a `Subject`. Older readers pass over a version they do not know, and the fact would be lost
to them; a subject that is no `Identifier` they set aside with what follows on its stream, where it
stays until it is retried once they are replaced. Nothing said before is refused by newer readers.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from contracts.values import Identifier, Subject

Schema = dict[str, Any]

DOCUMENTATION = {"title", "description", "examples", "default"}
IDENTIFIER: Schema = TypeAdapter(Identifier).json_schema()
SUBJECT: Schema = TypeAdapter(Subject).json_schema()


def breaks(old: Schema, new: Schema) -> list[str]:
    """What in `new` differs from `old` beyond added optional fields; empty when compatible."""
    return _compare(old, new, old.get("$defs", {}), new.get("$defs", {}), "")


def _compare(old: Any, new: Any, old_defs: Schema, new_defs: Schema, path: str) -> list[str]:
    old, new = _resolved(old, old_defs), _resolved(new, new_defs)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [] if old == new else [f"{path or 'event'}: changed"]
    if old.get("format") == "time" and "pattern" in new:
        old, new = _without(old, "format"), _without(new, "pattern")
    if _bare(old) == IDENTIFIER and _bare(new) == SUBJECT:
        return []
    found: list[str] = []
    for key in sorted((old.keys() | new.keys()) - DOCUMENTATION - {"$defs", "properties"}):
        where = f"{path}.{key}" if path else key
        if key == "required":
            found += _required(old, new, path)
        elif key not in old or key not in new:
            found.append(f"{where}: {'added' if key in new else 'removed'}")
        elif isinstance(old[key], list) and isinstance(new[key], list):
            found += _compare_lists(old[key], new[key], old_defs, new_defs, where)
        else:
            found += _compare(old[key], new[key], old_defs, new_defs, where)
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        where = f"{path}.{name}" if path else name
        if name not in after:
            found.append(f"{where}: field removed")
        else:
            found += _compare(before[name], after[name], old_defs, new_defs, where)
    return found


def _bare(schema: Schema) -> Schema:
    """Without what is said to people."""
    return {name: value for name, value in schema.items() if name not in DOCUMENTATION}


def _without(schema: Schema, key: str) -> Schema:
    """For what was described wrongly and never was so on the wire: local times have no offset."""
    return {name: value for name, value in schema.items() if name != key}


def _compare_lists(
    old: list[Any], new: list[Any], old_defs: Schema, new_defs: Schema, path: str
) -> list[str]:
    if len(old) != len(new):
        return [f"{path}: changed"]
    return [
        difference
        for index, (before, after) in enumerate(zip(old, new, strict=True))
        for difference in _compare(before, after, old_defs, new_defs, f"{path}[{index}]")
    ]


def _required(old: Schema, new: Schema, path: str) -> list[str]:
    before, after = set(old.get("required", [])), set(new.get("required", []))
    where = f"{path}." if path else ""
    return [f"{where}{name}: newly required" for name in sorted(after - before)] + [
        f"{where}{name}: no longer required" for name in sorted(before - after)
    ]


def _resolved(schema: Any, definitions: Schema) -> Any:
    if isinstance(schema, dict) and "$ref" in schema:
        return definitions[schema["$ref"].removeprefix("#/$defs/")]
    return schema
