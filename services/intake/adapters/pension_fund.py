"""The Pension Fund's gateway: takes interagency requests, answers later by a call of its own."""

from __future__ import annotations

from typing import Any

import httpx

from contracts.values import CitizenCard
from services.intake.domain.records import InteragencyRequest

SECONDS = 5.0


class GatewayUnavailable(Exception):
    """The request was not taken, or nothing is known of it: the same one is sent again."""


class PensionFund:
    """A client of the gateway. The request's id is the idempotency key of every attempt."""

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
        """Hand the request over; raises GatewayUnavailable unless it was taken."""
        try:
            response = await self._client.post(
                "/interagency-requests",
                json=content(request, case_number, card),
                headers={"Idempotency-Key": request.id},
            )
        except httpx.HTTPError as failure:
            raise GatewayUnavailable(type(failure).__name__) from failure
        if response.status_code not in {httpx.codes.OK, httpx.codes.ACCEPTED}:
            raise GatewayUnavailable(str(response.status_code))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def content(request: InteragencyRequest, case_number: str, card: CitizenCard) -> dict[str, Any]:
    """What article 7.2 of law 210-FZ asks a request to hold."""
    person = card.model_dump(mode="json", include={"snils", "name", "birth_date"})
    return {
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
