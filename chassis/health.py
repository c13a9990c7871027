"""How a service stands: whether it is ready, what waits in it and since when.

Everything is asked of the store afresh, by index: there are no counters that could be wrong. For
the metrics, which anybody may ask for, an answer is kept for a few seconds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from chassis.clock import epoch_ms
from chassis.http import public
from chassis.metrics import expose
from chassis.store import Collection, StoreUnavailable

if TYPE_CHECKING:
    from chassis.service import Service

KEPT_SECONDS = 2.0
MOST = 1000
"""Nobody reads a longer list; a count that reaches it means "so many or more"."""


class Standing(BaseModel):
    """What waits in a service. Ages are seconds, 0 where nothing waits; outboxes and letters are
    counted up to 1000."""

    stalled: str | None = Field(default=None, description="what does not progress, if anything")
    oldest_unhandled: float = Field(0.0, description="of the messages taken, or lying in the inbox")
    outboxes: int = Field(0, description="documents whose events are overdue at the broker")
    outbox_age: float = 0.0
    parked: int = Field(0, description="documents with events set aside, early or failed")
    parked_age: float = 0.0
    blocked: int = Field(0, description="of these, documents with an event that failed")
    letters: int = Field(0, description="undecodable messages that wait for an operator")
    sweep_lag: float = 0.0
    due_lag: float = Field(0.0, description="of the document that wanted to be looked at first")


class Health:
    """Looks after one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = asyncio.Lock()
        self._kept = Standing()
        self._until = 0.0

    async def store_answers(self) -> bool:
        """Whether the database answers at once."""
        try:
            async with asyncio.timeout(2):
                await self._service.client.admin.command("ping")
        except Exception:
            return False
        return True

    async def ready(self) -> dict[str, bool]:
        """What this service needs to do its work, and whether it is so."""
        try:
            broker = await self._service.bus.ready()
        except Exception:
            broker = False
        return {
            "store": await self.store_answers(),
            "broker": broker and self._service.watchdog.sends,
            "progress": self._service.watchdog.stalled is None,
        }

    async def recent(self) -> Standing:
        """How it stands now, or stood a moment ago; raises StoreUnavailable."""
        async with self._lock:
            if asyncio.get_running_loop().time() >= self._until:
                self._kept = await self.standing()
                self._until = asyncio.get_running_loop().time() + KEPT_SECONDS
            return self._kept

    async def standing(self) -> Standing:
        """How it stands now; raises StoreUnavailable."""
        service, now = self._service, epoch_ms(self._service.now())
        found = Standing(
            stalled=service.watchdog.stalled,
            oldest_unhandled=max(service.consumer.oldest_in_hand, service.watchdog.oldest),
            sweep_lag=service.watchdog.sweep_lag,
            letters=len(
                await service.letters.look({"waits": 1}, sort=[("received", 1)], limit=MOST)
            ),
        )
        for watch in service.watches:
            collection = watch.collection
            if watch.stream_kind is not None:
                await _add_outboxes(found, collection, now)
            if watch.on_due is not None or watch.errand is not None:
                found.due_lag = max(found.due_lag, await _age(collection, "wake_at", now))
            await _add_parked(found, collection, now)
        return found

    def router(self) -> APIRouter:
        """The routes that whatever runs the service asks."""
        router = APIRouter(tags=["health"], dependencies=[Depends(public)])

        @router.get("/health/live", summary="The process runs")
        async def live() -> dict[str, str]:
            return {"service": self._service.name, "status": "live"}

        @router.get("/health/ready", summary="Store and broker answer, and work progresses")
        async def ready() -> JSONResponse:
            parts = await self.ready()
            return JSONResponse(
                {"service": self._service.name, **parts},
                status_code=200 if all(parts.values()) else 503,
            )

        @router.get(
            "/metrics",
            summary="Prometheus metrics",
            response_class=Response,
            responses={200: {"content": {"text/plain": {}}, "description": "the text format"}},
        )
        async def metrics() -> Response:
            try:
                standing = await self.recent()
            except StoreUnavailable:
                standing = None
            return expose(self._service, standing)

        return router


async def _age(collection: Collection[Any], moment: str, now: int) -> float:
    """Seconds since the earliest of these moments that has come; 0 if none has."""
    query = {moment: {"$gt": 0, "$lte": now}}
    earliest = await collection.look(query, moment, sort=[(moment, 1)], limit=1)
    return (now - earliest[0][moment]) / 1000 if earliest else 0.0


async def _add_outboxes(found: Standing, collection: Collection[Any], now: int) -> None:
    """By the time of the first event that is not confirmed: a document that is written all the time
    is never due to be relayed again, and may hold one that cannot be sent."""
    moment, since = "unsent_since", now - collection.relay_grace_ms
    query = {moment: {"$gt": 0, "$lte": since}}
    overdue = await collection.look(query, moment, sort=[(moment, 1)], limit=MOST)
    found.outboxes += len(overdue)
    if overdue:
        found.outbox_age = max(found.outbox_age, (since - overdue[0][moment]) / 1000)


async def _add_parked(found: Standing, collection: Collection[Any], now: int) -> None:
    """All are looked at: those that failed may lie behind the many that only wait."""
    after, full = "", True
    while full:
        query = {"parked_since": {"$gt": 0}, "id": {"$gt": after}}
        page = await collection.look(query, "blocked", limit=MOST)
        found.parked += len(page)
        found.blocked += sum(entry["blocked"] for entry in page)
        after, full = page[-1]["id"] if page else "", len(page) == MOST
    found.parked_age = max(found.parked_age, await _age(collection, "parked_since", now))
