"""The wire between people, services and outside parties: requests that may be lost, or doubled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
from fastapi import FastAPI

if TYPE_CHECKING:
    from tests.simulation.world import World


class Transport(httpx.AsyncBaseTransport):
    """Carries a request to one of a service's processes; the URL's host is the service."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        service = request.url.host
        world = self._world
        body = await request.aread()
        action = world.meets(service, "request", f"{request.method} {request.url.path}")
        await asyncio.sleep(world.latency())
        if action == "lose-request":
            raise httpx.ConnectError("connection lost")
        if action == "twice":  # the first one's answer is late: its sender has gone on
            world.spawn(self._unheard(service, request, body))
            await asyncio.sleep(world.latency())
        response = await self._handle(service, request, body)
        await asyncio.sleep(world.latency())
        if action == "lose-answer":
            raise httpx.ReadTimeout("no answer")
        return response

    async def _unheard(self, service: str, request: httpx.Request, body: bytes) -> None:
        try:
            await self._handle(service, request, body)
        except httpx.TransportError:
            return

    async def _handle(self, service: str, request: httpx.Request, body: bytes) -> httpx.Response:
        process = self._world.process_of(service)
        if process is None:
            raise httpx.ConnectError("nobody listens")
        status, headers, content = await process.answer(lambda app: ask(app, request, body))
        response = httpx.Response(status, headers=headers, content=content, request=request)
        self._world.model.answered(service, request, response)
        return response


async def ask(
    app: FastAPI, request: httpx.Request, body: bytes
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """One request to an ASGI application: status, headers and body of its answer."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], sent[0]["headers"], content
