"""A service in the test's own process, on the real broker and store, with the outside played.

`Stack.serve` runs a service; `Stack.spy` sees every event published; `Story` plays another
service by publishing its stream.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aio_pika
import httpx
from fastapi import FastAPI

from chassis.document import Document, Origin, issue
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.tracing import begin
from contracts.context import Context
from contracts.envelope import CONTENT_TYPE, Envelope
from contracts.event import Event
from contracts.values import SYSTEM, Actor
from deploy.runner.tokens import AUDIENCE, ISSUER, Credentials
from tests.conftest import ServerUrls

DISTRICT = "leninsk-kuznetsky"
INSTITUTION = "r-institution-15"
AUTHORISED_BODY = "r-authorised-body-07"
SERVICES = ("intake", "assessment", "careplan", "complaints", "registry")


async def until(
    condition: Callable[[], Awaitable[Any] | Any], seconds: float = 30, every: float = 0.02
) -> Any:
    """Wait for something that must come true; fail when it does not. Returns the true value."""
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(every)


class Spy:
    """Sees every event that any service publishes."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    def of(self, *types: type[Event], subject: str | None = None) -> list[Envelope]:
        """Envelopes of these event types, of one subject if it is named."""
        names = {kind.type for kind in types}
        return [
            envelope
            for envelope in self.envelopes
            if envelope.type in names and subject in {None, envelope.subject}
        ]

    async def wait_for(self, kind: type[Event], subject: str | None = None, count: int = 1) -> Any:
        """The typed event of this kind, once it was published (`count` times)."""
        found = await until(lambda: len(seen := self.of(kind, subject=subject)) >= count and seen)
        return found[-1].event()


class Story:
    """Plays the owner of one stream: `tell` publishes its next events, in order or not."""

    def __init__(self, stack: Stack, stream_kind: str, subject: str) -> None:
        self._stack = stack
        self._kind = stream_kind
        self._document: Document[Any] = Document(id=subject, state=SYSTEM)
        self.envelopes: list[Envelope] = []

    def write(self, *events: Event, at: datetime | None = None) -> list[Envelope]:
        """The next envelopes of the stream, not published."""
        context = Context(now=at or datetime.now(UTC), by=SYSTEM, calendar=None)  # type: ignore[arg-type]
        origin = Origin(self._kind, self._kind.split(".", maxsplit=1)[0], DISTRICT)
        issue(self._document, events, context, origin, begin())
        written, self._document.outbox = self._document.outbox, []
        self.envelopes += written
        return written

    async def tell(self, *events: Event, at: datetime | None = None) -> list[Envelope]:
        """Publish the next events of the stream."""
        written = self.write(*events, at=at)
        await self._stack.publish(*written)
        return written


class Stack:
    """Everything a service test works with."""

    def __init__(
        self, servers: ServerUrls, directory: Path, channel: aio_pika.abc.AbstractChannel
    ) -> None:
        self.servers = servers
        self.folder = directory
        self.credentials = Credentials(directory)
        self.spy = Spy()
        self._channel = channel
        self._exchange: aio_pika.abc.AbstractExchange
        self._held = AsyncExitStack()
        self._database_prefix = f"t{uuid.uuid4().hex[:8]}_"

    def token(
        self, role: str, org: str | None = INSTITUTION, *, district: str = DISTRICT, **more: Any
    ) -> str:
        """A token of that role, by default of the institution the tests are about."""
        return self.credentials.token(role, org=org, district=district, **more)

    def headers(
        self,
        role: str,
        org: str | None = INSTITUTION,
        *,
        version: int | None = None,
        key: str | None = None,
        **more: Any,
    ) -> dict[str, str]:
        """Headers of a request: token, a fresh Idempotency-Key, If-Match where a version is."""
        headers = {
            "Authorization": f"Bearer {self.token(role, org, **more)}",
            "Idempotency-Key": key or uuid.uuid4().hex,
        }
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return headers

    def settings(self, kind: type[ServiceSettings], **more: Any) -> Any:
        """Settings of a service on the test's servers, with databases of this test module."""
        return kind(
            amqp_url=self.servers.amqp_url,
            mongo_url=self.servers.mongo_url,
            district=DISTRICT,
            time_zone="Asia/Novokuznetsk",
            jwks_file=self.credentials.jwks_file,
            issuer=ISSUER,
            audience=AUDIENCE,
            database_prefix=self._database_prefix,
            **more,
        )

    async def serve(self, app: FastAPI) -> httpx.AsyncClient:
        """Run an application until the test module is over; returns a client for it."""
        return await self._held.enter_async_context(running(app))

    def story(self, stream_kind: str, subject: str) -> Story:
        """Play another service's stream."""
        return Story(self, stream_kind, subject)

    async def publish(self, *envelopes: Envelope) -> None:
        """Put events on the broker, as their owner's relay would."""
        for envelope in envelopes:
            await self.publish_raw(
                envelope.model_dump_json(exclude_none=True).encode(), envelope.routing_key
            )

    async def publish_raw(self, body: bytes, routing_key: str) -> None:
        """Put any message on the broker."""
        message = aio_pika.Message(
            body, content_type=CONTENT_TYPE, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        await self._exchange.publish(message, routing_key=routing_key)

    async def start(self) -> None:
        """Begin with empty queues and a spy on everything."""
        await self._delete_queues()
        self._exchange = await self._channel.declare_exchange(
            "opora.events", aio_pika.ExchangeType.TOPIC, durable=True
        )
        queue = await self._channel.declare_queue(exclusive=True)
        await queue.bind(self._exchange, "#")

        async def see(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            try:
                self.spy.envelopes.append(Envelope.model_validate_json(message.body))
            except ValueError:
                return  # a test's own broken message

        await queue.consume(see, no_ack=True)

    async def stop(self) -> None:
        """Stop every service that was served; leave no event for the next module's services."""
        await self._held.aclose()
        await self._delete_queues()

    async def _delete_queues(self) -> None:
        for service in SERVICES:
            for name in (f"{service}.inbox", f"{service}.inbox.dead"):
                await self._channel.queue_delete(name)


@dataclass
class Clock:
    """A service's clock, set by hand."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


async def settled(app: FastAPI) -> None:
    """Nothing of a service is on its way any more, and no outbox waits to be cleared."""
    service = app.state.service
    await service.relay.drain()
    while service.relay.quiet:
        await service.sweeper.clear(quiet_seconds=0)


@contextmanager
def uncleared(service: Service) -> Iterator[None]:
    """Meanwhile no sweep empties outboxes: on a slow machine it would be a write more to count."""
    usual, service.sweeper.quiet_seconds = service.sweeper.quiet_seconds, math.inf
    try:
        yield
    finally:
        service.sweeper.quiet_seconds = usual


async def dead_letters(app: FastAPI) -> int:
    """How many messages a service could not decode."""
    return len(await app.state.service.letters.look({}))


async def everything_of(app: FastAPI) -> dict[str, Document[Any]]:
    """Every document a service has stored, whole, once nothing of it is on its way.

    Equal before and after: nothing was written, not even the same again (`rev` would differ).
    """
    await settled(app)
    return {
        f"{name}/{document.id}": document
        for name, collection in app.state.service.collections.items()
        async for document in collection.each()
    }


class Served:
    """A service that is served on the stack: its application, a client for it, its clock."""

    def __init__(self, stack: Stack, app: FastAPI, client: httpx.AsyncClient, clock: Clock) -> None:
        self.stack, self.app, self.client, self.clock = stack, app, client, clock

    async def settle(self) -> None:
        """Nothing is on its way any more, and no outbox waits to be cleared."""
        await settled(self.app)

    async def everything(self) -> dict[str, Document[Any]]:
        """Everything the service has stored."""
        return await everything_of(self.app)

    @asynccontextmanager
    async def costs(self, *, writes: int, published: int) -> AsyncIterator[None]:
        """What is done within costs the service's cases exactly this much."""
        service = self.app.state.service
        cases = service.collections["cases"]
        with uncleared(service):
            await self.settle()
            before = cases.counts.writes, service.bus.published
            yield
            await service.relay.drain()
            spent = cases.counts.writes - before[0], service.bus.published - before[1]
        assert spent == (writes, published)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The application with its lifespan, and a client for it; ready when this returns."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:

            async def ready() -> bool:
                return (await client.get("/health/ready")).status_code == 200

            await until(ready)
            yield client


@asynccontextmanager
async def stacked(servers: ServerUrls, directory: Path) -> AsyncIterator[Stack]:
    """A stack from start to stop."""
    connection = await aio_pika.connect(servers.amqp_url)
    async with connection:
        stack = Stack(servers, directory, await connection.channel())
        await stack.start()
        try:
            yield stack
        finally:
            await stack.stop()


def actor(role: str, organization: str | None = INSTITUTION) -> Actor:
    """Somebody acting in a role."""
    return Actor(id=f"test:{role}", role=role, organization=organization)
