"""Tables that are opened in a spreadsheet: CSV as Excel reads it where the comma is decimal.

Invariant: no cell is a formula, whoever wrote what it holds. A cell that a spreadsheet would take
for one gets an apostrophe in front; what is a number here stays a number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Response

BYTE_ORDER_MARK: Final = "\ufeff"
"""By it spreadsheets know that a file is UTF-8."""
DELIMITER: Final = ";"
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet would take for the beginning of a formula."""
MEDIA_TYPE: Final = "text/csv; charset=utf-8"


def table(rows: Iterable[Sequence[object]], heading: Sequence[str] | None = None) -> str:
    """Rows as text, one a line; with a heading it is the beginning of a file, mark included.

    What is not there (None) is an empty cell.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITER, lineterminator="\r\n")
    if heading is not None:
        text.write(BYTE_ORDER_MARK)
        writer.writerow(heading)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue()


def download(content: str, filename: str) -> Response:
    """A whole table as the answer of a route."""
    return Response(
        content.encode(),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(FORMULA_SIGNS) else str(cell)
