"""Delivered often, late, shuffled, to several replicas, with poison among it (P3, P4, P5)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aio_pika
import bson
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pymongo import MongoClient

from chassis.clock import new_id
from chassis.settings import ServiceSettings
from contracts.envelope import CONTENT_TYPE, Envelope
from contracts.roles import Role
from contracts.values import SYSTEM
from tests.conftest import ServerUrls
from tests.fault.outcome import Outcome
from tests.fault.pair import moment
from tests.service.chassis.conftest import Keys, make_settings, running, until
from tests.service.chassis.sample import EchoService, ThingMade, ThingRenamed, fresh
from tests.service.stack import settled
from tests.unit.chassis.test_document import made as envelope_of

Report = Callable[[Outcome], None]
CASES = 1000


def made(subject: str, number: int) -> Envelope:
    return envelope_of(number, ThingMade(by=SYSTEM, name=f"имя {number}"), subject)


def renamed(subject: str, number: int, name: str = "") -> Envelope:
    return envelope_of(number, ThingRenamed(by=SYSTEM, name=name or f"имя {number}"), subject)


class Post:
    """Delivers events to one service's inbox, as a broker would that delivers more than once."""

    def __init__(self, channel: aio_pika.abc.AbstractChannel, service: str) -> None:
        self._channel = channel
        self._inbox = f"{service}.inbox"

    async def deliver(self, events: Sequence[Envelope]) -> None:
        """In this order; returns when the broker has them all."""
        exchange = self._channel.default_exchange
        for start in range(0, len(events), 200):
            bodies = [event.model_dump_json().encode() for event in events[start : start + 200]]
            messages = [aio_pika.Message(body, content_type=CONTENT_TYPE) for body in bodies]
            await asyncio.gather(*(exchange.publish(each, self._inbox) for each in messages))


class Echoes:
    """An echo's replicas, one after another or several at once, over one inbox and one database."""

    def __init__(self, settings: ServiceSettings, name: str, post: Post) -> None:
        self._settings = settings
        self.name = name
        self.post = post
        self.running: list[EchoService] = []

    @asynccontextmanager
    async def replicas(self, count: int = 1) -> AsyncIterator[EchoService]:
        """So many run within the block; yields the first."""
        async with AsyncExitStack() as held:
            self.running = [EchoService(self._settings, self.name) for _ in range(count)]
            for echo in self.running:
                await held.enter_async_context(running(echo.app))
            yield self.running[0]

    @property
    def received(self) -> int:
        """Deliveries taken in by those that run."""
        return sum(echo.service.consumer.tally.received for echo in self.running)

    async def take(self, events: Sequence[Envelope], seconds: float = 60) -> None:
        """Deliver, and wait until each delivery's outcome is stored and answered."""
        target = self.received + len(events)
        await self.post.deliver(events)
        await until(lambda: self.received >= target, seconds=seconds)
        for echo in self.running:
            tally = echo.service.consumer.tally
            await until(lambda tally=tally: tally.received == outcomes(tally), seconds=seconds)
            await settled(echo.app)

    def stored(self, mongo_url: str) -> dict[str, bytes]:
        """Every document as it lies in the database, byte for byte."""
        with MongoClient(mongo_url) as client:
            found = client[f"{self._settings.database_prefix}{self.name}"]["echoes"].find()
            return {document["_id"]: bson.encode(document) for document in found}


def outcomes(tally: object) -> int:
    """Deliveries whose outcome is stored; what was released had been parked before."""
    counted = ("applied", "duplicates", "parked", "failed")
    return sum(getattr(tally, name) for name in counted) - getattr(tally, "released", 0)


@asynccontextmanager
async def echoing(harmed: ServerUrls, directory: Path) -> AsyncIterator[Echoes]:
    """Echoes with an inbox of their own, and somebody who hears what they say."""
    keys = Keys(directory / f"{new_id('jwks')}.json")
    keys.add("k1")
    settings = make_settings(harmed, keys, database_prefix=new_id("f")[:9] + "_")
    async with await aio_pika.connect(harmed.amqp_url) as connection:
        channel = await connection.channel()
        await channel.declare_exchange("opora.events", "topic", durable=True)
        heard = await channel.declare_queue(exclusive=True)
        await heard.bind("opora.events", "echo.#")
        name = fresh("echo")
        echoes = Echoes(settings, name, Post(channel, name))
        echoes.token = keys.token(Role.OPERATOR)  # type: ignore[attr-defined]
        try:
            yield echoes
        finally:
            for queue in (f"{name}.inbox", f"{name}.inbox.dead"):
                await channel.queue_delete(queue)


@pytest.fixture
async def echoes(harmed: ServerUrls, tmp_path: Path) -> AsyncIterator[Echoes]:
    async with echoing(harmed, tmp_path) as found:
        yield found
