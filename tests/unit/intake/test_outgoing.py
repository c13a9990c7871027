"""Outgoing calls of intake, the receiver played by a transport."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from services.intake.adapters.gateways import GatewayClient, GatewayUnavailable
from services.intake.adapters.webhooks import NotDelivered, Webhooks
from tests.unit.intake.sample import CARD, requested, when

SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes for a webhook!!").decode()


def receiver(answer: int | httpx.HTTPError, calls: list[httpx.Request]) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return httpx.Response(answer, headers={"location": "http://elsewhere.example/"})

    return httpx.MockTransport(handle)


async def test_notice_is_signed_and_names_nobody() -> None:
    calls: list[httpx.Request] = []
    webhooks = Webhooks("https://mo.example/hook", SECRET, receiver(204, calls))
    now = datetime.now(UTC)  # the signature's time stamp is checked against the real clock
    await webhooks.send("J-1:0:accepted", "J-1", "accepted", now)
    await webhooks.close()
    (call,) = calls
    told = Webhook(SECRET).verify(call.content, dict(call.headers))
    assert told["data"] == {"task": "Task/J-1", "status": "accepted"}
    assert call.headers["webhook-id"] == "J-1:0:accepted"
    broken = call.content.replace(b"accepted", b"rejected")
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(broken, dict(call.headers))


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        (500, False),
        (503, False),
        (302, False),
        (404, False),
        (410, True),
        (httpx.ConnectError("down"), False),
        (httpx.ReadTimeout("slow"), False),
    ],
)
async def test_what_is_no_success_is_not_delivered(
    answer: int | httpx.HTTPError, gone: bool
) -> None:
    calls: list[httpx.Request] = []
    webhooks = Webhooks("https://mo.example/hook", SECRET, receiver(answer, calls))
    with pytest.raises(NotDelivered) as failed:
        await webhooks.send("J-1:0:accepted", "J-1", "accepted", when().now)
    assert failed.value.gone is gone
    assert len(calls) == 1  # no redirect is followed
    await webhooks.close()


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (200, True),
        (202, True),
        (302, False),
        (400, False),
        (409, False),
        (503, False),
        (httpx.ConnectError("down"), False),
        (httpx.ReadTimeout("slow"), False),
    ],
)
async def test_request_is_taken_or_sent_again_with_the_same_key_r_3_2(
    answer: int | httpx.HTTPError, taken: bool
) -> None:
    calls: list[httpx.Request] = []
    fund = GatewayClient("https://pf.example", "token-of-ours", receiver(answer, calls))
    case = requested()
    assert case.request is not None
    for _ in range(2):
        if taken:
            await fund.send(case.request, case.reference.number, CARD)
            continue
        with pytest.raises(GatewayUnavailable) as failed:
            await fund.send(case.request, case.reference.number, CARD)
        assert "Петрова" not in str(failed.value)
    await fund.close()
    assert [call.headers["idempotency-key"] for call in calls] == [case.request.id] * 2
    assert calls[0].content == calls[1].content
    assert calls[0].headers["authorization"] == "Bearer token-of-ours"
    assert json.loads(calls[0].content)["id"] == case.request.id
