"""A simulated process: one service in a context of its own, that may die at any point.

Dead is dead: its tasks are cancelled, and whatever they still try in their `finally` blocks is
refused by every fake, so nothing of it gets through.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from fastapi import FastAPI
from pymongo.errors import AutoReconnect, PyMongoError

from chassis import chance, failpoints
from chassis.backing import Backing
from chassis.database import PATIENCE
from tests.simulation import bus
from tests.simulation.database import Client, Database

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
GIVEN_UP_SECONDS = PATIENCE["socketTimeoutMS"] / 1000

belongs_to: contextvars.ContextVar[Process | None] = contextvars.ContextVar(
    "belongs_to", default=None
)
"""The process whose task runs."""


class Dead(BaseException):
    """Raised in the tasks of a process that has died; no code of a service catches it."""


class Process:
    """One incarnation of a service; two of one service may run at once."""

    def __init__(self, world: World, service: str, number: int) -> None:
        self.world = world
        self.service = service
        self.number = number
        self.alive = True
        self.app: FastAPI | None = None
        self.bus: bus.Bus
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._requests: dict[asyncio.Future[Any], None] = {}
        self._end = asyncio.Event()
        self._context = contextvars.Context()
        self._context.run(self._settle_in)

    def _settle_in(self) -> None:
        belongs_to.set(self)
        failpoints.watched_by.set(self._reached)
        chance.dice.set(self.world.dice)

    def start(self) -> None:
        """Begin to serve."""
        self.spawn(self._serve())

    async def _serve(self) -> None:
        backing = Backing(connect=self._connect, bus=bus.made_for(self), end=self.stop)
        app = self.world.make_app(self, backing)
        async with app.router.lifespan_context(app):
            self.app = app
            await self._end.wait()
            self.app = None
        self.die(restart=True)

    def stop(self) -> None:
        """Ask it to end as a service does that is stopped."""
        self._end.set()

    def die(self, *, restart: bool) -> None:
        """Gone, wherever it stands. Raises nothing: its own task learns of it by `check`."""
        if not self.alive:
            return
        self.alive, self.app = False, None
        if hasattr(self, "bus"):
            self.bus.disconnect()
        for request in list(self._requests):
            if not request.done():
                request.set_exception(httpx.ReadError("connection lost"))
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        self.world.died(self, restart=restart)

    def check(self) -> None:
        """Let nothing through of a process that is dead."""
        if not self.alive:
            raise Dead

    def _reached(self, point: str, about: str) -> None:
        self.check()
        self.step(point, about)
        if self.world.trouble.at(self.service, point) == "crash":
            self.world.crashes[point] += 1
            self.die(restart=True)
            raise Dead

    def meets(self, point: str, about: str) -> str | None:
        """Note a step, and ask what trouble comes with it."""
        self.step(point, about)
        return self.world.trouble.at(self.service, point)

    def step(self, kind: str, about: str = "") -> None:
        """Note a step of this process."""
        self.world.steps.take(kind, self.service, about)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run as a task of this process."""
        return self.world.loop.create_task(work, context=self._context.copy())

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task that was begun by one of its own."""
        self._tasks[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; nobody else need be

    async def delay(self) -> None:
        """The time a message takes."""
        await asyncio.sleep(self.world.latency())
        self.check()

    def _connect(self, url: str, database: str) -> tuple[Client, Database]:
        return Client(self), Database(self.world.tables[self.service], self)

    async def carry(self, point: str, about: str, operation: Callable[[], T]) -> T:
        """An operation to the database and its result back: what was sent may outlive us."""
        self.check()
        action = self.meets(point, about)
        if action == "store-away":
            self.world.store_goes_away(self.service)
        answer: asyncio.Future[T] = self.world.loop.create_future()
        delay = self.world.latency()
        if action == "late":  # perhaps so late that it is given up before it arrives
            delay += self.world.dice.uniform(0.0, 1.5 * GIVEN_UP_SECONDS)
            gone = AutoReconnect("timed out")
            self.world.later(GIVEN_UP_SECONDS, self._reply, answer, None, gone)
        self.world.later(delay, self._arrive, operation, action, answer)
        return await answer

    def _arrive(
        self, operation: Callable[[], T], action: str | None, answer: asyncio.Future[T]
    ) -> None:
        result: Any = None
        failure: PyMongoError | None = None
        if self.world.store_is_away(self.service) or action == "lose-request":
            failure = AutoReconnect("connection closed")
        else:
            try:
                result = operation()
            except PyMongoError as refused:
                failure = refused
            if action == "lose-reply":
                failure = AutoReconnect("connection closed")
        self.world.later(self.world.latency(), self._reply, answer, result, failure)

    def _reply(
        self, answer: asyncio.Future[Any], result: Any, failure: PyMongoError | None
    ) -> None:
        if answer.done() or not self.alive:
            return
        if failure is not None:
            answer.set_exception(failure)
        else:
            answer.set_result(result)

    async def answer(self, handle: Callable[[FastAPI], Coroutine[Any, Any, T]]) -> T:
        """Let it handle a request; raises httpx.TransportError when it dies meanwhile."""
        if self.app is None:
            raise httpx.ConnectError("nobody listens")
        answer: asyncio.Future[T] = self.world.loop.create_future()
        self._requests[answer] = None
        task = self.spawn(handle(self.app))

        def done(ended: asyncio.Task[T]) -> None:
            if answer.done():
                return
            if ended.cancelled() or isinstance(ended.exception(), Dead):
                answer.set_exception(httpx.ReadError("connection lost"))
            elif failure := ended.exception():
                answer.set_exception(failure)
            else:
                answer.set_result(ended.result())

        task.add_done_callback(done)
        try:
            return await answer
        finally:
            self._requests.pop(answer, None)
