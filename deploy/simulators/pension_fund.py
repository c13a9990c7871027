"""A stand-in for the Pension Fund's gateway: takes interagency requests, answers them later.

It does what such gateways do: it refuses some requests at first, answers when it pleases, keeps
trying while the other side is away, and sometimes says the same thing twice. It keeps everything in
memory: what it had accepted when it was stopped is never answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis import problems
from contracts.errors import Refusal
from deploy.simulators import health
from deploy.simulators.certificates import Certificate, InteragencyRequest, invent
from deploy.simulators.chance import Chance
from deploy.simulators.settings import PensionFundSettings

FASTEST_SECONDS = 0.2
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
CALL_SECONDS = 5.0
AGAIN_LATER = frozenset({408, 425, 429})

bearer = HTTPBearer(auto_error=False)


class NotTaken(Refusal):
    """The gateway is out of order for a moment."""

    status = 503


class KeyMissing(Refusal):
    """The idempotency key is missing."""

    status = 400


class NotAuthenticated(Refusal):
    """There is no token."""

    status = 401


class OtherRequest(Refusal):
    """The key was used for another request."""

    status = 422


@dataclass(slots=True)
class Figures:
    """What the gateway has done so far."""

    requests: int = 0
    refused: int = 0
    answered: int = 0
    doubled: int = 0
    given_up: int = 0


class Gateway:
    """The requests it knows and the answers it owes."""

    def __init__(
        self, settings: PensionFundSettings, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._settings = settings
        self._chance = Chance(settings.seed)
        self._client = httpx.AsyncClient(
            base_url=settings.callback_url,
            timeout=CALL_SECONDS,
            headers={"Authorization": f"Bearer {settings.callback_token.get_secret_value()}"},
            transport=transport,
        )
        self._accepted: dict[str, str] = {}
        self._refused: set[str] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self.figures = Figures()

    def take(self, request: InteragencyRequest, key: str, fingerprint: str) -> None:
        """Accept a request, once per key; some only at the second attempt."""
        known = self._accepted.get(key)
        if known is not None and known != fingerprint:
            raise OtherRequest(
                "idempotency-key-reused", "the key names another request", field="Idempotency-Key"
            )
        if known is not None:
            return
        first = key not in self._refused
        if first and self._chance.hits("fail", request.id, self._settings.fail_share):
            self._refused.add(key)
            self.figures.refused += 1
            raise NotTaken("gateway-out-of-order", "send the same request again")
        self._accepted[key] = fingerprint
        self.figures.requests += 1
        task = asyncio.create_task(self._answer(request))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def close(self) -> None:
        """Leave off answering."""
        tasks = list(self._answering)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def _answer(self, request: InteragencyRequest) -> None:
        certificate = invent(request, self._chance)
        await asyncio.sleep(self._delay("first", request.id))
        if not await self._tell(request.id, certificate, attempt="first"):
            self.figures.given_up += 1
            return
        self.figures.answered += 1
        if self._chance.hits("double", request.id, self._settings.double_share):
            await asyncio.sleep(self._delay("second", request.id))
            self.figures.doubled += await self._tell(request.id, certificate, attempt="second")

    def _delay(self, which: str, request_id: str) -> float:
        slowest = self._settings.slowest_seconds
        fastest = min(FASTEST_SECONDS, slowest)
        return fastest + (slowest - fastest) * self._chance.of(which, request_id)

    async def _tell(self, request_id: str, certificate: Certificate, attempt: str) -> bool:
        """Call intake until it has taken the answer; whether it has, or will never take it."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                response = await self._client.post(
                    f"/interagency-requests/{request_id}/answer",
                    json={"certificate": certificate.model_dump(mode="json")},
                    headers={"Idempotency-Key": f"{request_id}:{attempt}"},
                )
            except httpx.HTTPError:
                pass  # intake is away; it is coming back
            else:
                if not response.is_server_error and response.status_code not in AGAIN_LATER:
                    return response.is_success
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def create_app(
    settings: PensionFundSettings | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The gateway; `transport` is how it reaches intake, if not by the network."""
    gateway = Gateway(settings or PensionFundSettings(), transport)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await gateway.close()

    app = FastAPI(title="Pension Fund (simulator)", lifespan=lifespan)
    problems.install(app)  # its errors repeat nothing of what was sent
    app.include_router(health.router)
    app.include_router(_routes(gateway))
    return app


def _routes(gateway: Gateway) -> APIRouter:
    router = APIRouter()

    @router.post("/interagency-requests", status_code=202, summary="Take an interagency request")
    async def take_request(
        body: InteragencyRequest,
        http: Request,
        token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> dict[str, str]:
        if token is None:
            raise NotAuthenticated("token-missing", "send the token of the requesting body")
        if not idempotency_key:
            raise KeyMissing(
                "idempotency-key-required", "send an Idempotency-Key", field="Idempotency-Key"
            )
        gateway.take(body, idempotency_key, hashlib.sha256(await http.body()).hexdigest())
        return {"id": body.id, "state": "accepted"}

    @router.get("/figures", summary="What it has done so far")
    async def figures() -> dict[str, int]:
        return asdict(gateway.figures)

    return router
