"""Time and ids enter the system here and nowhere else; the domain gets both as arguments."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""A clock: what the present moment is asked of, so that tests can bring their own."""

FAR_FUTURE = 0
"""Index value of a moment that never comes: the due-indexes look for values above 0."""


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """A fresh id; the letter in front keeps the store from taking it for a date or a number."""
    return f"{prefix}{uuid.uuid4().hex}"


def new_code(digits: int = 10) -> str:
    """A secret code a person can read out over the phone."""
    return "".join(secrets.choice("0123456789") for _ in range(digits))


def epoch_ms(moment: datetime | None) -> int:
    """A moment as the store compares it: integer milliseconds; 0 for none."""
    return FAR_FUTURE if moment is None else int(moment.timestamp() * 1000)


def from_epoch_ms(value: int) -> datetime:
    """The moment behind an index value."""
    return datetime.fromtimestamp(value / 1000, UTC)
