"""What each step costs: database commands as they go over the wire, and confirmed publishes.

Counted is the work that a request or an event begins, wherever it goes on; what the service does
beside it (sweeps, other events) runs in another context and is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import httpx
from fastapi import FastAPI
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from chassis.backing import Backing
from chassis.bus import Bus
from chassis.database import connect
from chassis.service import Service
from contracts.envelope import Envelope

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
HEADING = "## What each step costs"


class Cost(NamedTuple):
    """Reads by id, queries by index, durable writes, confirmed publishes."""

    reads: int
    queries: int
    writes: int
    published: int


@dataclass(slots=True)
class Spent:
    """What one step has spent so far."""

    reads: int = 0
    queries: int = 0
    writes: int = 0
    published: int = 0

    @property
    def cost(self) -> Cost:
        return Cost(self.reads, self.queries, self.writes, self.published)


step: ContextVar[Spent | None] = ContextVar("step", default=None)


class Commands(CommandListener):
    """Counts the commands that the client sends to the database."""

    def started(self, event: CommandStartedEvent) -> None:
        spent = step.get()
        if spent is None:
            return
        if event.command_name in {"insert", "update"}:
            spent.writes += 1
        elif event.command_name == "find" and _by_id(event.command["filter"]):
            spent.reads += 1
        elif event.command_name in {"find", "getMore"}:
            spent.queries += 1
        else:
            raise AssertionError(f"a step asks the database for {event.command_name}")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


def _by_id(query: Mapping[str, object]) -> bool:
    return query.keys() == {"_id"} and isinstance(query["_id"], str)


class CountedBus(Bus):
    """The real bus; counts what the broker confirmed."""

    async def publish(self, envelope: Envelope) -> None:
        await super().publish(envelope)
        spent = step.get()
        if spent is not None:
            spent.published += 1


COUNTED = Backing(connect=partial(connect, listeners=[Commands()]), bus=CountedBus)
"""The real database and broker, counted."""


class Ledger:
    """Every step of a service with what it cost."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.service: Service = app.state.service
        self._label = ""
        self.requests: dict[str, set[Cost]] = {}
        self.events: dict[str, set[Cost]] = {}

    def watch(self, client: httpx.AsyncClient) -> None:
        """Enter every request of this client that is carried out."""
        client.event_hooks = {"request": [self._began], "response": [self._ended]}

    async def _began(self, _: httpx.Request) -> None:
        await self.service.relay.drain()
        step.set(Spent())

    async def _ended(self, response: httpx.Response) -> None:
        await self.service.relay.drain()
        spent = step.get()
        step.set(None)
        if response.is_success and spent is not None:
            name = self._name(response.request) + self._label
            self.requests.setdefault(name, set()).add(spent.cost)

    @property
    def served(self) -> set[str]:
        """Every route of the service."""
        return {
            f"{method.upper()} {path}"
            for path, methods in self.app.openapi()["paths"].items()
            for method in methods
        }

    def _name(self, request: httpx.Request) -> str:
        asked = f"{request.method} {request.url.path}"
        fitting = [
            route
            for route in self.served
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), asked)
        ]
        return min(fitting, key=lambda route: route.count("{"))  # the most literal one is meant

    @contextmanager
    def called(self, label: str) -> Iterator[None]:
        """The requests made within are a kind of their own."""
        outer, self._label = self._label, f", {label}"
        try:
            yield
        finally:
            self._label = outer

    async def hear(self, name: str, envelope: Envelope) -> None:
        """Take one event in, as the consumer does, and enter what it cost."""
        await self.service.relay.drain()
        spent = Spent()
        token = step.set(spent)
        try:
            await self.service.consumer.receive(envelope)
            await self.service.relay.drain()
        finally:
            step.reset(token)
        self.events.setdefault(name, set()).add(spent.cost)


def printed(service: str) -> Mapping[str, set[Cost]]:
    """The figures of a service as the page on performance states them; `0 or 1` is either."""
    section = PAGE.read_text(encoding="utf-8").split(HEADING, 1)[1].split("\n## ", 1)[0]
    found: dict[str, set[Cost]] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0] in {service, f"`{service}`"}:
            each = (map(int, cell.split(" or ")) for cell in cells[2:])
            found[cells[1].replace("`", "")] = {Cost(*one) for one in product(*each)}
    return found


def differences(service: str, steps: Mapping[str, set[Cost]]) -> list[str]:
    """Where the page says otherwise than was measured, or one of them says nothing."""
    stated = printed(service)
    return [
        f"{name}: {sorted(map(tuple, steps.get(name, ())))}, the page says"
        f" {sorted(map(tuple, stated.get(name, ())))}"
        for name in sorted(stated.keys() | steps.keys())
        if not name.startswith("hears") and steps.get(name) != stated.get(name)
    ]
