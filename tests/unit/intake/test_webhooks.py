"""Notices by the Standard Webhooks rules: signatures, vectors, who may be called (L 2.2, K 3)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.intake.adapters.outgoing import GuardedTransport, is_allowed
from services.intake.adapters.partners import Listener
from services.intake.adapters.webhooks import NotDelivered, Webhooks, body_of

SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes for a webhook!!").decode()
NEXT = "whsec_" + base64.b64encode(b"the one that replaces it, later!").decode()
CHANGED = datetime(2026, 2, 2, 5, 0, tzinfo=UTC)
BODY = body_of("J-1", "accepted", CHANGED)


def listener(*secrets: str, url: str = "https://mo.example/hook") -> Listener:
    return Listener.model_validate({"url": url, "secrets": secrets or (SECRET,)})


def receiver(answer: int | httpx.HTTPError, calls: list[httpx.Request]) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return httpx.Response(answer, headers={"location": "http://elsewhere.example/"})

    return httpx.MockTransport(handle)


async def sent(to: Listener, at: datetime | None = None) -> httpx.Request:
    calls: list[httpx.Request] = []
    webhooks = Webhooks(receiver(204, calls))
    assert await webhooks.send(to, "W1", BODY, at or datetime.now(UTC)) == "204"
    await webhooks.close()
    (call,) = calls
    return call


async def test_notice_is_signed_and_names_nobody() -> None:
    call = await sent(listener())
    told = Webhook(SECRET).verify(call.content, dict(call.headers))
    assert told == {
        "type": "task.status-changed",
        "timestamp": CHANGED.isoformat(),
        "data": {"task": "Task/J-1", "status": "accepted"},
    }
    assert call.headers["webhook-id"] == "W1"
    assert "." not in call.headers["webhook-id"]


@pytest.mark.parametrize("place", range(0, len(BODY), 7))
async def test_one_bit_changed_is_not_believed(place: int) -> None:
    call = await sent(listener())
    broken = bytearray(call.content)
    broken[place] ^= 1
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(bytes(broken), dict(call.headers))


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
async def test_id_and_time_are_signed_too(header: str) -> None:
    call = await sent(listener())
    value = call.headers[header]
    headers = dict(call.headers) | {header: value[:-1] + ("1" if value[-1] != "1" else "2")}
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Webhook(SECRET).verify(call.content, headers)


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_stale_timestamp_is_not_believed(minutes: int) -> None:
    call = await sent(listener(), datetime.now(UTC) + timedelta(minutes=minutes))
    with pytest.raises(WebhookVerificationError, match="too"):
        Webhook(SECRET).verify(call.content, dict(call.headers))


async def test_either_secret_holds_while_one_replaces_the_other() -> None:
    call = await sent(listener(NEXT, SECRET))
    assert len(call.headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, NEXT):
        Webhook(secret).verify(call.content, dict(call.headers))


async def test_old_secret_does_not_hold_after_that() -> None:
    call = await sent(listener(NEXT))
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Webhook(SECRET).verify(call.content, dict(call.headers))


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
    webhooks = Webhooks(receiver(answer, calls))
    with pytest.raises(NotDelivered) as failed:
        await webhooks.send(listener(), "W1", BODY, CHANGED)
    assert failed.value.gone is gone
    assert len(calls) == 1  # no redirect is followed
    await webhooks.close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0", "::",
        "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::", "169.254.169.254", "fe80::1", "fe80::1%eth0",
        "::ffff:169.254.169.254", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1",
        "198.18.0.1", "203.0.113.7", "2001:db8::1", "нет", "",
    ],
)  # fmt: skip
def test_addresses_that_are_nobodys_in_public_are_refused(address: str) -> None:
    assert not is_allowed(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address)


class Network(httpx.AsyncBaseTransport):
    """What would be connected to."""

    def __init__(self) -> None:
        self.calls: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        return httpx.Response(204)


def guarded(network: Network, *answers: Sequence[str], loopback: bool = False) -> Webhooks:
    """Names are looked up one after the other; the last answer stays."""
    left = list(answers)

    async def look_up(host: str, port: int) -> Sequence[str]:
        found = left.pop(0) if len(left) > 1 else left[0]
        if not found:
            raise OSError("unknown")
        return found

    return Webhooks(GuardedTransport(loopback=loopback, look_up=look_up, network=network))


async def test_address_that_was_checked_is_the_one_connected_to() -> None:
    network = Network()
    webhooks = guarded(network, ["93.184.216.34"], ["127.0.0.1"])
    await webhooks.send(listener(), "W1", BODY, CHANGED)
    (call,) = network.calls
    assert call.url.host == "93.184.216.34"
    assert call.headers["host"] == "mo.example"
    assert call.extensions["sni_hostname"] == "mo.example"
    with pytest.raises(NotDelivered, match="address-forbidden"):  # the name answers otherwise now
        await webhooks.send(listener(), "W1", BODY, CHANGED)
    assert len(network.calls) == 1


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:192.168.0.1"], ["fe80::1"]]
)
async def test_name_of_a_private_address_is_not_called(found: list[str]) -> None:
    network = Network()
    with pytest.raises(NotDelivered, match="address-forbidden"):
        await guarded(network, found).send(listener(), "W1", BODY, CHANGED)
    assert network.calls == []


async def test_name_that_nobody_knows_is_not_delivered() -> None:
    with pytest.raises(NotDelivered, match="ConnectError"):
        await guarded(Network(), []).send(listener(), "W1", BODY, CHANGED)


@pytest.mark.parametrize(
    ("url", "found", "loopback", "called"),
    [
        ("http://mo.example/hook", ["93.184.216.34"], False, False),
        ("http://mo.example/hook", ["93.184.216.34"], True, False),
        ("http://127.0.0.1:9000/hook", ["127.0.0.1"], True, True),
        ("http://127.0.0.1:9000/hook", ["127.0.0.1"], False, False),
        ("https://127.0.0.1:9000/hook", ["127.0.0.1"], False, False),
        ("https://mo.example/hook", ["93.184.216.34"], False, True),
    ],
)
async def test_https_is_asked_for_but_of_this_machine_where_that_is_allowed(
    url: str, found: list[str], loopback: bool, called: bool
) -> None:
    network = Network()
    webhooks = guarded(network, found, loopback=loopback)
    if called:
        await webhooks.send(listener(url=url), "W1", BODY, CHANGED)
    else:
        with pytest.raises(NotDelivered, match="address-forbidden"):
            await webhooks.send(listener(url=url), "W1", BODY, CHANGED)
    assert len(network.calls) == int(called)


async def test_private_network_that_the_partner_names_is_called() -> None:
    network = Network()
    to = Listener.model_validate(
        {"url": "https://mo.example/hook", "secrets": [SECRET], "networks": ["10.20.0.0/16"]}
    )
    webhooks = guarded(network, ["10.20.3.4"], ["10.21.3.4"])
    await webhooks.send(to, "W1", BODY, CHANGED)
    with pytest.raises(NotDelivered, match="address-forbidden"):
        await webhooks.send(to, "W1", BODY, CHANGED)
    assert len(network.calls) == 1


def test_body_is_the_same_in_every_attempt() -> None:
    assert json.loads(BODY) == json.loads(body_of("J-1", "accepted", CHANGED))
