"""Signed notices to medical organizations, by the Standard Webhooks rules."""

from __future__ import annotations

import json
from datetime import datetime

import httpx
from standardwebhooks.webhooks import Webhook

SECONDS = 5.0


class NotDelivered(Exception):
    """The receiver did not take the notice; `gone` when it asked not to be called again (410)."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.gone = gone


class Webhooks:
    """Sends notices to one receiver."""

    def __init__(
        self, url: str, secret: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url
        self._signer = Webhook(secret)
        self._client = httpx.AsyncClient(
            timeout=SECONDS, follow_redirects=False, transport=transport
        )

    async def send(self, notice_id: str, task_id: str, status: str, now: datetime) -> None:
        """Tell the receiver that a task's state changed; raises NotDelivered."""
        body = json.dumps(
            {
                "type": "task.status-changed",
                "timestamp": now.isoformat(),
                "data": {"task": f"Task/{task_id}", "status": status},
            }
        )
        headers = {
            "content-type": "application/json",
            "webhook-id": notice_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(notice_id, now, body),
        }
        try:
            response = await self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as failure:
            raise NotDelivered(type(failure).__name__) from failure
        if response.status_code == httpx.codes.GONE:
            raise NotDelivered("gone", gone=True)
        if not response.is_success:
            raise NotDelivered(str(response.status_code))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
