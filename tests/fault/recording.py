"""Histories to die in: what real services wrote and were asked while cases went their ways.

The services run in the test's own process, on the real broker and database. A listener at their
database clients notes every document they store, so that any moment of any of them can be
restored: the document before an event, with the event, is all that a handler depends on.
"""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from chassis.backing import Backing
from chassis.database import connect
from chassis.settings import ServiceSettings
from contracts.envelope import Envelope
from contracts.topology import READS
from deploy.demo.office import Wire
from deploy.demo.staff import HOSPITAL
from deploy.runner.system import PENSION_FUND_OFFICE
from services.directory.adapters.data_files import read_rows
from tests.service.stack import Stack, running, until

SERVICES = ("directory", "intake", "assessment", "careplan", "complaints", "registry")
FUND, HOOK = "http://pension-fund", "http://hospital/webhooks"
HOOK_SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes for a webhook!!").decode()
BUREAU = "k-coordination-centre-01"
"""Where citizens are received by appointment: it has opening hours."""
TAKING_PART = ("r-department", "r-authorised-body-07", "r-institution-15", HOSPITAL, BUREAU)
"""The organizations of the directory that the ways need; its other rows are left out."""

HEADERS = ("authorization", "idempotency-key", "if-match", "content-type")
"""What a command is sent again with."""

Stored = dict[str, Any]


@dataclass(slots=True)
class Clock:
    """The services' time: the real one, put forward by hand."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, slots=True)
class Write:
    """A document as it was stored, and as it was before."""

    service: str
    collection: str
    after: Stored
    before: Stored | None
    at: datetime

    @property
    def read(self) -> str | None:
        """The id of the one event that was read with this write; None if it was none or several."""
        streams: dict[str, int] = self.before["streams"] if self.before else {}
        news = {
            name: number
            for name, number in self.after["streams"].items()
            if number != streams.get(name, 0)
        }
        if len(news) != 1:
            return None
        ((name, number),) = news.items()
        return f"{name}:{number}" if number == streams.get(name, 0) + 1 else None

    @property
    def spoke(self) -> bool:
        """Whether events were issued with it."""
        seq: int = self.before["seq"] if self.before else 0
        return bool(self.after["seq"] > seq)


@dataclass(frozen=True, slots=True)
class Call:
    """A command that was carried out, and how many writes there were before it."""

    service: str
    path: str
    headers: dict[str, str]
    body: Any
    at: datetime
    writes: int


@dataclass(slots=True)
class Recording:
    """Everything noted, in its order."""

    clock: Clock = field(default_factory=Clock)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    writes: list[Write] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    envelopes: dict[str, Envelope] = field(default_factory=dict)
    _last: dict[tuple[str, str, str], Stored] = field(default_factory=dict)

    def wrote(self, service: str, collection: str, document: Stored) -> None:
        """Note a document that was stored."""
        stored: Stored = json.loads(json.dumps(document))
        key = (service, collection, stored["_id"])
        write = Write(service, collection, stored, self._last.get(key), self.clock())
        self._last[key] = stored
        self.writes.append(write)
        for entry in stored["outbox"]:
            self.envelopes[entry["id"]] = Envelope.model_validate(entry)

    async def asked(self, request: httpx.Request) -> None:
        """Remember of a request when it was sent."""
        request.extensions["sent"] = self.clock(), len(self.writes)

    async def answered(self, response: httpx.Response) -> None:
        """Note a command that was carried out."""
        request = response.request
        if request.method != "POST" or not response.is_success:
            return
        at, writes = request.extensions["sent"]
        headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
        body = json.loads(request.content) if request.content else None
        path = request.url.path
        self.calls.append(Call(request.url.host, path, headers, body, at, writes))

    def next_wake(self) -> int:
        """The next moment, in epoch milliseconds, that a document waits for; 0 for none."""
        return min((last["wake_at"] for last in self._last.values() if last["wake_at"]), default=0)

    def at_rest(self, *ids: str) -> bool:
        """Whether none of these documents is due, or has anything to say."""
        now = self.clock().timestamp() * 1000
        theirs = [last for (_, _, name), last in self._last.items() if name in ids]
        return not any(last["outbox"] or 0 < last["wake_at"] <= now for last in theirs)

    def stored_before(self, service: str, writes: int) -> Iterator[tuple[str, Stored]]:
        """Collection and document of all that a service had stored after that many writes."""
        found = {
            (write.collection, write.after["_id"]): write.after
            for write in self.writes[:writes]
            if write.service == service
        }
        for (collection, _), document in found.items():
            yield collection, document


class Listener(CommandListener):
    """Notes what one service's database client was told to store, once the database did so."""

    def __init__(self, recording: Recording, service: str) -> None:
        self._recording = recording
        self._service = service
        self._under_way: dict[int, tuple[str, Stored]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Take the document out of the command."""
        command = event.command
        if event.command_name == "insert":
            self._under_way[event.request_id] = command["insert"], command["documents"][0]
        elif event.command_name == "update":
            self._under_way[event.request_id] = command["update"], command["updates"][0]["u"]

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Note it if it was stored: a lost race matches nothing, a double is refused."""
        written = self._under_way.pop(event.request_id, None)
        if written and event.reply["n"] == 1 and not event.reply.get("writeErrors"):
            self._recording.wrote(self._service, *written)

    def failed(self, event: CommandFailedEvent) -> None:
        """Forget it."""
        self._under_way.pop(event.request_id, None)


class Fund:
    """The Pension Fund: takes every request; hooks are taken too."""

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Take what intake sends."""
        return httpx.Response(202 if str(request.url).startswith(FUND) else 204)


def settings_of(stack: Stack, service: str, rows: Path, prefix: str) -> ServiceSettings:
    """A service's settings on the stack's servers; `rows` is a folder of the directory's rows."""
    own: dict[str, dict[str, Any]] = {
        "intake": {
            "identity_key": "a secret of sixteen",
            "pension_fund_url": FUND,
            "pension_fund_token": "token-of-ours",
            "pension_fund_per_minute": 60_000,
            "pension_fund_office": PENSION_FUND_OFFICE,
            "webhook_url": HOOK,
            "outgoing_loopback": True,
            "webhook_secret": HOOK_SECRET,
            "webhook_organization": HOSPITAL,
        },
        "directory": {"directory_data": rows},
    }
    kind = getattr(import_module(f"services.{service}.settings"), f"{service.capitalize()}Settings")
    made: ServiceSettings = stack.settings(kind, **own.get(service, {}))
    return made.model_copy(update={"database_prefix": prefix, "log_level": "CRITICAL"})


def application(
    service: str, settings: ServiceSettings, now: Any, backing: Backing, fund: Fund
) -> FastAPI:
    """A service's application, with a clock of ours and the outside played."""
    create_app = import_module(f"services.{service}.main").create_app
    outside = {"outside": httpx.MockTransport(fund.handle)} if service == "intake" else {}
    app: FastAPI = create_app(settings, now, backing=backing, **outside)
    return app


@dataclass(slots=True)
class Town:
    """The six services at work while they are recorded."""

    stack: Stack
    recording: Recording
    apps: dict[str, FastAPI]
    wire: Wire
    fund: Fund

    async def settle(self) -> None:
        """Wait until every event was read by everyone and no document has anything to say."""
        services = {name: app.state.service for name, app in self.apps.items()}
        said = self.stack.spy.envelopes

        def unheard(name: str) -> bool:
            """Whether something is on its way to this service, or in its hands."""
            reads = tuple(topic.removesuffix("#") for topic in READS.get(name, ()))
            due = {event.id for event in said if event.routing_key.startswith(reads)}
            consumer = services[name].consumer
            return consumer.tally.received < len(due) or consumer.oldest_in_hand > 0

        def busy() -> bool:
            if any(service.relay.backlog for service in services.values()):
                return True
            if len(said) < sum(service.bus.published for service in services.values()):
                return True
            return any(unheard(name) for name in services)

        quiet, seen = 0, -1
        while quiet < 10:
            now = len(self.recording.writes)
            quiet = quiet + 1 if now == seen and not busy() else 0
            seen = now
            await asyncio.sleep(0.02)

    async def put_forward(self) -> bool:
        """Put the clock to the next moment that a document waits for; False if none does."""
        recording = self.recording
        wake = recording.next_wake()
        if not wake:
            return False
        behind = datetime.fromtimestamp(wake / 1000, UTC) - recording.clock()
        recording.clock.ahead += max(behind, timedelta())
        for app in self.apps.values():
            app.state.service.sweeper.nudge()
        await until(lambda: recording.next_wake() != wake)
        return True


@asynccontextmanager
async def town(stack: Stack, rows: Path) -> AsyncIterator[Town]:
    """The six services, recorded, until the block is left."""
    recording, fund, prefix = Recording(), Fund(), f"r{uuid.uuid4().hex[:8]}_"
    rows.mkdir()
    chosen = [row.model_dump(mode="json") for row in read_rows() if row.key in TAKING_PART]
    (rows / "rows.json").write_text(json.dumps(chosen, ensure_ascii=False), encoding="utf-8")
    apps: dict[str, FastAPI] = {}
    async with AsyncExitStack() as held:
        for service in SERVICES:
            listener = Listener(recording, service)
            backing = replace(Backing(), connect=partial(connect, listeners=[listener]))
            settings = settings_of(stack, service, rows, prefix)
            apps[service] = application(service, settings, recording.clock, backing, fund)
            await held.enter_async_context(running(apps[service]))
        http = await held.enter_async_context(
            httpx.AsyncClient(
                mounts={
                    f"all://{name}": httpx.ASGITransport(app=app, raise_app_exceptions=False)
                    for name, app in apps.items()
                },
                event_hooks={"request": [recording.asked], "response": [recording.answered]},
            )
        )
        wire = Wire(http, {name: f"http://{name}" for name in apps})
        yield Town(stack, recording, apps, wire, fund)
