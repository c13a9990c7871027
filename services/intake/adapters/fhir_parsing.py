"""How a FHIR element is read or refused: always by its path, never with what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from contracts import ijson
from contracts.errors import InvalidInput

MAX_DEPTH = 60
POSTED = ("Bundle", "ServiceRequest", "Task")
M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], resource: Any, path: str) -> M:
    """A resource of the wrong shape is refused by the path of its first wrong element."""
    try:
        return model.model_validate(resource)
    except ValidationError as failure:
        error = failure.errors()[0]
        return fail(path + _place(error["loc"]), _rule(error["msg"]))


def make(model: type[M], paths: dict[str, str], **values: Any) -> M:
    """A value of ours made of what was sent; `paths` says where each of its fields came from."""
    try:
        return model(**values)
    except ValidationError as failure:
        error = failure.errors()[0]
        field = str(error["loc"][0]) if error["loc"] else ""
        return fail(paths.get(field, field), _rule(error["msg"]))


def _place(path: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def fail(path: str, rule: str) -> NoReturn:
    """Refuse an element."""
    raise InvalidInput("invalid-resource", rule, field=path) from None


def _rule(message: str) -> str:
    """Pydantic's message; that of a date repeats what was sent."""
    if message.startswith("Value error, ") and "isoformat" in message:
        return "is no date that exists"
    return "is no date that exists" if "day is out of range" in message else message


def word(value: Any) -> str | None:
    """A code as it stands in an element; None where it is anything but text."""
    return value if isinstance(value, str) else None


def read_json(body: bytes) -> tuple[Any, str]:
    """What a body says, and its text; a byte-order mark is passed over.

    What could be read in two ways is refused by its path, be it in an element that is only kept:
    whoever reads it after us has to see the same.
    """
    try:
        text = body.decode("utf-8-sig")
        posted, unclear = ijson.read(text)
    except (ValueError, RecursionError) as failure:
        raise InvalidInput("malformed-json", "the body is not JSON in UTF-8") from failure
    if _is_deep(posted):
        raise InvalidInput("malformed-json", f"elements lie within each other {MAX_DEPTH} deep")
    if unclear is not None:
        kind = posted.get("resourceType") if isinstance(posted, dict) else None
        root = kind if kind in POSTED else ""
        fail(f"{root}{_place(unclear.path)}".lstrip("."), unclear.rule)
    return posted, text


def write_json(content: Any) -> str:
    """JSON that can be stored and sent; what is no text by itself is written as it was, escaped."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a letter
        return json.dumps(content, separators=(",", ":"))
    return text


def _is_deep(posted: Any) -> bool:
    """Whether anything lies deeper than any resource needs; level by level, without recursion."""
    level = [posted]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True
