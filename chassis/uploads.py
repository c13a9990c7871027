"""Bodies that are streamed: a route says how much it takes, every other keeps the common bound.

Invariant: a streamed body is never whole in memory, and nothing of it is read before the caller is
known. Its idempotency key is checked like any other; the fingerprint is that of the content, which
is known once it was received.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header
from fastapi import Request as HttpRequest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from chassis.commands import Request
from chassis.frame import MAX_BODY_BYTES
from chassis.http import IdempotencyKey, IfMatch, caller, key_of, version_of
from chassis.identity import Caller
from contracts.errors import InvalidInput

SHA256_BYTES = 32
DIGEST = re.compile(r"\s*([a-z0-9*_.-]+)\s*=\s*:([A-Za-z0-9+/=]*):\s*(?:;.*)?")


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is still arriving, with what was said of it."""

    key: str
    place: str
    version: int | None
    media_type: str
    sha256: str | None
    """What Content-Digest promises, in hexadecimal digits."""
    disposition: str | None
    content: AsyncIterator[bytes]

    def request(self, sha256: str) -> Request:
        """The request once its content was received: repeatable by its key."""
        fingerprint = hashlib.sha256(f"{self.place}\n{self.media_type}\n{sha256}".encode())
        return Request(self.key, fingerprint.hexdigest(), self.version)


class Streamed:
    """`Annotated[Upload, Depends(Streamed(most))]` in a route's signature: up to `most` bytes."""

    def __init__(self, most: int) -> None:
        self.most = most

    async def __call__(
        self,
        http: HttpRequest,
        who: Annotated[Caller, Depends(caller)],
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
        content_type: Annotated[str | None, Header(max_length=200)] = None,
        content_digest: Annotated[
            str | None, Header(max_length=500, description="RFC 9530, sha-256=:…:")
        ] = None,
        content_disposition: Annotated[str | None, Header(max_length=1000)] = None,
    ) -> Upload:
        """The upload; its content is read by whoever asks for it."""
        return Upload(
            key=key_of(who.subject, idempotency_key),
            place=f"{http.method} {http.url.path}?{http.url.query}",
            version=version_of(if_match) if if_match is not None else None,
            media_type=(content_type or "").split(";")[0].strip().lower(),
            sha256=sha256_of(content_digest),
            disposition=content_disposition,
            content=http.stream(),
        )


def sha256_of(content_digest: str | None) -> str | None:
    """The SHA-256 of a Content-Digest (RFC 9530), in hexadecimal; other algorithms are passed over.

    Raises InvalidInput when it is not of its form.
    """
    if content_digest is None:
        return None
    found = None
    for member in content_digest.split(","):
        read = DIGEST.fullmatch(member)
        if read is None:
            raise _malformed()
        if read[1] == "sha-256":
            found = _decoded(read[2])
    return found


def _decoded(text: str) -> str:
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error as failure:
        raise _malformed() from failure
    if len(digest) != SHA256_BYTES:
        raise _malformed()
    return digest.hex()


def _malformed() -> InvalidInput:
    return InvalidInput(
        "invalid-content-digest",
        "Content-Digest is a dictionary of digests, e.g. sha-256=:<base64>: (RFC 9530)",
        field="Content-Digest",
    )


class Bounds:
    """How much each request may bring: what its route declares, else the common bound."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def __call__(self, scope: Scope) -> int:
        """The bound in bytes for a request that was not routed yet."""
        for route, most in self._wider:
            if route.matches(scope)[0] is Match.FULL:
                return most
        return MAX_BODY_BYTES

    @cached_property
    def _wider(self) -> list[tuple[APIRoute, int]]:
        """The routes that take more; asked for only when more arrives than is common."""
        return [
            (route, most)
            for route in _routes(self._app)
            if (most := max(_declared(route.dependant), default=0))
        ]


def _routes(app: FastAPI | APIRouter) -> Iterator[APIRoute]:
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield route
        inner: Any = getattr(route, "original_router", None)  # FastAPI keeps them whole
        if inner is not None:
            yield from _routes(inner)


def _declared(dependant: Dependant) -> Iterator[int]:
    call: Callable[..., Any] | None = dependant.call
    if isinstance(call, Streamed):
        yield call.most
    for inner in dependant.dependencies:
        yield from _declared(inner)
