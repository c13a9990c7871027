"""JSON that comes from outside, read so that no two readers take it for two things (RFC 7493).

Python's own reader takes the last of a name that stands twice in an object, numbers that are none
(NaN, Infinity, 1e999) and text that is no text (half a letter, a zero byte). Here each of these is
named by its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Unclear:
    """What cannot be read in one way only; `path` leads to it from the outermost value."""

    path: tuple[str | int, ...]
    code: str

    @property
    def rule(self) -> str:
        """What it breaks."""
        return RULES[self.code]


NAME_TWICE, NO_NUMBER, NO_TEXT = "name_twice", "no_number", "no_text"
RULES: Mapping[str, str] = {
    NAME_TWICE: "a name stands once in an object",
    NO_NUMBER: "a number is finite; NaN and Infinity are no JSON",
    NO_TEXT: "text holds whole letters, and of control characters only tabs and line breaks",
}


def read(text: str) -> tuple[Any, Unclear | None]:
    """What a text says, and what of it is unclear; raises ValueError or RecursionError for a text
    that is no JSON."""
    objects = _Objects()
    value = json.loads(text, object_pairs_hook=objects)
    return value, objects.unclear(value)


def read_at(text: str, at: int) -> tuple[Any, int, Unclear | None]:
    """The same of the one value that begins at a place in the text; and where it ends."""
    objects = _Objects()
    value, end = json.JSONDecoder(object_pairs_hook=objects).raw_decode(text, at)
    return value, end, objects.unclear(value)


class _Objects:
    """Makes the objects, which come with the inner ones first, and keeps what is unclear in one.

    Its path grows as the objects around it are completed.
    """

    def __init__(self) -> None:
        self._holder: object = self
        self._path: tuple[str | int, ...] = ()
        self._code: str | None = None

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in pairs:
            if _is_no_text(name):
                self._note(made, (), NO_TEXT)
            elif name in made:
                self._note(made, (name,), NAME_TWICE)
            else:
                self._look(made, (name,), value)
            made[name] = value
        return made

    def unclear(self, value: Any) -> Unclear | None:
        """What is unclear in the outermost value, now that all is read."""
        self._look(self, (), value)
        return Unclear(self._path, self._code) if self._code else None

    def _look(self, holder: object, path: tuple[str | int, ...], value: Any) -> None:
        if isinstance(value, str):
            if _is_no_text(value):
                self._note(holder, path, NO_TEXT)
        elif isinstance(value, float):
            if not isfinite(value):
                self._note(holder, path, NO_NUMBER)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._look(holder, (*path, index), inner)
        elif value is self._holder:
            self._holder, self._path = holder, path + self._path

    def _note(self, holder: object, path: tuple[str | int, ...], code: str) -> None:
        self._holder, self._path, self._code = holder, path, code


def _is_no_text(text: str) -> bool:
    return not text.isprintable() and _NO_TEXT.search(text) is not None
