"""The services of one district as an operator reaches them, and what can go wrong on the way."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import stamina

from contracts.roles import Role
from deploy.operations.answers import Live, Page, fits
from deploy.services import DISTRICT, SERVICES

LOOK_SECONDS = 10.0
DEED_SECONDS = 60.0
TRIES = 3
NOT_NOW = {429, 502, 503, 504}
"""Answers that say nothing about the request itself."""
LIVE = "/health/live"
LOCAL_SYSTEM = "up"
AUTHORISED_BODY = "r-authorised-body-07"


class OperatorError(Exception):
    """Ends the command with a sentence and an exit code."""

    code = 1


class Refused(OperatorError):
    """A service answered that it cannot be done; nothing was changed."""

    def __init__(self, service: str, status: int, code: str, detail: str) -> None:
        super().__init__(f"{service} refuses ({code}): {detail}")
        self.status = status
        self.problem = code


class Unreachable(OperatorError):
    """A service does not answer, or not now: whether it did what was asked is not known."""

    code = 2


class NoService(OperatorError):
    """Something else answers at its address, or a version that is not understood."""

    code = 2


class NoToken(OperatorError):
    """There is nothing to show who is asking."""

    code = 2


class District:
    """All services of the district, asked with one operator's token.

    Addresses come from OPORA_<SERVICE>_URL, else they are those of `make up`; the token from
    OPORA_TOKEN or the file OPORA_TOKEN_FILE, else the local system's own key signs one.
    """

    def __init__(self, http: httpx.Client | None = None, token: str | None = None) -> None:
        self._http = http or httpx.Client()
        self._token = _plain(token or _given_token() or _local_token())
        self._known: set[str] = set()
        self.urls = {
            name: os.environ.get(f"OPORA_{name.upper()}_URL", f"http://127.0.0.1:{port}")
            for name, port in SERVICES.items()
        }

    @property
    def services(self) -> list[str]:
        """Every service, in the order a case passes them."""
        return list(self.urls)

    def chosen(self, service: str | None) -> list[str]:
        """The one that was named, or all; raises OperatorError for a name that is none."""
        if service is None:
            return self.services
        if service not in self.urls:
            raise OperatorError(f"There is no service {service}: {', '.join(self.urls)}.")
        return [service]

    def get(self, service: str, path: str, shape: Any, **query: Any) -> Any:
        """What a service answers; raises Refused, Unreachable, NoService."""
        return self._ask("GET", service, path, shape, query, None)

    def find(self, service: str, path: str, shape: Any, **query: Any) -> Any | None:
        """What a service answers; None where there is no such record."""
        try:
            return self.get(service, path, shape, **query)
        except Refused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def do(self, service: str, path: str, shape: Any, reason: str, **query: Any) -> Any:
        """Have something done, with the reason that is kept of it; raises as `get` does."""
        return self._ask("POST", service, path, shape, query, {"reason": reason})

    def pages(
        self, service: str, path: str, shape: Any, *, by: str = "cursor", **query: Any
    ) -> Iterator[Any]:
        """Every item of a list; `by`: the parameter that takes a page's `next`."""
        last: str | None = None
        while True:
            page = self.get(service, path, Page[shape], limit=100, **{by: last}, **query)
            yield from page["items"]
            last = page["next"]
            if last is None:
                return

    def _ask(
        self, method: str, service: str, path: str, shape: Any, query: dict[str, Any], body: Any
    ) -> Any:
        """One request, under one key for all its tries: what was done by one is not done again."""
        if service not in self._known and path != LIVE:
            if self.get(service, LIVE, Live)["service"] != service:
                raise _stranger(service, "it says that it is another")
            self._known.add(service)
        request = self._http.build_request(
            method,
            self.urls[service] + path,
            params={name: value for name, value in query.items() if value is not None},
            headers={
                "Authorization": f"Bearer {self._token}",
                "Idempotency-Key": uuid.uuid4().hex,
            },
            json=body,
            timeout=LOOK_SECONDS if method == "GET" else DEED_SECONDS,
        )
        again = stamina.retry(on=Unreachable, attempts=TRIES, wait_initial=0.5, timeout=None)
        said = again(self._send)(service, request)
        if not fits(shape, said):
            raise _stranger(service, "what it says is not understood: is it another version?")
        return said

    def _send(self, service: str, request: httpx.Request) -> Any:
        try:
            answered = self._http.send(request)
        except httpx.TransportError as failure:
            raise _unknown(service, request, type(failure).__name__) from failure
        if answered.status_code in NOT_NOW:
            raise _unknown(service, request, f"HTTP {answered.status_code}")
        return _answer(service, answered)


def _unknown(service: str, request: httpx.Request, why: str) -> Unreachable:
    at = f"{request.url.scheme}://{request.url.netloc.decode()}"
    known = "" if request.method == "GET" else "; whether it did what was asked is not known"
    return Unreachable(f"{service} does not answer at {at} ({why}){known}.")


def _stranger(service: str, why: str) -> NoService:
    return NoService(f"What answers for {service} is no service of Opora of that name ({why}).")


def _answer(service: str, answered: httpx.Response) -> Any:
    try:
        said = answered.json()
        if answered.is_success:
            return said
        detail = str(said["detail"])
        for wrong in said.get("errors", ()):
            detail += f"; {wrong['field']}: {wrong['detail']}"
        code = str(said["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _stranger(service, f"HTTP {answered.status_code}") from None
    raise Refused(service, answered.status_code, code, detail)


def _given_token() -> str | None:
    """The token of the environment; a file may be renewed while a watch goes on."""
    file = os.environ.get("OPORA_TOKEN_FILE")
    if not file:
        return os.environ.get("OPORA_TOKEN")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as failure:
        raise NoToken(f"OPORA_TOKEN_FILE cannot be read: {failure.strerror}.") from failure
    except UnicodeDecodeError:
        raise NoToken("OPORA_TOKEN_FILE holds no token.") from None


def _plain(token: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token) is None:  # RFC 6750, 2.1
        raise NoToken("What was given as a token is none: see OPORA_TOKEN and OPORA_TOKEN_FILE.")
    return token


def _local_token() -> str:
    try:  # in production there is no local system, nor what it is made of
        from deploy.runner.servers import data_dir_of  # noqa: PLC0415
        from deploy.runner.tokens import Credentials  # noqa: PLC0415
    except ImportError:
        raise NoToken("Set OPORA_TOKEN to an operator's access token.") from None
    credentials = data_dir_of(os.environ.get("OPORA_SYSTEM", LOCAL_SYSTEM)) / "credentials"
    if not (credentials / "jwks.json").exists():
        raise NoToken("Set OPORA_TOKEN to an operator's access token: nothing local is up.")
    district = os.environ.get("OPORA_DISTRICT", DISTRICT)
    return Credentials(credentials).token(
        Role.OPERATOR, org=AUTHORISED_BODY, district=district, subject="local-operator"
    )
