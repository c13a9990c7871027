"""Reading an imported file: its encoding, its columns, its rows, each with its line.

Nothing is guessed silently: a file without a named character set is UTF-8 or it is refused, and
what was read as what is said. What is wrong with the file as a whole refuses it; what is wrong
with one row is that row's fault, and the rows around it are read. A row of a table is one line: a
quote that was forgotten could else take the rows behind it for a piece of its cell.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from contracts.errors import InvalidInput
from contracts.ijson import Unclear, read_at

CSV, JSON = "text/csv", "application/json"
MAX_ROWS = 10_000
CHARSETS = {
    "utf-8": "utf-8", "utf8": "utf-8", "windows-1251": "windows-1251", "cp1251": "windows-1251",
}  # fmt: skip
"""The character sets a file may name, and what they are called here."""
UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (";", ",", "\t")
REQUIRED = ("key", "kind", "region", "name")
COLUMNS = (
    *REQUIRED, "phone", "address", "email", "website", "municipality", "serves", "parent", "hours",
    "reception_days", "ownership", "note", "source_document", "source_place",
)  # fmt: skip
LONGEST_CELL = 10_000
"""Characters: what is printed of an organization is far shorter; rows are kept fifty together."""
SURPLUS = "surplus"
"""Where cells stand that no column is there for."""


class FileFacts(BaseModel):
    """What a file was read as."""

    format: str
    encoding: str
    byte_order_mark: bool
    delimiter: str | None
    columns: list[str]
    bytes: int
    rows: int


class Cells(BaseModel):
    """One row as it stands in the file: its number among the rows, and the line it begins on, both
    from 1. Rows of a list may share a line, so a row is named by its number."""

    number: int
    line: int
    values: dict[str, Any]
    missing: int = 0
    """How many cells fewer than there are columns."""
    wrong: str | None = None
    """Why the row could not be told into cells: `quotes`, `cell_too_long`, or why an element of a
    list could be read in two ways (`contracts.ijson`)."""


def read_file(
    content: bytes, media_type: str, charset: str | None
) -> tuple[FileFacts, list[Cells]]:
    """A file's rows; refuses a file that cannot be read as a whole (R 1.3)."""
    if media_type not in {CSV, JSON}:
        raise _wrong("format-unknown", f"send {CSV} or {JSON}", "Content-Type")
    text, encoding, marked = _decoded(content, charset)
    if not text.strip():
        raise _wrong("file-empty", "there is nothing in the file")
    read = _csv_rows if media_type == CSV else _json_rows
    delimiter, columns, rows = read(text)
    if not rows:
        raise _wrong("rows-missing", "there is no row in the file")
    if len(rows) > MAX_ROWS:
        raise _wrong("too-many-rows", f"at most {MAX_ROWS} rows; send the file in parts")
    facts = FileFacts(
        format=media_type,
        encoding=encoding,
        byte_order_mark=marked,
        delimiter=delimiter,
        columns=columns,
        bytes=len(content),
        rows=len(rows),
    )
    return facts, rows


def _decoded(content: bytes, charset: str | None) -> tuple[str, str, bool]:
    if content.startswith(UTF_16_MARKS):
        raise _wrong("encoding-unknown", "UTF-16 is not read; send UTF-8 or windows-1251")
    named = None
    if charset is not None:
        named = CHARSETS.get(charset.strip().strip('"').lower())
        if named is None:
            raise _wrong("encoding-unknown", "utf-8 or windows-1251 are read", "Content-Type")
    marked = content.startswith(UTF_8_MARK)
    if marked and named not in {None, "utf-8"}:
        raise _wrong(
            "encoding-contradicts", "the byte-order mark says UTF-8, the header does not",
            "Content-Type",
        )  # fmt: skip
    encoding = named or "utf-8"
    try:
        text = content.decode("utf-8-sig" if marked else encoding)
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        raise _wrong(
            "encoding-differs",
            f"line {line} is not {encoding}; a file in windows-1251 says so:"
            " Content-Type: text/csv; charset=windows-1251",
        ) from failure
    return text, encoding, marked


def _csv_rows(text: str) -> tuple[str, list[str], list[Cells]]:
    if "\x00" in text:
        raise _wrong("not-a-table", "there is a zero byte in the file")
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter)
    header_line, header, wrong = next(lines, (1, [], None))
    columns = [name.strip().lower() for name in header]
    if wrong is not None:
        raise _wrong("quotes-broken", f"line {header_line}: the names of the columns are not read")
    _check_columns(columns, header_line)
    rows = [
        _cells(number, line, columns, cells, wrong)
        for number, (line, cells, wrong) in enumerate(lines, start=1)
    ]
    return delimiter, columns, rows


def _cells(
    number: int, line: int, columns: list[str], cells: list[str], wrong: str | None
) -> Cells:
    """A row by column; of one that cannot be told into cells no more than its key is kept."""
    if wrong is None and any(len(cell) > LONGEST_CELL for cell in cells):
        wrong = "cell_too_long"
    values: dict[str, Any] = dict(zip(columns, cells, strict=False))
    if wrong is not None:
        kept = {"key": values["key"]} if "key" in values else {}
        return Cells(number=number, line=line, values=kept, wrong=wrong)
    if len(cells) > len(columns):
        values[SURPLUS] = cells[len(columns) :]
    missing = max(len(columns) - len(cells), 0)
    return Cells(number=number, line=line, values=values, missing=missing)


def _delimiter(text: str) -> str:
    """The one that tells most known columns apart in the first line that is not empty."""
    header = next(line for line in text.splitlines() if line.strip())
    known = {
        mark: sum(name.strip().strip('"').lower() in COLUMNS for name in header.split(mark))
        for mark in DELIMITERS
    }
    return max(DELIMITERS, key=lambda mark: known[mark])


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Rows with their line, and what is wrong with one; empty lines are passed over.

    Wrong is text after a closing quote («"МФЦ "Юг""»), and a quote that is open at the end of the
    line; such a row ends with its line all the same.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a long cell is its row's fault
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        wrong = None
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            wrong = "quotes"
            cells = next(csv.reader([line], delimiter=delimiter), [])
        if any(cell.strip() for cell in cells):
            yield number, cells, wrong


def _check_columns(columns: list[str], line: int) -> None:
    repeated = sorted({name for name in columns if name in COLUMNS and columns.count(name) > 1})
    if repeated:
        raise _wrong("column-repeated", f"line {line}: {', '.join(repeated)} stands twice")
    unknown = [str(at) for at, name in enumerate(columns, start=1) if name not in COLUMNS]
    if unknown:
        raise _wrong(
            "column-unknown",
            f"line {line}: column {', '.join(unknown)} is none of {', '.join(COLUMNS)}",
        )
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise _wrong("column-missing", f"line {line}: {', '.join(missing)}")


def _json_rows(text: str) -> tuple[None, list[str], list[Cells]]:
    """The elements of a list, one by one, so that each has its line."""
    rows: list[Cells] = []
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise _wrong("not-a-list", "the file is a list of organizations")
    at, line, counted = _skip(text, at + 1), 1, 0
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            element, at, unclear = read_at(text, at)
        except (ValueError, RecursionError) as failure:
            where = failure.lineno if isinstance(failure, json.JSONDecodeError) else line
            raise _malformed(where) from failure
        rows.append(_element(len(rows) + 1, line, element, unclear))
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] != "]":
                continue
        elif text[at : at + 1] == "]":
            break
        raise _malformed(text.count("\n", 0, at) + 1)
    end = _skip(text, at + 1)
    if text[end:]:
        raise _malformed(text.count("\n", 0, end) + 1)
    known = (*COLUMNS, "printed", "source", "reception_days", "closures", "preholiday_minutes")
    columns = [name for name in known if any(name in row.values for row in rows)]
    return None, columns, rows


def _element(number: int, line: int, element: Any, unclear: Unclear | None) -> Cells:
    if unclear is not None:
        return Cells(number=number, line=line, values={}, wrong=unclear.code)
    values = element if isinstance(element, dict) else {}
    printed = values.get("printed")
    inner = printed.values() if isinstance(printed, dict) else ()
    texts = (text for text in (*values.values(), *inner) if isinstance(text, str))
    if any(len(text) > LONGEST_CELL for text in texts):
        kept = {"key": values["key"]} if "key" in values else {}
        return Cells(number=number, line=line, values=kept, wrong="cell_too_long")
    return Cells(number=number, line=line, values=values)


def _skip(text: str, at: int) -> int:
    found = re.compile(r"[ \t\r\n]*").match(text, at)
    return found.end() if found else at


def _malformed(line: int) -> InvalidInput:
    return _wrong("json-malformed", f"line {line}: not well-formed JSON")


def _wrong(code: str, detail: str, field: str = "body") -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause="R 1.3")
