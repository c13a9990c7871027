"""What the tests of the chassis share: keys and tokens, running services, a look at the broker."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aio_pika
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm
from pymongo import MongoClient
from pymongo.asynchronous.database import AsyncDatabase

from chassis.database import connect
from chassis.settings import ServiceSettings
from tests.conftest import ServerUrls
from tests.service.chassis.sample import MAKER, fresh

PREFIX = f"chassis{os.getpid()}_"
ISSUER, AUDIENCE, DISTRICT = "urn:opora:test", "opora", "leninsk-kuznetsky"


@dataclass
class Keys:
    """An identity provider that fits into a file."""

    file: Path
    private: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)

    def add(self, key_id: str) -> None:
        self.private[key_id] = ec.generate_private_key(ec.SECP256R1())
        self.write()

    def remove(self, key_id: str) -> None:
        del self.private[key_id]
        self.write()

    def write(self, *more: dict[str, Any]) -> None:
        keys = [
            ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
            | {"kid": key_id, "use": "sig", "alg": "ES256"}
            for key_id, key in self.private.items()
        ]
        self.file.write_text(json.dumps({"keys": [*keys, *more]}))

    def token(
        self,
        *roles: str,
        subject: str = "anna",
        key_id: str = "k1",
        header: dict[str, Any] | None = None,
        without: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        now = int(time.time())
        complete = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "nbf": now,
            "exp": now + 600,
            "roles": list(roles) or [MAKER],
            "district": DISTRICT,
            **claims,
        }
        for name in without:
            del complete[name]
        headers = {"kid": key_id, "typ": "at+jwt", **(header or {})}
        return jwt.encode(complete, self.private[key_id], algorithm="ES256", headers=headers)


@pytest.fixture(scope="session", autouse=True)
def _no_database_stays(servers: ServerUrls) -> Iterator[None]:
    """The servers may be somebody's own."""
    yield
    with MongoClient(servers.mongo_url) as client:
        for name in client.list_database_names():
            if name.startswith(PREFIX):
                client.drop_database(name)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    made = Keys(tmp_path / "jwks.json")
    made.add("k1")
    return made


@pytest.fixture
def settings(servers: ServerUrls, keys: Keys) -> ServiceSettings:
    return make_settings(servers, keys)


def make_settings(servers: ServerUrls, keys: Keys, **changed: Any) -> ServiceSettings:
    return ServiceSettings(
        **{
            "amqp_url": servers.amqp_url,
            "mongo_url": servers.mongo_url,
            "district": DISTRICT,
            "jwks_file": keys.file,
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "database_prefix": PREFIX,
            **changed,
        }
    )


@asynccontextmanager
async def running(app: FastAPI, ready: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """The application with its lifespan, and a client for it; ready when this returns."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://sample") as client:
            if ready:
                await until(lambda: is_ready(client))
            yield client


async def is_ready(client: httpx.AsyncClient) -> bool:
    """Whether the service says that it can do its work."""
    return (await client.get("/health/ready")).status_code == 200


async def until(
    condition: Callable[[], Awaitable[bool] | bool], seconds: float = 30, every: float = 0.02
) -> None:
    """Wait for something that must come true; fail when it does not."""
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(every)


class Broker:
    """A look at the broker from outside: queues of the test's own, and raw messages."""

    def __init__(self, channel: aio_pika.abc.AbstractChannel) -> None:
        self.channel = channel
        self.names: list[str] = []

    async def events(self) -> aio_pika.abc.AbstractExchange:
        return await self.channel.declare_exchange(
            "opora.events", aio_pika.ExchangeType.TOPIC, durable=True
        )

    async def listen(self, topic: str, **arguments: Any) -> aio_pika.abc.AbstractQueue:
        """A queue of our own, bound to a topic."""
        await self.events()
        queue = await self.channel.declare_queue(
            fresh("listen"), durable=True, arguments={"x-queue-type": "quorum", **arguments}
        )
        self.names.append(queue.name)
        await queue.bind("opora.events", topic)
        return queue

    async def send(self, body: bytes, topic: str) -> None:
        """Any message, as anybody with access could send it."""
        exchange = await self.events()
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await exchange.publish(message, routing_key=topic)

    async def taken(self, queue: aio_pika.abc.AbstractQueue, seconds: float = 0.2) -> list[bytes]:
        """Everything that lies in a queue."""
        found = []
        while True:
            try:
                message = await queue.get(timeout=5, no_ack=True, fail=False)
            except TimeoutError:
                return found
            if message is None:
                await asyncio.sleep(seconds)
                message = await queue.get(timeout=5, no_ack=True, fail=False)
                if message is None:
                    return found
            found.append(message.body)

    async def comes(self, queue: aio_pika.abc.AbstractQueue) -> list[bytes]:
        """Everything that lies in a queue, once something does."""
        found: list[bytes] = []

        async def came() -> bool:
            found.extend(await self.taken(queue, 0))
            return bool(found)

        await until(came)
        return found + await self.taken(queue)

    async def queue(self, name: str) -> aio_pika.abc.AbstractQueue:
        """A queue that is there already."""
        return await self.channel.get_queue(name)

    async def remove(self, *services: str) -> None:
        """The queues of services that are gone."""
        for service in services:
            self.names += [f"{service}.inbox", f"{service}.inbox.dead"]


@pytest.fixture
async def broker(servers: ServerUrls) -> AsyncIterator[Broker]:
    connection = await aio_pika.connect(servers.amqp_url)
    channel = await connection.channel()
    seen = Broker(channel)
    try:
        yield seen
    finally:
        for name in seen.names:
            await channel.queue_delete(name)
        await connection.close()


@pytest.fixture
async def held() -> AsyncIterator[AsyncExitStack]:
    """What a test has entered and must leave."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def database(servers: ServerUrls) -> AsyncIterator[AsyncDatabase[Any]]:
    """A database of the test's own."""
    client, database = connect(servers.mongo_url, fresh("test_"))
    try:
        yield database
    finally:
        await client.drop_database(database.name)
        await client.close()
