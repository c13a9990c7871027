"""A person at a desk: calls the public HTTP APIs in one role, and is patient with outages.

A request that gets no answer is repeated with the same Idempotency-Key, so a service may be
killed at any moment and nothing is done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from chassis import chance

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 0.1


class Refused(Exception):
    """A service refused what the demo expected it to do."""


@dataclass(slots=True)
class Wire:
    """The connections to the services, and what was met on them."""

    http: httpx.AsyncClient
    urls: Mapping[str, str]
    requests: int = 0
    repeated: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    """Last ETag seen, by record."""

    async def call(
        self, method: str, service: str, path: str, headers: Mapping[str, str], **more: Any
    ) -> httpx.Response:
        """One request, repeated until the service answers something final."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self.requests += 1
                try:
                    response = await self.http.request(
                        method, self.urls[service] + path, headers=headers, **more
                    )
                except httpx.TransportError:
                    self.repeated += 1
                else:
                    if response.status_code not in {429, 502, 503}:
                        return response
                    self.repeated += 1
                await asyncio.sleep(PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Office:
    """One caller: a token, and the wire it is sent over."""

    wire: Wire
    token: str

    async def get(self, service: str, path: str) -> Any:
        """Read a record; raises Refused unless it is there."""
        response = await self._read(service, path)
        return _body(response, path)

    async def find(self, service: str, path: str) -> Any | None:
        """Read a record that may not be there yet."""
        response = await self._read(service, path)
        return None if response.status_code == httpx.codes.NOT_FOUND else _body(response, path)

    async def wait(self, service: str, path: str, until: Callable[[Any], bool]) -> Any:
        """Read a record until it is as expected: events take a moment to arrive."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            pause = 0.03
            while True:
                found = await self.find(service, path)
                if found is not None and until(found):
                    return found
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 0.5)

    async def create(self, service: str, path: str, body: Any) -> Any:
        """Make a record."""
        headers = self._headers({"Idempotency-Key": chance.uuid4().hex})
        return _body(await self.wire.call("POST", service, path, headers, json=body), path)

    async def change(
        self, service: str, record: str, action: str, body: Any = None, read: str = ""
    ) -> Any:
        """Change a record on the version last seen; read it again when that one is stale.

        `read`: the part of the record to read for its version, for whoever may not read it all.
        """
        key, known = chance.uuid4().hex, f"{service}{record}"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if known not in self.wire.versions:
                    response = await self._read(service, record + read)
                    _body(response, record + read)
                    self.wire.versions[known] = response.headers["ETag"]
                headers = self._headers(
                    {"Idempotency-Key": key, "If-Match": self.wire.versions[known]}
                )
                path = f"{record}/{action}"
                response = await self.wire.call("POST", service, path, headers, json=body)
                if response.status_code == httpx.codes.PRECONDITION_FAILED:
                    self.wire.versions.pop(known, None)  # another desk may have been faster
                    continue
                answer = _body(response, path)
                self.wire.versions[known] = response.headers["ETag"]
                return answer

    async def _read(self, service: str, path: str) -> httpx.Response:
        response = await self.wire.call("GET", service, path, self._headers({}))
        if "ETag" in response.headers:
            self.wire.versions[f"{service}{path}"] = response.headers["ETag"]
        return response

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more}


def _body(response: httpx.Response, path: str) -> Any:
    if response.is_success:
        return response.json()
    raise Refused(f"{response.request.method} {path}: {response.status_code} {response.text[:500]}")
