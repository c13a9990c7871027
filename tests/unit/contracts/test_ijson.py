"""JSON from outside: what could be read in two ways is named by its path (RFC 7493)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ijson
from contracts.ijson import NAME_TWICE, NO_NUMBER, NO_TEXT


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ('{"a": 1, "a": 2}', ("a",), NAME_TWICE),
        ('{"a": 1, "\\u0061": 1}', ("a",), NAME_TWICE),
        ('{"x": [1, {"y": {"a": 1, "a": 2}}], "z": 1}', ("x", 1, "y", "a"), NAME_TWICE),
        ('{"a": {"b": NaN}, "a": 1}', ("a",), NAME_TWICE),
        ('[[null, {"a": [[Infinity]]}], null]', (0, 1, "a", 0, 0), NO_NUMBER),
        ("[null, NaN, null]", (1,), NO_NUMBER),
        ('{"a": 1e999}', ("a",), NO_NUMBER),
        ("-Infinity", (), NO_NUMBER),
        ('{"a": ["x", "\\ud800"]}', ("a", 1), NO_TEXT),
        ('{"a": "\\u0000"}', ("a",), NO_TEXT),
        ('{"a": {"\\u001b": {"b": NaN}}}', ("a",), NO_TEXT),
        ('{"\\ud800": 1, "\\ud800": 1}', (), NO_TEXT),
    ],
)
def test_what_can_be_read_in_two_ways_is_named_by_its_path(
    text: str, path: tuple[str | int, ...], code: str
) -> None:
    _, unclear = ijson.read(text)
    assert unclear == ijson.Unclear(path, code)
    assert unclear.rule
    _, end, unclear = ijson.read_at(f" {text} ", 1)
    assert (end, unclear) == (len(text) + 1, ijson.Unclear(path, code))


plain: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\t\r\n")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("абв", max_size=3), inner),
)


@given(plain, st.booleans())
def test_anything_else_is_read_as_it_is(value: Any, ascii_only: bool) -> None:
    assert ijson.read(json.dumps(value, ensure_ascii=ascii_only)) == (value, None)
