"""Driving a contender: as fast as it can, one turn at a time, or at a given rate."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.cases import TURNS, Turn
from tests.bench.feeds import Feed

AT_ONCE = 64
"""Cases under way at a time when a contender is driven as fast as it can."""
SLICE_SECONDS = 60.0


class Driver:
    """Sends turns into one contender and counts what comes out."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._awaited: dict[Turn, asyncio.Future[float]] = {}
        self.taken: Counter[Turn] = Counter()

    async def open(self) -> None:
        await self._feed.open(self._hear)

    async def close(self) -> None:
        await self._feed.close()

    def _hear(self, turn: Turn) -> None:
        self.taken[turn] += 1
        awaited = self._awaited.pop(turn, None)
        if awaited is not None:
            awaited.set_result(time.perf_counter())

    async def take(self, turn: Turn) -> float:
        """Send one turn; when it had been taken, on the clock of `time.perf_counter`."""
        self._awaited[turn] = asyncio.get_running_loop().create_future()
        heard = self._awaited[turn]
        await self._feed.send(turn)
        return await heard

    async def walk(self, case: str) -> None:
        """A case's turns, one after the other."""
        for number in range(1, TURNS + 1):
            await self.take(Turn(case, number))

    async def flat_out(self, cases: Sequence[str], at_once: int = AT_ONCE) -> float:
        """Seconds until all cases have taken all their turns."""
        waiting = iter(cases)

        async def worker() -> None:
            for case in waiting:
                await self.walk(case)

        began = time.perf_counter()
        async with self._in_time():
            await asyncio.gather(*(worker() for _ in range(at_once)))
        return time.perf_counter() - began

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Turns that never come out are named: which contender has them, its processes know."""
        try:
            async with asyncio.timeout(SLICE_SECONDS):
                yield
        except TimeoutError as late:
            raise TimeoutError(f"not taken: {sorted(self._awaited)[:5]}") from late

    async def one_by_one(self, cases: Sequence[str]) -> list[float]:
        """Seconds each turn took while nothing else was going on."""
        took: list[float] = []
        async with self._in_time():
            for case in cases:
                for number in range(1, TURNS + 1):
                    began = time.perf_counter()
                    took.append(await self.take(Turn(case, number)) - began)
        return took

    async def at_rate(self, cases: Sequence[str], turns_a_second: float, seed: int) -> list[float]:
        """Seconds each turn took from when it was due to be sent, at random moments of one seed.

        From when it was due: a contender that falls behind must not be asked less often.
        """
        chance = random.Random(seed)
        due = time.perf_counter() + 0.1
        took: list[float] = []
        last: dict[str, asyncio.Task[None]] = {}

        async def one(turn: Turn, at: float, before: asyncio.Task[None] | None) -> None:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            if before is not None:
                await before
            took.append(await self.take(turn) - at)

        async with self._in_time():
            for number in range(1, TURNS + 1):
                for case in cases:
                    due += chance.expovariate(turns_a_second)
                    turn = Turn(case, number)
                    last[case] = asyncio.create_task(one(turn, due, last.get(case)))
            await asyncio.gather(*last.values())
        return took
