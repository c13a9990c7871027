"""Outgoing calls of intake, the receiver played by a transport."""

from __future__ import annotations

import json

import httpx
import pytest

from services.intake.adapters.gateways import GatewayClient, GatewayRefused, GatewayUnavailable
from tests.unit.intake.sample import CARD, requested


def receiver(answer: int | httpx.HTTPError, calls: list[httpx.Request]) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return httpx.Response(answer, headers={"location": "http://elsewhere.example/"})

    return httpx.MockTransport(handle)


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (200, True),
        (202, True),
        (302, False),
        (408, False),
        (409, False),
        (425, False),
        (429, False),
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


@pytest.mark.parametrize(
    ("answer", "us"),
    [
        (400, False),
        (401, True),
        (403, True),
        (404, True),
        (405, True),
        (407, True),
        (410, False),
        (413, False),
        (422, False),
        (499, False),
    ],
)
async def test_refusal_says_whether_it_may_be_us_r_3_2(answer: int, us: bool) -> None:
    fund = GatewayClient("https://pf.example", "token-of-ours", receiver(answer, []))
    case = requested()
    assert case.request is not None
    with pytest.raises(GatewayRefused) as refused:
        await fund.send(case.request, case.reference.number, CARD)
    await fund.close()
    assert (refused.value.status, refused.value.us) == (answer, us)
