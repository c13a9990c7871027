"""Ending tasks: a cancellation may be lost, so it is said until it is heard."""

from __future__ import annotations

import asyncio
from typing import Any


async def end_all(*tasks: asyncio.Task[Any]) -> None:
    """Cancel these until they have ended, whatever with.

    Below Python 3.12 `asyncio.wait_for`, which the database's client uses for each write, loses a
    cancellation that comes with its result.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=0.05)
