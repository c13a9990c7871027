"""The services of one district as an operator reaches them, and what can go wrong on the way."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from contracts.roles import Role
from deploy.services import DISTRICT, SERVICES

SECONDS = 60.0
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
    """A service does not answer: it could not be asked."""

    code = 2


class NoToken(OperatorError):
    """There is nothing to show who is asking."""

    code = 2


class Region:
    """All services of the district, asked with one operator's token.

    Addresses come from OPORA_<SERVICE>_URL, else they are those of `make up`; the token from
    OPORA_TOKEN, else the local system's own key signs one.
    """

    def __init__(self, http: httpx.Client | None = None, token: str | None = None) -> None:
        self._http = http or httpx.Client(timeout=SECONDS)
        self._token = token or os.environ.get("OPORA_TOKEN") or _local_token()
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

    def get(self, service: str, path: str, **query: Any) -> Any:
        """What a service answers; raises Refused, Unreachable."""
        return self._ask("GET", service, path, query, None)

    def find(self, service: str, path: str, **query: Any) -> Any | None:
        """What a service answers; None where there is no such record."""
        try:
            return self.get(service, path, **query)
        except Refused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def do(self, service: str, path: str, reason: str, **query: Any) -> Any:
        """Have something done, with the reason that is kept of it; raises Refused, Unreachable."""
        return self._ask("POST", service, path, query, {"reason": reason})

    def pages(self, service: str, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list with cursors."""
        cursor: str | None = None
        while True:
            page = self.get(service, path, limit=100, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def _ask(self, method: str, service: str, path: str, query: dict[str, Any], body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": uuid.uuid4().hex}
        try:
            answered = self._http.request(
                method,
                self.urls[service] + path,
                params={name: value for name, value in query.items() if value is not None},
                headers=headers,
                json=body,
            )
        except httpx.TransportError as failure:
            kind = type(failure).__name__
            raise Unreachable(
                f"{service} does not answer at {self.urls[service]} ({kind});"
                " nothing is known to have been done."
            ) from failure
        if answered.is_success:
            return answered.json()
        raise _refusal(service, answered)


def _refusal(service: str, answered: httpx.Response) -> Refused:
    try:
        problem = answered.json()
        detail = problem["detail"]
        for wrong in problem.get("errors", ()):
            detail += f"; {wrong['field']}: {wrong['detail']}"
        return Refused(service, answered.status_code, problem["code"], detail)
    except (ValueError, KeyError, TypeError):
        return Refused(service, answered.status_code, "http-error", f"HTTP {answered.status_code}")


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
