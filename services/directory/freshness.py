"""What is in memory is kept fresh: other replicas change what is stored.

Invariant: the store is asked for the newest changes only, and for everything where all of them are
news; while it is away, what is in memory stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from pydantic import BaseModel

from chassis.store import Collection, StoreUnavailable

log = structlog.get_logger()

S = TypeVar("S", bound=BaseModel)

NEWEST = 20
"""How many of the newest changes are compared: replicas' clocks may differ by some changes."""


async def keep_fresh(every_seconds: float, refresh: Callable[[], Awaitable[None]]) -> None:
    """Refresh now and then, to the end."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await refresh()
        except StoreUnavailable:
            log.warning("refresh-waits-for-store")


async def take_news(
    collection: Collection[S],
    version_of: Callable[[str], int],
    take: Callable[[S, int], None],
    take_all: Callable[[], Awaitable[object]],
) -> None:
    """One small query; everything is read again only if all it shows is news."""
    newest = await collection.find({}, sort=[("changed", -1)], limit=NEWEST)
    news = [found for found in newest if found.version > version_of(found.id)]
    for document in news:
        take(document.state, document.version)
    if len(news) == NEWEST:
        await take_all()
