"""A world in memory: six services, their databases, the broker, people, and what goes wrong."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from chassis import chance
from chassis.backing import Backing
from chassis.settings import ServiceSettings
from contracts.roles import Role
from contracts.topology import READS
from deploy.demo.office import Office, Wire
from deploy.demo.staff import Staff, hire
from deploy.services import SERVICES
from tests.simulation.broker import Broker
from tests.simulation.clock import WallClock
from tests.simulation.credentials import CREDENTIALS, OFFICE, settings_of
from tests.simulation.database import Tables
from tests.simulation.http import Transport
from tests.simulation.loop import VirtualLoop
from tests.simulation.model import Model
from tests.simulation.outside import Outside
from tests.simulation.process import Process, belongs_to
from tests.simulation.steps import Arrivals, Steps
from tests.simulation.trouble import Planned, Trouble

T = TypeVar("T")
Maker = Callable[..., FastAPI]
LATENCY_SECONDS = (0.0002, 0.01)
PATIENCE_SECONDS = 200.0
"""Of virtual time: longer than any pause between two attempts."""


class Stuck(Exception):
    """The faults are over, and it does not come to rest."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A world at rest, to begin others with: databases that know the directory."""

    tables: Mapping[str, Tables]
    model: Model


class World:
    """Everything there is. Make it, run `live`, then `close`."""

    def __init__(
        self,
        seed: int,
        makers: Mapping[str, Maker],
        *,
        prepared: Prepared | None = None,
        keep: int = 0,
    ) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.loop = VirtualLoop()
        self.loop.set_task_factory(self._make_task)
        self.loop.set_exception_handler(self._unhandled)
        self.steps = Steps(self.loop.time, keep)
        self.clock = WallClock(self.loop.time)
        self.model = prepared.model.copy() if prepared is not None else Model()
        self.broker = Broker()
        self.broker.declare(READS)
        self.tables = {
            name: prepared.tables[name].copy(partial(self.model.written, name))
            if prepared is not None
            else Tables(partial(self.model.written, name))
            for name in SERVICES
        }
        self.trouble: Trouble = Planned(())
        self.crashes: Counter[str] = Counter()
        self.restarts = 0
        self.arrivals = Arrivals()
        self.processes: dict[str, list[Process]] = {name: [] for name in SERVICES}
        self._makers = makers
        self._away: dict[str, float] = {}
        self._numbers = 0
        self._pending = 0.0
        self._wanted = 1
        self._context = contextvars.Context()
        self._context.run(chance.dice.set, self.dice)
        self._errands: dict[asyncio.Task[Any], None] = {}
        self.wire = Wire(
            httpx.AsyncClient(transport=Transport(self)),
            {name: f"http://{name}" for name in SERVICES},
        )
        self.staff: Staff = hire(CREDENTIALS, self.wire, self.clock)  # type: ignore[arg-type]
        fund = CREDENTIALS.token(Role.PENSION_FUND, org=OFFICE, subject="fund")
        self.outside = Outside(self, Office(self.wire, fund))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the world go on until this is done."""
        return self.loop.run_until_complete(self.loop.create_task(work, context=self._context))

    def start(self, service: str) -> Process:
        """A process more of a service."""
        self._numbers += 1
        process = Process(self, service, self._numbers)
        self.processes[service].append(process)
        self.steps.take("start", service, str(self._numbers))
        process.start()
        return process

    def make_app(self, process: Process, backing: Backing) -> FastAPI:
        """The service's own application, on our backing."""
        more: dict[str, Any] = {"outside": self.outside} if process.service == "intake" else {}
        settings: ServiceSettings = settings_of(process.service)
        app = self._makers[process.service](settings, self.clock, backing=backing, **more)
        self.model.meet(process.service, app.state.service)
        return app

    def process_of(self, service: str) -> Process | None:
        """One of a service's processes that answers, if any does."""
        serving = [process for process in self.processes[service] if process.app is not None]
        return self.dice.choice(serving) if serving else None

    def died(self, process: Process, *, restart: bool) -> None:
        """A process is gone; its successor starts a moment, or a while, later."""
        self.processes[process.service].remove(process)
        if restart:
            wait = self.dice.choice((0.2, 1.0, 5.0)) * self.dice.uniform(0.5, 1.0)
            self.later(wait, self._restart, process.service)

    def _restart(self, service: str) -> None:
        self.restarts += 1
        if len(self.processes[service]) < self._wanted:
            self.start(service)

    def latency(self) -> float:
        """Seconds that a message takes."""
        return self.dice.uniform(*LATENCY_SECONDS)

    def later(self, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        """Have something happen."""
        self._pending = max(self._pending, self.loop.time() + seconds)
        self.loop.call_later(seconds, act, *arguments, context=self._context)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Somebody outside the services does something."""
        return self.loop.create_task(work, context=self._context.copy())

    def errand(self, work: Coroutine[Any, Any, Any]) -> None:
        """Something that has to be done before the world can rest."""
        task = self.spawn(work)
        self._errands[task] = None
        task.add_done_callback(self._errand_done)

    def _errand_done(self, task: asyncio.Task[Any]) -> None:
        self._errands.pop(task, None)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self.model.find(f"an outside party failed: {failure!r}")

    def meets(self, service: str, point: str, about: str) -> str | None:
        """Note a step, and ask what trouble comes with it."""
        self.steps.take(point, service, about)
        return self.trouble.at(service, point)

    def store_goes_away(self, service: str) -> None:
        """A service's database does not answer for a while."""
        self._away[service] = self.loop.time() + self.dice.uniform(0.2, 8.0)

    def store_is_away(self, service: str) -> bool:
        """Whether it does not answer now."""
        return self.loop.time() < self._away.get(service, 0.0)

    def broker_goes_away(self) -> None:
        """All connections break, and nobody gets through for a while."""
        if self.broker.away:
            return
        self.broker.away = True
        for process in self.all_processes():
            process.bus.disconnect()
        self.later(self.dice.uniform(0.2, 8.0), self._broker_is_back)

    def _broker_is_back(self) -> None:
        self.broker.away = False
        for queue in self.broker.queues.values():
            self.broker.dispatch(queue)

    def all_processes(self) -> list[Process]:
        """Every process that is alive and has a connection to the broker."""
        alive = [process for running in self.processes.values() for process in running]
        return [process for process in alive if hasattr(process, "bus")]

    async def begin(self, replicas: int = 1) -> None:
        """Start every service so many times; wait until all serve and know the directory."""
        self._wanted = replicas
        for service in SERVICES:
            for _ in range(replicas):
                self.start(service)
        await self.rest()

    async def every_second(self) -> None:
        """What happens to processes and clocks without any occasion."""
        while True:
            await asyncio.sleep(1.0)
            for service in SERVICES:
                action = self.trouble.at(service, "second")
                if action is not None:
                    self._befall(service, action)

    def _befall(self, service: str, action: str) -> None:
        self.steps.take(action, service)
        running = list(self.processes[service])
        if action == "jump":
            self.clock.forward(timedelta(hours=self.dice.choice((1, 20, 24, 72, 240))))
        elif action == "replica" and len(running) == self._wanted:
            self.start(service)
        elif action == "stop" and running:
            running[0].stop()
        elif action == "crash" and running:
            self.crashes["anywhere"] += 1
            running[0].die(restart=True)

    async def rest(self) -> None:
        """No more trouble; wait until nothing is on its way. Raises Stuck."""
        self.trouble = Planned(())
        end = self.loop.time() + PATIENCE_SECONDS
        quiet = 0
        while quiet < 3:
            if self.loop.time() > end:
                raise Stuck("; ".join(self._busy()[:8]))
            written = self.model.writes
            await asyncio.sleep(1.0)
            quiet = 0 if self._busy() or written != self.model.writes else quiet + 1

    def _busy(self) -> list[str]:
        """What is not at rest, in words."""
        found = [
            f"{reader} has {queue.waiting} messages"
            for reader, queue in self.broker.queues.items()
            if queue.waiting
        ]
        found += [
            f"{service} does not serve"
            for service, running in self.processes.items()
            if not any(process.app for process in running)
        ]
        found += ["outside parties are at work"] if self._errands else []
        found += [f"due in {where}" for where in self.model.due(self.clock())]
        found += ["something is on its way"] if self._pending > self.loop.time() + 1 else []
        return found + self.model.unsent()

    def close(self) -> None:
        """End every process and task."""
        self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self) -> None:
        for running in list(self.processes.values()):
            for process in list(running):
                process.die(restart=False)
        tasks = asyncio.all_tasks(self.loop) - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Any, context: Any = None
    ) -> asyncio.Task[Any]:
        process = belongs_to.get() if context is None else context.get(belongs_to)
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
        if process is not None:
            process.adopt(task)
            if not process.alive:
                task.cancel()
        return task

    def _unhandled(self, _: asyncio.AbstractEventLoop, met: dict[str, Any]) -> None:
        self.model.find(f"unhandled: {met.get('message')} {met.get('exception')!r}")
