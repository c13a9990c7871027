"""Commands that keep coming while something breaks, and what became of each that was accepted.

A maker and its echo (tests/service/chassis/sample.py) run here, on the broker under test. Every
thing that the maker accepted by HTTP must be heard by the echo once, and the echo's answer by the
maker once.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import httpx

from chassis.settings import ServiceSettings
from tests.conftest import ServerUrls
from tests.fault.outcome import Outcome
from tests.service.chassis.conftest import Keys, make_settings, running, until
from tests.service.chassis.sample import EchoService, Sample, fresh

WORKERS = 4
PAUSE_SECONDS = 0.05


class Load:
    """Commands to a maker; what it accepted, and when its events took effect."""

    def __init__(self, maker: Sample, echo: EchoService, http: httpx.AsyncClient, keys: Keys):
        self.maker, self.echo = maker, echo
        self.accepted: list[str] = []
        self._http, self._keys = http, keys
        self._stopping = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._effects: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._numbers = itertools.count(1)

    @property
    def queue(self) -> str:
        """The reader's inbox: what things travel through."""
        return f"{self.echo.service.name}.inbox"

    @property
    def effects(self) -> int:
        """How many events took effect in either service."""
        tallies = self.maker.service.consumer.tally, self.echo.service.consumer.tally
        return sum(tally.applied for tally in tallies)

    def begin(self) -> None:
        """Have commands come, until `end`."""
        self._effects.append(time.monotonic())
        workers = [self._work() for _ in range(WORKERS)]
        self._tasks = [asyncio.create_task(each) for each in (self._watch(), *workers)]

    async def runs(self, seconds: float = 3.0) -> None:
        """Let it run that long, and until commands were accepted and events took effect."""
        accepted, effects = len(self.accepted), self.effects
        await asyncio.sleep(seconds)
        await until(lambda: len(self.accepted) > accepted and self.effects > effects)

    async def hush(self, seconds: float = 60.0) -> None:
        """Let no commands come for now; returns when all that was accepted has had its effect."""
        self._flows.clear()
        await asyncio.sleep(4 * PAUSE_SECONDS)
        heard, answered = await self._settled(seconds)
        assert all(heard.get(x) and answered.get(x) for x in self.accepted)
        # The answers' own acknowledgements, and what the broker tells nobody.
        await asyncio.sleep(0.5)

    def resume(self) -> None:
        """Let commands come again."""
        self._flows.set()

    async def accepts(self, seconds: float = 2.0) -> int:
        """Let it run that long, until commands were accepted; asserts that nothing took effect."""
        accepted, effects = len(self.accepted), self.effects
        await asyncio.sleep(seconds)
        await until(lambda: len(self.accepted) > accepted)
        assert self.effects == effects, "the broker is not away"
        return len(self.accepted) - accepted

    async def moves(self, seconds: float = 60.0) -> float:
        """Wait until something that begins now takes effect; how long that took, in seconds."""
        began, seen = time.monotonic(), len(self.accepted)

        async def through() -> bool:
            for thing in self.accepted[seen : seen + 1]:
                stored = await self.maker.things.get(thing)
                return stored is not None and stored.state.echoed > 0
            return False

        await until(through, seconds)
        return time.monotonic() - began

    async def end(self, fault: str, over: float, seconds: float = 90.0) -> Outcome:
        """Let no more commands come, wait for what is on its way, and count.

        `over` is when the fault was over, by time.monotonic().
        """
        self._stopping = True
        self._flows.set()
        _, *workers = self._tasks
        await asyncio.gather(*workers)
        heard, answered = await self._settled(seconds)
        await self.cease()
        counts = [each.get(thing, 0) for each in (heard, answered) for thing in self.accepted]
        last = self._effects[-1]
        return Outcome(
            fault=fault,
            confirmed=self.maker.service.bus.published + self.echo.service.bus.published,
            lost=sum(count == 0 for count in counts),
            doubled=sum(count > 1 for count in counts),
            worst_stall=max(b - a for a, b in itertools.pairwise(self._effects)),
            first_progress=next((at - over for at in self._effects if at >= over), last - over),
        )

    async def cease(self) -> None:
        """End everything, wherever it stands."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _settled(self, seconds: float) -> tuple[dict[str, int], dict[str, int]]:
        """How often each thing was heard, and answered, once all were or time is up."""
        deadline = time.monotonic() + seconds
        while True:
            heard = {each.id: each.state.heard async for each in self.echo.echoes.each()}
            answered = {each.id: each.state.echoed async for each in self.maker.things.each()}
            done = all(heard.get(x) and answered.get(x) for x in self.accepted)
            if done or time.monotonic() > deadline:
                return heard, answered
            await asyncio.sleep(0.2)

    async def _work(self) -> None:
        while not self._stopping:
            await self._flows.wait()
            response = await self._http.post(
                "/things",
                json={"name": f"Вещь {next(self._numbers)}"},
                headers={
                    "Authorization": f"Bearer {self._keys.token()}",
                    "Idempotency-Key": uuid.uuid4().hex,
                },
            )
            assert response.status_code == 201, response.text
            self.accepted.append(response.json()["id"])
            await asyncio.sleep(PAUSE_SECONDS)

    async def _watch(self) -> None:
        seen = self.effects
        while True:
            if self.effects != seen:
                seen = self.effects
                self._effects.append(time.monotonic())
            await asyncio.sleep(0.01)


@asynccontextmanager
async def loaded(
    amqp_url: str,
    servers: ServerUrls,
    directory: Path,
    remove: Callable[[list[str]], Awaitable[None]],
) -> AsyncIterator[Load]:
    """A load on the broker of this URL, not begun; at the end its databases and queues go."""
    keys = Keys(directory / "jwks.json")
    keys.add("k1")
    settings: ServiceSettings = make_settings(servers, keys, amqp_url=amqp_url)
    maker, echo = Sample(settings, fresh("maker")), EchoService(settings, fresh("echo"))
    names = [f"{each.service.name}.inbox" for each in (maker, echo)]
    try:
        async with running(echo.app), running(maker.app) as http:
            load = Load(maker, echo, http, keys)
            try:
                yield load
            finally:
                await load.cease()
    finally:
        await remove([*names, *(f"{name}.dead" for name in names)])


async def remove_queues(url: str, names: list[str]) -> None:
    """Take queues off a broker."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for name in names:
            await channel.queue_delete(name)
