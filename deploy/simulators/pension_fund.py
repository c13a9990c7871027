"""A stand-in for the Pension Fund's gateway: takes interagency requests, answers them later.

It does what such gateways do: it refuses some requests at first, takes only so many a minute,
answers when it pleases, keeps trying while the other side is away, and sometimes says the same
thing twice, or another thing, or nothing that can be read. It keeps everything in memory: what it
had accepted when it was stopped is never answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis import problems
from contracts.errors import Refusal
from deploy.simulators import health
from deploy.simulators.certificates import InteragencyRequest, invent
from deploy.simulators.chance import Chance
from deploy.simulators.settings import PensionFundSettings

FASTEST_SECONDS = 0.2
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
CALL_SECONDS = 5.0
MINUTE_SECONDS = 60.0
NO_SUCH_PENSIONER = "Гражданин не состоит на учёте"
GARBLED = {"pension_kind": "страховая", "monthly_amount": "двадцать тысяч", "as_of": "31.02.2026"}
AGAIN_LATER = frozenset({408, 425, 429})

bearer = HTTPBearer(auto_error=False)


class NotTaken(Refusal):
    """The gateway is out of order for a moment."""

    status = 503


class TooMany(Refusal):
    """More requests than are taken within a minute."""

    status = 429


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
    busy: int = 0
    late: int = 0
    differing: int = 0
    negative: int = 0
    garbled: int = 0


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
        self._arrived: deque[float] = deque()
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
        self._keep_the_pace()
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

    def _keep_the_pace(self) -> None:
        most, now = self._settings.per_minute, asyncio.get_running_loop().time()
        while self._arrived and self._arrived[0] <= now - MINUTE_SECONDS:
            self._arrived.popleft()
        if most is not None and len(self._arrived) >= most:
            self.figures.busy += 1
            raise TooMany("too-many-requests", f"at most {most} requests a minute are taken")
        self._arrived.append(now)

    async def close(self) -> None:
        """Leave off answering."""
        tasks = list(self._answering)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def _answer(self, request: InteragencyRequest) -> None:
        await asyncio.sleep(self._delay("first", request.id))
        if self._does("late", request):
            self.figures.late += 1
            await asyncio.sleep(self._settings.late_seconds)
        if self._does("garbled", request):
            self.figures.garbled += 1
            await self._tell(request.id, {"certificate": GARBLED}, attempt="garbled")
        answer = self._content(request)
        if not await self._tell(request.id, answer, attempt="first"):
            self.figures.given_up += 1
            return
        self.figures.answered += 1
        if self._does("double", request):
            await asyncio.sleep(self._delay("second", request.id))
            self.figures.doubled += await self._tell(request.id, answer, attempt="second")
        if "certificate" in answer and self._does("differing", request):
            other = {**answer["certificate"], "monthly_amount": 0}
            told = await self._tell(request.id, {"certificate": other}, attempt="differing")
            self.figures.differing += told

    def _does(self, what: str, request: InteragencyRequest) -> bool:
        share: float = getattr(self._settings, f"{what}_share")
        return self._chance.hits(what, request.id, share)

    def _content(self, request: InteragencyRequest) -> dict[str, Any]:
        if self._does("negative", request):
            self.figures.negative += 1
            return {"refusal": NO_SUCH_PENSIONER}
        return {"certificate": invent(request, self._chance).model_dump(mode="json")}

    def _delay(self, which: str, request_id: str) -> float:
        slowest = self._settings.slowest_seconds
        fastest = min(FASTEST_SECONDS, slowest)
        return fastest + (slowest - fastest) * self._chance.of(which, request_id)

    async def _tell(self, request_id: str, answer: dict[str, Any], attempt: str) -> bool:
        """Call intake until it has taken the answer; whether it has, or will never take it."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                response = await self._client.post(
                    f"/interagency-requests/{request_id}/answer",
                    json=answer,
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
