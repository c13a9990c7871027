"""Two services of the chassis that answer each other, under a load of callers, and their accounts.

The maker stores a thing and says so; the echo reads that and answers; the maker reads the answer.
So one thing that was acknowledged over HTTP has taken effect twice on its way: once in the echo and
once back in the maker. More is doubled, less is lost.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import aio_pika
import httpx
from pymongo.monitoring import CommandListener

from chassis.backing import Backing
from chassis.bus import Bus
from chassis.clock import new_id
from chassis.database import connect
from chassis.settings import ServiceSettings
from tests.conftest import ServerUrls
from tests.fault.outcome import Outcome
from tests.service.chassis.conftest import Keys, make_settings, running, until
from tests.service.chassis.sample import EchoService, Sample, fresh

SAMPLE_SECONDS = 0.01
HURRIED = 0.05  # seconds between a caller's tries; a patient one would hide a stall


def moment() -> float:
    """Now, as progress is measured; seconds."""
    return asyncio.get_running_loop().time()


@dataclass
class Account:
    """What became of the things that were acknowledged."""

    made: int
    lost: list[str]
    doubled: list[str]


class Progress:
    """When effects were seen to grow: the worst stall, and the first progress after a moment."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self.moments = [moment()]

    async def watch(self) -> None:
        """Look until cancelled."""
        seen = self._pair.effects
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            if self._pair.effects != seen:
                seen = self._pair.effects
                self.moments.append(moment())

    @property
    def worst_stall(self) -> float:
        """Seconds between two effects, at most."""
        return max((b - a for a, b in zip(self.moments, self.moments[1:], strict=False)), default=0)

    def first_after(self, moment: float) -> float:
        """Seconds from that moment to the next effect."""
        return next((seen for seen in self.moments if seen >= moment), float("inf")) - moment


@dataclass
class Load:
    """Callers who make things without end; each repeats its request under the same key."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    acknowledged: dict[str, float] = field(default_factory=dict)
    refused: list[httpx.Response] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    _ended: bool = False
    _callers: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self, callers: int = 8, pause: float = 0.0) -> None:
        """Let so many callers work at once, each with so many seconds between its things."""
        self._ended = False
        self._callers = [asyncio.create_task(self._call_until_ended(pause)) for _ in range(callers)]

    @property
    def slowest(self) -> float:
        """Seconds that a caller was kept waiting, at most."""
        return max(self.took)

    async def reach(self, count: int, seconds: float = 60) -> None:
        """Wait until so many more things are acknowledged."""
        target = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= target, seconds=seconds)

    async def end(self) -> None:
        """No more; what was begun is seen through to its answer."""
        self._ended = True
        await asyncio.gather(*self._callers)

    async def _call_until_ended(self, pause: float) -> None:
        while not self._ended:
            await self.make()
            await asyncio.sleep(pause)

    async def make(self) -> str:
        """Make one thing, however many tries that takes; its id."""
        key = uuid.uuid4().hex
        while True:
            began = moment()
            answer = await self.http.post(
                "/things",
                json={"name": "Кресло-коляска"},
                headers={**self.headers, "Idempotency-Key": key},
            )
            self.took.append(moment() - began)
            if answer.status_code == 201:
                thing_id = str(answer.json()["id"])
                self.acknowledged[thing_id] = moment()
                return thing_id
            self.refused.append(answer)
            await asyncio.sleep(HURRIED)


class Pair:
    """Maker and echo, each on the servers of its own settings."""

    def __init__(
        self,
        keys: Keys,
        maker: ServiceSettings,
        echo: ServiceSettings,
        listeners: Sequence[CommandListener] = (),
        **bus: Any,
    ) -> None:
        backing = Backing(
            connect=partial(connect, listeners=listeners),
            bus=partial(Bus, **bus),
            end=lambda: self.ended.append("watchdog"),
        )
        self._keys = keys
        self.ended: list[str] = []  # what a watchdog has done is the test's to judge
        wiring: dict[str, Any] = {"backing": backing}
        self.echo = EchoService(echo, fresh("echo"), **wiring)
        self.maker = Sample(maker, fresh("maker"), **wiring)
        self.http: httpx.AsyncClient
        self.load: Load
        self.progress: Progress

    @property
    def effects(self) -> int:
        """Events that have changed a state so far, in either service."""
        return sum(service.consumer.tally.applied for service in self.services)

    @property
    def services(self) -> tuple[Any, Any]:
        """Both, as the chassis knows them."""
        return self.maker.service, self.echo.service

    @property
    def headers(self) -> dict[str, str]:
        """Who calls."""
        return {"Authorization": f"Bearer {self._keys.token()}"}

    async def complete(self) -> bool:
        """Whether every acknowledged thing has come back to its maker."""
        for thing_id in self.load.acknowledged:
            thing = await self.maker.things.get(thing_id)
            if thing is None or not thing.state.echoed:
                return False
        return True

    async def account(self, seconds: float = 60) -> Account:
        """Wait until everything came back, or for so long; then what was lost and doubled.

        Events under way settle first, so that a second effect has had time to happen.
        """
        with suppress(TimeoutError):
            await until(self.complete, seconds=seconds, every=0.2)
        for service in self.services:
            await service.relay.drain()
        account = Account(len(self.load.acknowledged), [], [])
        for thing_id in self.load.acknowledged:
            thing = await self.maker.things.get(thing_id)
            echo = await self.echo.echoes.get(thing_id)
            effects = [
                thing.state.echoed if thing else 0,
                echo.state.heard if echo else 0,
                thing.seq if thing else 0,
            ]
            if min(effects) < 1:
                account.lost.append(thing_id)
            if max(effects) > 1:
                account.doubled.append(thing_id)
        return account

    async def outcome(self, fault: str, over: float = 0.0, seconds: float = 60) -> Outcome:
        """The figures of a fault that was over at that moment, and that ended no process."""
        assert self.ended == []
        account = await self.account(seconds)
        return Outcome(
            fault,
            account.made,
            len(account.lost),
            len(account.doubled),
            self.progress.worst_stall,
            self.progress.first_after(over) if over else 0.0,
        )

    @asynccontextmanager
    async def both(self) -> AsyncIterator[Self]:
        """Run both, and watch their progress."""
        async with (
            running(self.echo.app),
            running(self.maker.app) as http,
            self.watched(http),
        ):
            yield self

    @asynccontextmanager
    async def watched(self, http: httpx.AsyncClient) -> AsyncIterator[None]:
        """Take the load of callers over this client, and watch the progress of who runs."""
        self.http = http
        self.load, self.progress = Load(http, self.headers), Progress(self)
        watching = asyncio.create_task(self.progress.watch())
        try:
            yield
        finally:
            await self.load.end()
            watching.cancel()
            await asyncio.wait([watching])

    async def remove(self, amqp_url: str) -> None:
        """Their queues go, so that nobody's events fill them."""
        async with await aio_pika.connect(amqp_url) as connection:
            channel = await connection.channel()
            for service in self.services:
                for queue in (f"{service.name}.inbox", f"{service.name}.inbox.dead"):
                    await channel.queue_delete(queue)


@asynccontextmanager
async def paired(
    urls: ServerUrls,
    directory: Path,
    *,
    maker: ServerUrls | None = None,
    echo: ServerUrls | None = None,
    **wiring: Any,
) -> AsyncIterator[Pair]:
    """A running pair on these servers, either one through other addresses if named."""
    keys = Keys(directory / f"{new_id('jwks')}.json")
    keys.add("k1")
    prefix = new_id("f")[:9] + "_"
    settings = [make_settings(own or urls, keys, database_prefix=prefix) for own in (maker, echo)]
    pair = Pair(keys, *settings, **wiring)
    try:
        async with pair.both():
            yield pair
    finally:
        await pair.remove(urls.amqp_url)
