"""What stands around every request: ids in and out, its bound, its count, and defects of ours.

Invariant: a body over its bound is refused before it is read whole, and a defect is answered as a
problem and logged without what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import tracing
from chassis.problems import respond

log = structlog.get_logger()

MAX_BODY_BYTES = 1024 * 1024


class BodyTooLarge(HTTPException):
    """More arrived than is taken. An HTTPException, for FastAPI makes a 400 of any other."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"a body is at most {most // MAX_BODY_BYTES} MB ({most} bytes)")


class RequestFrame:
    """ASGI middleware: ids in and out, body bound, count of answers, defects of ours.

    `bound` says how much a request may bring; it is asked only when more than the common arrives.
    """

    def __init__(
        self,
        app: ASGIApp,
        count: Callable[[str, int], None],
        bound: Callable[[Scope], int] = lambda scope: MAX_BODY_BYTES,
    ) -> None:
        self._app = app
        self._count = count
        self._bound = bound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens within."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace = tracing.begin(
            headers.get("x-correlation-id"),
            headers.get("x-request-id"),
            headers.get("traceparent"),
        )
        received = 0
        started = False

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES and received > (most := self._bound(scope)):
                raise BodyTooLarge(most)
            return message

        async def stamped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                out = MutableHeaders(scope=message)
                out["X-Correlation-ID"] = trace.correlation_id
                out["X-Request-ID"] = trace.causation_id
                self._count(scope["method"], message["status"])
            await send(message)

        with tracing.use(trace):
            try:
                announced = _announced(headers)
                if announced > MAX_BODY_BYTES and announced > (most := self._bound(scope)):
                    raise BodyTooLarge(most)
                await self._app(scope, bounded, stamped)
            except BodyTooLarge as failure:
                await respond(413, "body-too-large", failure.detail)(scope, receive, stamped)
            except Exception as defect:  # further out the server would log it, text and all
                log.error("unexpected-failure", error=type(defect).__name__, path=_route(scope))
                if not started:
                    answer = respond(500, "internal-error", "a defect of ours; it was logged")
                    await answer(scope, receive, stamped)


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if re.fullmatch(r"[0-9]{1,15}", length) else 10**15


def _route(scope: Scope) -> str:
    """The route's own path, in which no id stands."""
    return str(getattr(scope.get("route"), "path", ""))
