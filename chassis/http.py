"""HTTP: what every route of every service does the same way.

Invariant: no route without a policy (`allow` or `public`); every POST that creates or changes is
repeatable by its Idempotency-Key; every change names the version it was made on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Header, Response
from fastapi import Request as HttpRequest
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import tracing
from chassis.commands import Request
from chassis.document import Answered
from chassis.identity import Caller, NotAuthenticated, Verifier
from chassis.problems import MEDIA_TYPE, Problem, respond
from contracts.errors import Refusal
from contracts.values import Actor

log = structlog.get_logger()

MAX_BODY_BYTES = 1024 * 1024
ETAG = re.compile(r'"?([0-9]{1,15})"?')

bearer = HTTPBearer(auto_error=False, description="JWT access token of the identity provider")

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in {
        400: "malformed request",
        401: "no valid token",
        403: "the role may not do this",
        404: "no such record, or not the caller's",
        405: "method not allowed",
        409: "not in this state",
        412: "the version is stale",
        413: "body over 1 MB, or over what the route takes",
        422: "a field breaks a rule",
        428: "If-Match is missing",
        429: "too many requests",
        500: "a defect of ours",
        503: "nothing was stored; repeat",
    }.items()
}


class Body(BaseModel):
    """Base of request bodies: a field we do not know is refused, never dropped."""

    model_config = ConfigDict(extra="forbid")


class CommandReceipt(BaseModel):
    """What a command did: the record's new version and the events it issued."""

    model_config = ConfigDict(extra="allow")

    id: str
    version: int
    events: list[str] = Field(description="types of the events issued")


class PreconditionRequired(Refusal):
    """A change must name the version it was made on."""

    status = 428


class MalformedHeader(Refusal):
    """A header is missing or not of its form."""

    status = 400


async def caller(
    http: HttpRequest,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """The verified caller of this request."""
    if credentials is None:
        raise NotAuthenticated("token-missing", "send a bearer token")
    verifier: Verifier = http.app.state.verifier
    return verifier.verify(credentials.credentials)


class Allow:
    """A policy: one of these roles. The architecture test looks for it on every route."""

    def __init__(self, *roles: str) -> None:
        self.roles = roles

    async def __call__(self, who: Annotated[Caller, Depends(caller)]) -> Actor:
        """The caller in one of the roles allowed; not async, it would cost a thread each time."""
        return who.acting_as(*self.roles)


def allow(*roles: str) -> Any:
    """`Annotated[Actor, allow(Role.X)]` in a route's signature says who may call it."""
    return Depends(Allow(*roles))


def in_state(name: str) -> Any:
    """`Annotated[Intake, in_state("intake")]` hands a route what `main.py` put together."""

    async def find(http: HttpRequest) -> Any:
        return getattr(http.app.state, name)

    return Depends(find)


async def public() -> None:
    """The policy of a route that anyone may call."""


def key_of(who: str, header: str | None) -> str:
    """What a caller's Idempotency-Key is kept as; raises MalformedHeader without one."""
    if not header or not header.strip():
        raise MalformedHeader(
            "idempotency-key-required", "send an Idempotency-Key", field="Idempotency-Key"
        )
    return hashlib.sha256(f"{who}|{header}".encode()).hexdigest()[:32]


def version_of(header: str | None) -> int:
    """The version an If-Match names; raises PreconditionRequired without one, MalformedHeader."""
    if header is None:
        raise PreconditionRequired(
            "if-match-required", "send If-Match with the ETag you read", field="If-Match"
        )
    read = ETAG.fullmatch(header.strip())
    if read is None:
        raise MalformedHeader(
            "invalid-if-match", "If-Match is an ETag as it was read", field="If-Match"
        )
    return int(read[1])


IdempotencyKey = Annotated[
    str | None, Header(max_length=200, description="unique per request; repeat it to retry")
]


async def creation(
    http: HttpRequest,
    who: Annotated[Caller, Depends(caller)],
    idempotency_key: IdempotencyKey = None,
) -> Request:
    """A request that creates: needs an Idempotency-Key."""
    key = key_of(who.subject, idempotency_key)
    return Request(key=key, fingerprint=await _fingerprint(http))


IfMatch = Annotated[str | None, Header(description="the ETag that was read")]


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request without a token that creates or changes: whose it is, its body has to show."""

    header: str | None
    fingerprint: str

    def of(self, who: str) -> Request:
        """The request as one of whom the body has shown it to be."""
        return Request(key=key_of(who, self.header), fingerprint=self.fingerprint)


async def unsigned(http: HttpRequest, idempotency_key: IdempotencyKey = None) -> Unsigned:
    """A public request that creates or changes: needs an Idempotency-Key all the same."""
    key_of("", idempotency_key)
    return Unsigned(idempotency_key, await _fingerprint(http))


async def _fingerprint(http: HttpRequest) -> str:
    path = f"{http.method} {http.url.path}\n".encode()
    return hashlib.sha256(path + await http.body()).hexdigest()


async def change(
    request: Annotated[Request, Depends(creation)],
    if_match: IfMatch = None,
) -> Request:
    """A request that changes: needs an Idempotency-Key and If-Match."""
    return Request(request.key, request.fingerprint, version_of(if_match))


Creation = Annotated[Request, Depends(creation)]
Change = Annotated[Request, Depends(change)]
UnsignedCreation = Annotated[Unsigned, Depends(unsigned)]


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def receipt(answered: Answered, response: Response) -> CommandReceipt:
    """A command's answer as a response, with the new ETag."""
    response.headers["ETag"] = etag(answered.version)
    return CommandReceipt.model_validate(answered.answer)


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


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The OpenAPI description, with the shape of problems under their own media type."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = described.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(shape.pop("$defs"), Problem=shape)
            app.openapi_schema = described
        return app.openapi_schema

    return openapi
