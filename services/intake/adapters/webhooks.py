"""Signed notices to medical organizations, by the Standard Webhooks rules."""

from __future__ import annotations

import json
from datetime import datetime

import httpx
from standardwebhooks.webhooks import Webhook

from services.intake.adapters.outgoing import NETWORKS, ForbiddenAddress, GuardedTransport
from services.intake.adapters.partners import Listener

SECONDS = 5.0
STATUS_CHANGED = "task.status-changed"


class NotDelivered(Exception):
    """The receiver did not take the notice; `gone` when it asked not to be called again (410)."""

    def __init__(self, answer: str, *, gone: bool = False) -> None:
        super().__init__(answer)
        self.answer = answer
        self.gone = gone


def body_of(task_id: str, status: str, changed_at: datetime) -> str:
    """The notice: the same in every attempt; it names nobody."""
    return json.dumps(
        {
            "type": STATUS_CHANGED,
            "timestamp": changed_at.isoformat(),
            "data": {"task": f"Task/{task_id}", "status": status},
        }
    )


def signatures(listener: Listener, notice_id: str, now: datetime, body: str) -> str:
    """One signature for each secret, so that either of two holds while they change."""
    return " ".join(
        Webhook(secret.get_secret_value()).sign(notice_id, now, body) for secret in listener.secrets
    )


class Webhooks:
    """Sends notices. `transport` replaces the guarded network."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport | None = None, *, loopback: bool = False
    ) -> None:
        self._client = httpx.AsyncClient(
            timeout=SECONDS,
            follow_redirects=False,
            trust_env=False,
            transport=transport or GuardedTransport(loopback=loopback),
        )

    async def send(self, listener: Listener, notice_id: str, body: str, now: datetime) -> str:
        """Hand a notice over; what was answered. Raises NotDelivered.

        The answer's body is not read: whatever a receiver says there, it is not for us.
        """
        headers = {
            "content-type": "application/json",
            "webhook-id": notice_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signatures(listener, notice_id, now, body),
        }
        request = self._client.build_request(
            "POST",
            listener.url,
            content=body,
            headers=headers,
            extensions={NETWORKS: listener.networks},
        )
        try:
            response = await self._client.send(request, stream=True)
            await response.aclose()
        except ForbiddenAddress as failure:
            raise NotDelivered("address-forbidden") from failure
        except httpx.HTTPError as failure:
            raise NotDelivered(type(failure).__name__) from failure
        if response.status_code == httpx.codes.GONE:
            raise NotDelivered("410", gone=True)
        if not response.is_success:
            raise NotDelivered(str(response.status_code))
        return str(response.status_code)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
