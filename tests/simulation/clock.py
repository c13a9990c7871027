"""The wall clock: it runs with the loop's time, and may be put forward by days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
"""A Monday morning in the district."""


class WallClock:
    """What all processes and people take for the present moment."""

    def __init__(self, seconds: Callable[[], float], begin: datetime = BEGIN) -> None:
        self._seconds = seconds
        self._begin = begin
        self.jumps = 0

    def __call__(self) -> datetime:
        return self._begin + timedelta(seconds=self._seconds())

    def forward(self, by: timedelta) -> None:
        """Put it on, as if the machines had slept."""
        self._begin += by
        self.jumps += 1
