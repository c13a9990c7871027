"""The world outside intake: the Pension Fund, and a medical organization that listens."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx

FUND, HOOK = "https://pf.example", "https://mo.example/hook"
Answer = int | httpx.HTTPError


class Party:
    """Somebody outside who is called: takes what comes, or does what was laid out for them."""

    def __init__(self, usual: int) -> None:
        self.usual = usual
        self.calls: list[httpx.Request] = []
        self.next: deque[Answer] = deque()
        self.open = asyncio.Event()
        self.open.set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        await self.open.wait()
        answer = self.next.popleft() if self.next else self.usual
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return httpx.Response(answer)

    def bodies(self, **fields: str) -> list[Any]:
        found = [json.loads(call.content) for call in self.calls]
        return [body for body in found if fields.items() <= body.items()]


@dataclass
class Outside:
    """The Pension Fund's gateway, and a medical organization that listens."""

    fund: Party = field(default_factory=lambda: Party(202))
    hook: Party = field(default_factory=lambda: Party(204))

    async def handle(self, request: httpx.Request) -> httpx.Response:
        party = self.fund if str(request.url).startswith(FUND) else self.hook
        return await party.answer(request)

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.MockTransport(self.handle)
