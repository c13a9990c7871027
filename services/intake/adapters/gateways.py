"""Gateways of other bodies: each takes interagency requests, and answers later by a call of its
own. The Pension Fund's is the first; further ones are settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from contracts.values import CitizenCard, Identifier
from services.intake.domain.requests import InteragencyRequest

SECONDS = 5.0
LONGEST_ASKED_SECONDS = 300.0
BUSY = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})
PASSING = frozenset({408, 409, 425, 429})
"""Refusals of this moment: the same request may be taken later."""
OF_US = frozenset({401, 403, 404, 405, 407})
"""It may be us who are refused, not the request: a token or an address that is no longer right."""


class GatewaySettings(BaseModel):
    """One gateway as the settings name it: for which kind of request, whose, where, how fast."""

    model_config = ConfigDict(extra="forbid")

    kind: Identifier = Field(description="kind of request in the regulation pack")
    office: Identifier = Field(description="directory id of the body that is asked there")
    url: str = Field(pattern=r"^https?://")
    token: SecretStr
    per_minute: int = Field(default=50, ge=1, le=100_000)


_listed: TypeAdapter[list[GatewaySettings]] = TypeAdapter(list[GatewaySettings])


def read_gateways(file: Path) -> Sequence[GatewaySettings]:
    """The gateways a JSON file lists; raises ValueError that quotes nothing of it, for tokens
    stand there."""
    try:
        return _listed.validate_json(file.read_bytes())
    except OSError as failure:
        raise ValueError(f"OPORA_GATEWAYS: {failure.strerror}") from None
    except ValidationError as failure:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in failure.errors()]
        raise ValueError(f"OPORA_GATEWAYS: {'; '.join(wrong)}") from None


class GatewayUnavailable(Exception):
    """The request was not taken, or nothing is known of it: the same one is sent again.

    `pause` is how many seconds the gateway asked to be left alone; 0 when it did not.
    """

    def __init__(self, reason: str, pause: float = 0) -> None:
        super().__init__(reason)
        self.pause = pause


class GatewayRefused(Exception):
    """The gateway will not have the request, and would not if it came again.

    `us`: it may be us it refuses, and then all that waits for it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status
        self.us = status in OF_US


class GatewayClient:
    """A client of one gateway. The request's id is the idempotency key of every attempt."""

    def __init__(
        self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=SECONDS,
            headers={"Authorization": f"Bearer {token}"},
            follow_redirects=False,
            transport=transport,
        )

    async def send(self, request: InteragencyRequest, case_number: str, card: CitizenCard) -> None:
        """Hand the request over; unless it is taken, GatewayRefused or GatewayUnavailable."""
        try:
            response = await self._client.post(
                "/interagency-requests",
                json=content(request, case_number, card),
                headers={"Idempotency-Key": request.id},
            )
        except httpx.HTTPError as failure:
            raise GatewayUnavailable(type(failure).__name__) from failure
        status = response.status_code
        if httpx.codes.is_client_error(status) and status not in PASSING:
            raise GatewayRefused(status)
        if status not in {httpx.codes.OK, httpx.codes.ACCEPTED}:
            pause = _pause(response) if status in BUSY else 0.0
            raise GatewayUnavailable(str(status), pause)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _pause(response: httpx.Response) -> float:
    """What Retry-After asks for, in seconds, within bounds; it may be a date."""
    asked = response.headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_ASKED_SECONDS)
    try:
        until = parsedate_to_datetime(asked)
        sent = parsedate_to_datetime(response.headers["Date"])
        return min(max((until - sent).total_seconds(), 0.0), LONGEST_ASKED_SECONDS)
    except (ValueError, TypeError, KeyError):
        return 0.0


@dataclass(slots=True)
class AskedBody:
    """One body that is asked electronically: its gateways by kind, and the pace agreed."""

    office: str
    per_minute: int
    clients: dict[str, GatewayClient] = field(default_factory=dict)


class Gateways:
    """The gateways there are, by partner. Two that name one office share one pace, the slower."""

    def __init__(
        self,
        settings: Sequence[GatewaySettings],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.partners: dict[str, AskedBody] = {}
        for one in settings:
            partner = self.partners.setdefault(one.office, AskedBody(one.office, one.per_minute))
            partner.per_minute = min(partner.per_minute, one.per_minute)
            token = one.token.get_secret_value()
            partner.clients[one.kind] = GatewayClient(one.url, token, transport)

    def reaches(self, office: str, kind: str) -> bool:
        """Whether that body takes requests of that kind electronically."""
        partner = self.partners.get(office)
        return partner is not None and kind in partner.clients

    def office_of(self, kind: str) -> str | None:
        """The first body that takes requests of a kind; the settings' order decides."""
        return next((p.office for p in self.partners.values() if kind in p.clients), None)

    async def close(self) -> None:
        """Close all connections."""
        for partner in self.partners.values():
            for client in partner.clients.values():
                await client.close()


def content(request: InteragencyRequest, case_number: str, card: CitizenCard) -> dict[str, Any]:
    """What article 7.2 of law 210-FZ asks a request to hold."""
    person = card.model_dump(mode="json", include={"snils", "name", "birth_date"})
    # One signed before there were numbers is sent as it was: the same key, the same content.
    numbered = {
        "kind": request.kind,
        "outgoing_number": request.outgoing_number,
        "repeats": request.repeats,
    }
    return {
        **(numbered if request.outgoing_number else {}),
        "id": request.id,
        "requesting_body": request.requesting_body,
        "addressed_body": request.addressed_body,
        "service": request.service,
        "legal_ground": request.legal_ground,
        "data_needed": {"what": request.data_needed, "person": person},
        "return_contact": request.return_contact,
        "sent_on": request.sent_on.isoformat(),
        "signatory": request.signatory.model_dump(mode="json", exclude_none=True),
        "case_number": case_number,
    }
