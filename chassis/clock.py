"""Time and ids enter the system here and nowhere else; the domain gets both as arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chassis import chance

Now = Callable[[], datetime]
"""A clock: what the present moment is asked of, so that tests can bring their own."""

NEVER = 0
"""Index value of a moment that never comes, where what has come is looked for (above 0)."""

NEVER_DUE = 253_402_300_799_000
"""Index value of a moment that never comes, where it is sorted by: behind all others."""


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """A fresh id; the letter in front keeps the store from taking it for a date or a number."""
    return f"{prefix}{chance.uuid4().hex}"


def epoch_ms(moment: datetime | None) -> int:
    """A moment as the store compares it: integer milliseconds; 0 for none."""
    return NEVER if moment is None else int(moment.timestamp() * 1000)


def from_ms(epoch: int) -> datetime:
    """The moment of an index value, in UTC."""
    return datetime.fromtimestamp(epoch / 1000, UTC)


def due_ms(moment: datetime | None) -> int:
    """A due moment as worklists sort by it."""
    return epoch_ms(moment) or NEVER_DUE
