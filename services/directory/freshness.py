"""What is in memory is kept fresh: other replicas change what is stored.

Invariant: every stored change is taken in, whoever made it, in whatever order, by whatever clock.
A look asks which records changed since the look before, and some time before it, for clocks differ
and a write takes its time; of what it finds, only versions that are not known are read. The further
back, the less often, and once an hour of all: no clock, however wrong, keeps a change out for good.
While the store is away, what is in memory stands; the next look begins where the last one ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar

import structlog
from pydantic import BaseModel

from chassis.clock import Now, epoch_ms
from chassis.store import Collection, StoreUnavailable

log = structlog.get_logger()

S = TypeVar("S", bound=BaseModel)

EVER = timedelta(days=365 * 100)
LOOKS = (
    (timedelta(seconds=10), timedelta()),
    (timedelta(minutes=10), timedelta(minutes=1)),
    (EVER, timedelta(hours=1)),
)
"""How far back it is looked, and how often: clocks that are kept differ by less than the first, and
a long import is not read again whole every two seconds."""
AT_ONCE = 250
"""How many records a look asks for at once: after an import there are thousands, and readers are
served between."""


async def keep_fresh(every_seconds: float, refresh: Callable[[], Awaitable[None]]) -> None:
    """Refresh now and then, to the end."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await refresh()
        except StoreUnavailable:
            log.warning("refresh-waits-for-store")


class News(Generic[S]):
    """What other replicas changed in a collection that has an index `changed` (epoch ms)."""

    def __init__(
        self,
        collection: Collection[S],
        version_of: Callable[[str], int],
        take: Callable[[S, int], None],
        now: Now,
    ) -> None:
        self._collection = collection
        self._version_of = version_of
        self._take = take
        self._now = now
        self._looked = 0
        self._due = [0] * len(LOOKS)

    async def take_in(self) -> None:
        """One small query while nothing changes, and a read for each record that did."""
        now = epoch_ms(self._now())
        due = [number for number, moment in enumerate(self._due) if moment <= now]
        furthest, _ = LOOKS[due[-1]] if due else LOOKS[0]
        async for found in self._changed(min(self._looked, now) - _ms(furthest)):
            if found["version"] > self._version_of(found["id"]):
                document = await self._collection.get(found["id"])
                if document is not None:
                    self._take(document.state, document.version)
        self._looked = now
        for number in due:
            self._due[number] = now + _ms(LOOKS[number][1])

    async def _changed(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Ids and versions of all that changed since then; those of one moment perhaps twice."""
        limit, order = AT_ONCE, [("changed", 1)]
        while True:
            query = {"changed": {"$gte": since}}
            found = await self._collection.look(
                query, "version", "changed", sort=order, limit=limit
            )
            for one in found:
                yield one
            if len(found) < limit:
                return
            last = found[-1]["changed"]
            limit = AT_ONCE if last > since else limit * 10  # more of one moment than fit
            since = last


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
