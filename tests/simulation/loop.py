"""An event loop whose time is virtual: it never waits, it moves its clock on.

Nothing real is awaited by it, neither sockets nor threads; so the same tasks with the same dice run
in the same order, and an hour of waiting costs nothing.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class Stalled(Exception):
    """Every task waits for something that can never come."""


class _Jumping(selectors.SelectSelector):
    """Instead of waiting for sockets it moves the time on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stalled
        if timeout > 0:
            self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is seconds since the loop was made, moved on when nothing is ready."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now
