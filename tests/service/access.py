"""A service's routes as callers meet them: who may, and what everybody else is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx
from fastapi import FastAPI

from contracts.roles import Role
from tests.service.stack import INSTITUTION, Stack

Ids = Mapping[str, str]
Body = Callable[[Ids], Any]
"""The body of a request, which may name records."""

STRANGER = "x-stranger"
NOBODYS = "C-nobodys"
STALE = 9999


class About(StrEnum):
    """What a route is about; from it follows what other organizations are answered."""

    RECORD = "record"
    """Somebody's record: to others it does not exist."""
    LIST = "list"
    """Records: each sees their own."""
    DISTRICT = "district"
    """Nobody's own: the role is for the whole district."""


@dataclass(frozen=True)
class Route:
    """A route: the roles that may call it (none: anybody), one such caller, a valid body."""

    method: str
    path: str
    roles: tuple[str, ...] = ()
    body: Any = None
    about: About = About.RECORD
    org: str | None = INSTITUTION
    subject: str | None = None
    query: str = ""
    creates: bool = False
    answers: int | None = None

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def answer(self) -> int:
        """What its own caller is answered, on a version that is not the present one."""
        if self.answers is not None:
            return self.answers
        if self.creates:
            return 201
        return 412 if self.method == "POST" and self.roles else 200


WHY = {"reason": "Проверка доступа"}
EVENT = "?event=intake.case.C-nobodys:1"


def _operation(
    method: str, path: str, *, query: str = "", answer: int | None = None, creates: bool = False
) -> Route:
    return Route(
        method,
        f"/operations{path}",
        (Role.OPERATOR,),
        WHY if method == "POST" else None,
        About.DISTRICT,
        org=None,
        query=query,
        creates=creates,
        answers=answer,
    )


CHASSIS = [
    Route("GET", "/health/live"),
    Route("GET", "/health/ready"),
    Route("GET", "/metrics"),
    _operation("GET", "/standing"),
    _operation("GET", "/interventions"),
    _operation("GET", "/streams"),
    _operation("GET", "/positions/{collection}"),
    _operation("GET", "/parked"),
    _operation("POST", "/parked/{collection}/{document_id}/retry", query=EVENT, answer=409),
    _operation("POST", "/parked/{collection}/{document_id}/skip", query=EVENT, answer=409),
    _operation("POST", "/reemissions", query="?collection=letters", answer=200, creates=True),
    _operation("GET", "/dead"),
    _operation("GET", "/dead/{letter_id}", answer=404),
    _operation("POST", "/dead/{letter_id}/replay", answer=404),
    _operation("POST", "/dead/{letter_id}/discard", answer=404),
    _operation("GET", "/{collection}/{document_id}"),
]
"""The routes that every service has."""


@dataclass(frozen=True)
class Walk:
    """A served service with a record of the institution, named by `ids`, on its version."""

    stack: Stack
    app: FastAPI
    client: httpx.AsyncClient
    collection: str
    record: str
    version: int
    ids: Ids

    async def send(self, route: Route, ids: Ids | None = None, **headers: str) -> httpx.Response:
        """Call a route with these headers, on the record unless others are named."""
        named = self.ids if ids is None else ids
        whole = {"collection": self.collection, "document_id": self.record, "letter_id": NOBODYS}
        whole |= named
        body = route.body(named) if callable(route.body) else route.body
        path = route.path.format(**whole) + route.query
        return await self.client.request(route.method, path, json=body, headers=headers)

    async def call(
        self, route: Route, *, ids: Ids | None = None, version: int | None = None, **who: Any
    ) -> httpx.Response:
        """Call a route as its own caller, or as one who differs from them."""
        headers = self.stack.headers(
            who.pop("role", route.roles[0]),
            who.pop("org", route.org),
            version=self.version if version is None else version,
            subject=who.pop("subject", route.subject),
            **who,
        )
        return await self.send(route, ids, **headers)

    @property
    def missing(self) -> Ids:
        """Ids of a record that nobody has."""
        return dict.fromkeys(self.ids, NOBODYS)


def told(answered: httpx.Response) -> Any:
    """What an answer tells, but for the marks of this one call."""
    body = answered.json()
    body.pop("correlation_id", None)
    return answered.status_code, answered.headers["content-type"], body
