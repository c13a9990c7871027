"""HTTP: what every route of every service does the same way.

Invariant: no route without a policy (`allow` or `public`); every POST that creates or changes is
repeatable by its Idempotency-Key; every change names the version it was made on.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Response
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from chassis.commands import Request
from chassis.document import Answered
from chassis.identity import Caller, NotAuthenticated, Verifier
from contracts import ijson
from contracts.errors import Refusal
from contracts.values import Actor

ETAG = re.compile(r'"?([0-9]{1,15})"?')

bearer = HTTPBearer(auto_error=False, description="JWT access token of the identity provider")


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
        """The caller in an allowed role. Async: FastAPI would run anything else in a thread."""
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


async def unambiguous(http: HttpRequest) -> None:
    """Refuse a body that could be read in two ways. The framework has read it, the last name of
    each winning; a body that is streamed is for its route to read."""
    route = http.scope.get("route")
    if not isinstance(route, APIRoute) or route.body_field is None:
        return
    try:
        _, unclear = ijson.read((await http.body() or b"null").decode("utf-8-sig"))
    except (ValueError, RecursionError) as failure:
        raise HTTPException(400, "the body is not JSON in UTF-8") from failure
    if unclear is not None:
        raise RequestValidationError(
            [{"type": unclear.code, "loc": ("body", *unclear.path), "msg": unclear.rule}]
        )


async def _fingerprint(http: HttpRequest) -> str:
    asked = f"{http.url.path}?{http.url.query}" if http.url.query else http.url.path
    head = f"{http.method} {asked}\n".encode()
    return hashlib.sha256(head + await http.body()).hexdigest()


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
