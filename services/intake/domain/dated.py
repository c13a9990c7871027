"""The date a document bears: of a day that has been, and on which there could be one."""

from __future__ import annotations

from datetime import date

from contracts.errors import InvalidInput
from contracts.values import EARLIEST_BIRTH_DATE


def check_dated(day: date | None, today: date, field: str, clause: str) -> None:
    """Refuse a date that no document can bear: after today, or before anyone of now was born."""
    if day is not None and not EARLIEST_BIRTH_DATE <= day <= today:
        raise InvalidInput(
            "impossible-date",
            "a document is dated today or earlier, and not before 1890",
            field=field,
            clause=clause,
        )
