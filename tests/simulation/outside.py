"""The Pension Fund and the hospital's listener: slow, forgetful, and sometimes saying it twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING, Any

import httpx

from deploy.demo.office import Office
from tests.simulation.process import belongs_to

if TYPE_CHECKING:
    from tests.simulation.world import World

PATIENCE_SECONDS = 5.0
CERTIFICATE = {
    "certificate": {
        "pension_kind": "страховая по старости",
        "monthly_amount": 1945032,
        "as_of": "2026-01-01",
        "document_number": "ПФ-77/2026",
    }
}


class Outside(httpx.AsyncBaseTransport):
    """The network from intake to its outside parties."""

    def __init__(self, world: World, fund: Office) -> None:
        self._world = world
        self._fund = fund
        self.requests: dict[str, str] = {}
        """What the fund accepted: fingerprint by idempotency key."""
        self.notices: dict[str, str] = {}
        """What the hospital was told: body by number."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        world, process = self._world, belongs_to.get()
        body = await request.aread()
        action = world.meets("intake", "outside", request.url.host)
        await asyncio.sleep(world.latency())
        if process is not None:
            process.check()
        if action == "refuse":
            return httpx.Response(503)
        take = self._take_request if request.url.host == "fund" else self._take_notice
        if action != "stall":
            take(request, body, twice=action == "twice")
        if action in {"stall", "fail-after"}:
            await asyncio.sleep(PATIENCE_SECONDS if action == "stall" else world.latency())
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(202)

    def _take_request(self, request: httpx.Request, body: bytes, *, twice: bool) -> None:
        key = request.headers["Idempotency-Key"]
        fingerprint = hashlib.sha256(body).hexdigest()
        known = self.requests.setdefault(key, fingerprint)
        if known != fingerprint:
            self._world.model.find(f"the fund was asked two things under the key {key}")
        request_id = json.loads(body)["id"]
        for _ in range(2 if twice else 1):
            self._world.errand(self._answer(request_id))

    def _take_notice(self, request: httpx.Request, body: bytes, *, twice: bool) -> None:
        number = request.headers["webhook-id"]
        said: Any = json.loads(body)["data"]
        known = self.notices.setdefault(number, said["status"])
        if known != said["status"]:
            self._world.model.find(f"the hospital was told two things under the number {number}")

    async def _answer(self, request_id: str) -> None:
        await asyncio.sleep(self._world.dice.uniform(0.5, 3.0))
        path = f"/interagency-requests/{request_id}/answer"
        await self._fund.create("intake", path, CERTIFICATE)
