"""Lost races: whoever was slower looks again and decides again, ever later and never in step.

Invariant: what was read before a lost race is never written after it. So the whole of what reads,
decides and saves is done anew, and nothing of it is held meanwhile: no document, no lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from chassis import chance
from chassis.store import AlreadyExists, LostRace
from contracts.errors import Refusal

P = ParamSpec("P")
T = TypeVar("T")

LOST = (LostRace, AlreadyExists)
TRIES = 50
STEP_SECONDS = 0.002
"""The pause before the next try is up to this after the first, twice this after the second…"""


def until_won(
    what: str = "record", lost: tuple[type[Exception], ...] = LOST
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Make a function that reads, decides and saves begin anew whenever others were faster.

    `lost` says by which errors it tells that; any other leaves it as it is. Raises Refusal
    (too-busy), naming `what`, once others were faster every time.
    """

    def made(attempt: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(attempt)
        async def until(*args: P.args, **kwargs: P.kwargs) -> T:
            for tried in range(1, TRIES + 1):
                try:
                    return await attempt(*args, **kwargs)
                except lost:
                    await asyncio.sleep(chance.uniform(0, STEP_SECONDS * tried))
            raise Refusal("too-busy", f"the {what} is being changed by others; try again")

        return until

    return made
