"""The run: every contender in turn, in interleaved slices, each checked when it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from tests.bench import honesty
from tests.bench.cases import STAGES, TURNS
from tests.bench.driving import Driver
from tests.bench.feeds import Feed, feed_of
from tests.bench.field import CONTENDERS, Field, program_of
from tests.bench.ledger import Asked
from tests.bench.ours import NAMES

KILLED = "careplan"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    limits: tuple[float, float, float, float]
    """Seconds after which no further round is begun: flat out, alone, half load, many stored."""
    seconds: float
    """What a slice of the floor's takes; the others carry as many cases, however long it takes."""
    alone: int
    """Cases whose turns are taken one at a time."""
    loaded_rounds: int
    stored: tuple[int, int]
    """Documents in each of our stores: while everything is measured, and to compare with."""
    kills: int


FULL = Plan(
    rounds=6,
    limits=(160, 60, 130, 80),
    seconds=2.0,
    alone=12,
    loaded_rounds=4,
    stored=(1000, 20000),
    kills=3,
)
QUICK = Plan(
    rounds=1, limits=(0, 0, 0, 0), seconds=0.1, alone=1, loaded_rounds=1, stored=(20, 60), kills=0
)
FEWEST, MOST = 6, 300
"""Cases in a slice."""


@dataclass(slots=True)
class Slice:
    """One contender flat out for a moment: cases a second, until taken and until tidied up."""

    rate: float
    rate_settled: float
    writes_a_stage: float


@dataclass(slots=True)
class Measured:
    """Everything a run has seen, by contender and round."""

    plan: Plan
    cases: int = FEWEST
    """In each slice."""
    flat_out: dict[str, list[Slice]] = field(default_factory=dict)
    alone: dict[str, list[float]] = field(default_factory=dict)
    """Median seconds of a turn, per round."""
    half_rate: float = 0.0
    loaded: dict[str, list[float]] = field(default_factory=dict)
    """99th percentile of seconds of a turn, per round."""
    grown: dict[str, list[Slice]] = field(default_factory=dict)
    """Flat out again, with many cases stored."""
    progress: list[float] = field(default_factory=list)
    """Seconds from a kill to the first case that passed the killed stage."""
    queues: int = 0
    processes: int = 0


class Run:
    """A run over running servers."""

    def __init__(self, servers: Field, plan: Plan) -> None:
        self._field = servers
        self._plan = plan
        self.measured = Measured(plan)
        self._mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.mongo_url)
        self._feeds: dict[str, Feed] = {}
        self._drivers: dict[str, Driver] = {}
        self._http = httpx.AsyncClient(trust_env=False, timeout=60)
        self._slices = 0

    async def everything(self) -> Measured:
        """Measure all there is to measure."""
        async with self._opened():
            await self._warm()
            self.measured.processes = honesty.processes(self._field)
            self.measured.queues = len(honesty.queues(self._field))
            honesty.confirms(self._field)
            await self._store_cases(self._plan.stored[0])
            plan, limits = self._plan, self._plan.limits
            await self._interleaved(plan.rounds, limits[0], CONTENDERS, self._flat_out)
            await self._interleaved(plan.rounds, limits[1], CONTENDERS, self._alone)
            mine = statistics.median(s.rate for s in self.measured.flat_out["ours"])
            self.measured.half_rate = mine / 2
            await self._interleaved(plan.loaded_rounds, limits[2], CONTENDERS, self._loaded)
            for _ in range(plan.kills):
                self.measured.progress.append(await self._killed())
            await self._store_cases(plan.stored[1] - plan.stored[0])
            await self._interleaved(plan.rounds, limits[3], ("floor", "ours"), self._grown)
            honesty.payload(self._feeds)
        return self.measured

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        ports = [self._field.ports["monolith", stage] for stage in STAGES]
        for contender in CONTENDERS:
            self._feeds[contender] = feed_of(contender, self._field.amqp_url, ports)
            self._drivers[contender] = Driver(self._feeds[contender])
            await self._drivers[contender].open()
        try:
            yield
        finally:
            for driver in self._drivers.values():
                await driver.close()
            await self._http.aclose()
            await self._mongo.close()

    async def _interleaved(
        self,
        rounds: int,
        limit: float,
        contenders: Sequence[str],
        measure: Callable[[str], Awaitable[None]],
    ) -> None:
        """ABBA: what drifts in the machine meanwhile meets every contender alike."""
        began = time.perf_counter()
        for number in range(rounds):
            if number and time.perf_counter() - began > limit:
                return
            for contender in contenders if number % 2 == 0 else contenders[::-1]:
                await measure(contender)

    def _fresh(self, contender: str, count: int) -> list[str]:
        self._slices += 1
        return [f"{contender}-{self._slices:03d}-{number:05d}" for number in range(count)]

    async def _warm(self) -> None:
        """Connections, code and indexes are there before anything is measured."""
        for contender in CONTENDERS:
            await self._drivers[contender].flat_out(self._fresh(contender, FEWEST))
        await self._settle()
        rate = (await self._slice("floor")).rate
        self.measured.cases = max(FEWEST, min(MOST, round(rate * self._plan.seconds)))

    async def _settle(self) -> int:
        """Have our services clear every outbox now; how many documents that took."""
        answers = await asyncio.gather(
            *(
                self._http.post(f"http://127.0.0.1:{self._field.ports['ours', stage]}/settle")
                for stage in STAGES
            )
        )
        return sum(int(answer.raise_for_status().json()) for answer in answers)

    async def _flat_out(self, contender: str) -> None:
        seen = self.measured.flat_out.setdefault(contender, [])
        seen.append(await self._slice(contender))

    async def _grown(self, contender: str) -> None:
        seen = self.measured.grown.setdefault(contender, [])
        seen.append(await self._slice(contender))

    async def _slice(self, contender: str) -> Slice:
        cases, driver = self._fresh(contender, self.measured.cases), self._drivers[contender]
        before, began = honesty.total(self._field, contender), time.perf_counter()
        took = await driver.flat_out(cases)
        if contender == "ours":
            await self._settle()
        settled = time.perf_counter() - began
        spent = await self._spent(contender, before, len(cases))
        stages = len(cases) * TURNS * len(STAGES)
        honesty.writes(contender, spent, len(cases))
        await honesty.finished_once(self._field, self._mongo, contender, driver, cases)
        return Slice(len(cases) / took, len(cases) / settled, spent.writes / stages)

    async def _spent(self, contender: str, before: Asked, cases: int) -> Asked:
        """What the slice asked of the database; the naive outbox is cleared after the last turn."""
        for _ in range(100):
            spent = honesty.total(self._field, contender) - before
            if spent.writes >= honesty.writes_said(contender, cases):
                break
            await asyncio.sleep(0.05)
        return spent

    async def _alone(self, contender: str) -> None:
        cases = self._fresh(contender, self._plan.alone)
        took = await self._drivers[contender].one_by_one(cases)
        self.measured.alone.setdefault(contender, []).append(statistics.median(took))
        await self._ended(contender, cases)

    async def _loaded(self, contender: str) -> None:
        cases = self._fresh(contender, self.measured.cases)
        seen = self.measured.loaded.setdefault(contender, [])
        took = await self._drivers[contender].at_rate(
            cases, self.measured.half_rate * TURNS, seed=len(seen)
        )
        seen.append(statistics.quantiles(took, n=100)[98])
        await self._ended(contender, cases)

    async def _ended(self, contender: str, cases: Sequence[str]) -> None:
        if contender == "ours":
            await self._settle()
        driver = self._drivers[contender]
        await honesty.finished_once(self._field, self._mongo, contender, driver, cases)

    async def _killed(self) -> float:
        """Kill a stage of ours at work; seconds until a case sent afterwards came through."""
        driver, program = self._drivers["ours"], program_of("ours", KILLED)
        cases = self._fresh("ours", self.measured.cases)
        half = len(cases) // 2
        load = asyncio.create_task(driver.flat_out(cases[:half]))
        await asyncio.sleep(0.5)
        pid = self._field.pid(program)
        honesty.require(not load.done(), "the load was over before the kill")
        os.kill(pid, signal.SIGKILL)
        first = await driver.flat_out(cases[half : half + 1])
        honesty.require(self._field.pid(program) != pid, "nothing was killed")
        await load
        await driver.flat_out(cases[half + 1 :])
        await self._ended("ours", cases)
        return first

    async def _store_cases(self, count: int) -> None:
        """Settled cases in each of our stores, alike to the ones that were carried."""
        for stage in STAGES:
            cases = self._mongo[f"ours_{NAMES[stage]}"]["cases"]
            (pattern,) = await cases.find({"relay_due": 0}).limit(1).to_list()
            had = await cases.estimated_document_count()
            names = [f"stored-{had + number:06d}" for number in range(count)]
            for first in range(0, count, 500):
                batch = [pattern | {"_id": n, "id": n} for n in names[first : first + 500]]
                await cases.insert_many(batch)
