"""Lost races: whoever was slower tries again, ever later and never in step with others."""

from __future__ import annotations

import asyncio

from chassis import chance
from contracts.errors import Refusal


async def pause(attempt: int, step: float = 0.002) -> None:
    """Before the next try: up to `step` seconds after the first (0), longer after each."""
    await asyncio.sleep(chance.uniform(0, step * (attempt + 1)))


def too_busy(what: str = "record") -> Refusal:
    """Others were faster every time."""
    return Refusal("too-busy", f"the {what} is being changed by others; try again")
