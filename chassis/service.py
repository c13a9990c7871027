"""A service put together: settings, store, bus, relay, consumer, sweeper and HTTP application.

A service's `main.py` makes one of these, names its collections, readers and routers, and asks for
the application. Nothing connects before the application starts.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from fastapi import APIRouter, Depends, FastAPI
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel

from chassis import clock, logs, operations, problems
from chassis.backing import REAL, Backing
from chassis.bus import Bus
from chassis.calendar import Calendars
from chassis.commands import Commands
from chassis.consumer import Consumer, Reader, Target, subject
from chassis.document import Document, Handler, Reading
from chassis.ending import end_all
from chassis.frame import RequestFrame
from chassis.health import Health
from chassis.http import unambiguous
from chassis.identity import Verifier
from chassis.inbox import GRACE_SECONDS
from chassis.interventions import INTERVENTIONS
from chassis.letters import LETTERS, Letters
from chassis.problems import PROBLEMS, describe
from chassis.relay import Relay
from chassis.replica import C, keeping
from chassis.settings import ServiceSettings
from chassis.store import Collection, StoreUnavailable
from chassis.stored import Spec
from chassis.sweeper import Sweeper, Watch
from chassis.uploads import Bounds
from chassis.watchdog import Watchdog
from contracts.catalogue import events
from contracts.context import Context
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.values import SYSTEM, Actor

log = structlog.get_logger()

S = TypeVar("S", bound=BaseModel)
VERSION = "0.1.0"
RELIST_SECONDS = 600.0


class Service:
    """One running service."""

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        inboxes: Mapping[str, Sequence[str]],
        now: clock.Now = clock.now,
        grace_seconds: float = GRACE_SECONDS,
        backing: Backing = REAL,
    ) -> None:
        logs.configure(name, settings.log_level)
        events()  # all are declared now: a type that is not is a newer version's, and counted
        self.name = name
        self.version = VERSION
        self.settings = settings
        self.inboxes = inboxes
        self.now = now
        self.calendars = Calendars(settings.zone, settings.moved_days)
        self.calendar = self.calendars.of(None)
        self.registry = CollectorRegistry()
        self.client, self._database = backing.connect(
            settings.mongo_url.get_secret_value(), f"{settings.database_prefix}{name}"
        )
        self.bus: Bus = backing.bus(
            settings.amqp_url.get_secret_value(),
            name,
            inboxes,
            self.registry,
            grace_seconds=grace_seconds,
        )
        self.relay = Relay(self.bus.publish)
        self.commands = Commands(name, settings.district)
        self.collections: dict[str, Collection[Any]] = {}
        self.readers: list[Reader] = []
        self.watches: list[Watch] = []
        self._streams: dict[str, str | None] = {}
        self._beginnings: list[Callable[[], Awaitable[None]]] = [self._keep_listed]
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._requests = Counter(
            "opora_http_responses", "HTTP answers", ["method", "status"], registry=self.registry
        )
        self.aside = backing.aside
        """Runs what would hold everything up (reading, reckoning) beside the event loop."""
        self._backing = backing
        self.record: Callable[[Envelope], Awaitable[None]] | None = None
        self.consumer: Consumer
        self.sweeper: Sweeper
        self.watchdog: Watchdog
        self.health = Health(self)
        self.letters = self.collection(LETTERS)
        self.interventions = self.collection(INTERVENTIONS)

    def collection(
        self,
        spec: Spec[S],
        stream: str | None = None,
        *,
        on_due: Callable[[S, Context], Sequence[Event]] | None = None,
        errand: Callable[[str], Awaitable[None]] | None = None,
        saved: Callable[[Document[S]], None] = lambda document: None,
    ) -> Collection[S]:
        """A kind of document; `stream` is the stream kind its events go out on, `saved` is told of
        every document that this process has stored."""

        def told(collection: Collection[S], document: Document[S]) -> None:
            self._saved(collection, document)
            saved(document)

        collection = Collection(
            self._database,
            spec,
            clock_ms=lambda: clock.epoch_ms(self.now()),
            trim=self.relay.trim,
            saved=told,
        )
        self.collections[spec.name] = collection
        self._streams[spec.name] = stream
        self.watches.append(Watch(collection, stream, on_due, errand))
        return collection

    def copies(
        self, spec: Spec[C], saved: Callable[[Document[C]], None] = lambda document: None
    ) -> Collection[C]:
        """A kind of document that is kept from its owner's events alone."""
        collection, handlers = self.collection(spec, saved=saved), keeping(spec.state)
        self.read(collection, [event.stream for event in handlers], handlers)
        return collection

    def read(
        self,
        collection: Collection[Any],
        streams: Sequence[str] | Mapping[str, Target],
        handlers: Mapping[type[Event], Handler],
    ) -> None:
        """Let a collection read streams; by default into the document named by the subject."""
        targets = dict(streams) if isinstance(streams, Mapping) else dict.fromkeys(streams, subject)
        self.readers.append(Reader(collection, targets, handlers))

    def starting(self, begin: Callable[[], Awaitable[None]]) -> None:
        """Have something done beside serving, once the store is prepared: until it succeeds.

        It may run for ever; it is cancelled when the service stops, wherever it stands then.
        """
        self._beginnings.append(begin)

    def closing(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have a connection closed when the service stops."""
        self._closers.append(close)

    def keep(self) -> None:
        """What is in memory by now stays: no garbage collection looks through it again, which would
        hold everything up, the longer the more there is."""
        gc.freeze()

    def at(self, by: Actor) -> Context:
        """The circumstances of something done now."""
        return Context(now=self.now(), by=by, calendar=self.calendar)

    def app(
        self, routers: Sequence[APIRouter], state: Mapping[str, Any], *, description: str
    ) -> FastAPI:
        """The HTTP application. `state` is what the routes find in `app.state`."""
        self._wire()
        app = FastAPI(
            title=f"Opora {self.name}",
            version=VERSION,
            description=description,
            lifespan=self._lifespan,
            responses=PROBLEMS,
            dependencies=[Depends(unambiguous)],
        )
        app.state.service = self
        own = self.settings
        app.state.verifier = Verifier(own.jwks_file, own.issuer, own.audience, own.district)
        for name, value in state.items():
            setattr(app.state, name, value)
        app.openapi = describe(app)  # type: ignore[method-assign]
        problems.install(app)
        app.include_router(self.health.router())
        app.include_router(operations.router(self))
        for router in routers:
            app.include_router(router)
        app.add_middleware(
            RequestFrame,
            count=lambda method, status: self._requests.labels(method, str(status)).inc(),
            bound=Bounds(app),
        )
        return app

    def _wire(self) -> None:
        def reading(reader: Reader) -> Reading:
            origin = self.commands.origin(self._streams[reader.collection.spec.name])
            return Reading(reader.handlers, origin, self._context_of)

        self.consumer = Consumer(self.readers, reading, self.now, self.record)
        self.sweeper = Sweeper(
            self.watches, self.relay, self.commands, self.now, lambda now: self.at(SYSTEM)
        )
        self.watchdog = Watchdog(
            self.bus,
            lambda: self.sweeper.progressed_at,
            self.health.store_answers,
            self.bus.answers,
            self._backing.end,
            now=self.now,
        )

    def _context_of(self, envelope: Envelope) -> Context:
        """A reaction to an event happens at the event's time, whenever it is delivered."""
        return Context(envelope.time, SYSTEM, self.calendar, about=envelope.subject)

    def _saved(self, collection: Collection[Any], document: Document[Any]) -> None:
        self.relay.submit(collection.spec.name, document)
        due = collection.spec.wake_at(document.state)
        if due and due <= clock.epoch_ms(self.now()):
            self.sweeper.nudge()

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._prepare()
            self.keep()
            tasks += [
                asyncio.create_task(self._connect_bus()),
                asyncio.create_task(self.sweeper.run()),
                asyncio.create_task(self.watchdog.run()),
                *(asyncio.create_task(self._begin(begin)) for begin in self._beginnings),
            ]
            yield
        finally:
            gc.unfreeze()
            await end_all(*tasks)
            await self.sweeper.stop()
            await self.bus.stop_consuming()
            await self.relay.stop()  # what was handled last still leaves
            await self.bus.stop()
            await self.client.close()
            for close in self._closers:
                await close()

    async def _prepare(self) -> None:
        """Indexes before the first request: unique facts rest on them."""
        while True:
            try:
                for collection in self.collections.values():
                    await collection.prepare()
                return
            except StoreUnavailable:
                log.warning("start-waits-for-store")
                await asyncio.sleep(1.0)

    async def _keep_listed(self) -> None:
        """While another version may be writing beside us, what it does not list we list."""
        while True:
            for collection in self.collections.values():
                await collection.relist()
            await asyncio.sleep(RELIST_SECONDS)

    async def _connect_bus(self) -> None:
        """The broker may come up later than we do: until then outboxes hold what was said."""
        while True:
            try:
                await self.bus.start(self.consumer.receive, Letters(self.letters, self.now).bury)
                return
            except Exception as failure:
                log.warning("start-waits-for-broker", error=type(failure).__name__)
                await asyncio.sleep(1.0)

    async def _begin(self, begin: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await begin()
                return
            except StoreUnavailable:
                log.warning("start-waits-for-store")
            except Exception as failure:  # what a service begins with is never given up
                log.error("start-failed", error=type(failure).__name__)
            await asyncio.sleep(1.0)
