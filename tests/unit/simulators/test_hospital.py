"""The hospital's stand-in: what it believes, takes once, and refuses at first."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from deploy.simulators.hospital import create_app
from deploy.simulators.settings import HospitalSettings
from services.intake.adapters.partners import Listener
from services.intake.adapters.webhooks import NotDelivered, Webhooks, body_of
from tests.unit.simulators.conftest import calling

SECRET = "whsec_" + b64encode(b"invented-secret-of-a-hospital-00").decode()
NEXT = "whsec_" + b64encode(b"invented-secret-of-a-hospital-01").decode()
NOTHING = {"received": 0, "replayed": 0, "refused": 0, "rejected": 0}


def hospital(fail_share: float = 0.0) -> Any:
    return calling(
        create_app(HospitalSettings(webhook_secret=SecretStr(SECRET), fail_share=fail_share))
    )


def listener(*secrets: str) -> Listener:
    """The hospital as intake's settings have it."""
    return Listener.model_validate({"url": "http://hospital/webhooks", "secrets": secrets})


def body(
    status: str = "received", task: str = "J-r-institution-15-2026-000001", **more: Any
) -> str:
    """A notice as intake writes it."""
    notice = {
        "type": "task.status-changed",
        "timestamp": "2026-02-03T04:00:00+00:00",
        "data": {"task": f"Task/{task}", "status": status},
    }
    return json.dumps(notice | more)


def signed(
    content: str, notice_id: str = "n1", at: datetime | None = None, secret: str = SECRET
) -> dict[str, str]:
    """Headers by the Standard Webhooks rules."""
    moment = at or datetime.now(UTC)
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(notice_id, moment, content),
    }


async def post(client: httpx.AsyncClient, content: str, headers: dict[str, str]) -> int:
    return (await client.post("/webhooks", content=content, headers=headers)).status_code


async def figures(client: httpx.AsyncClient) -> dict[str, int]:
    found: dict[str, int] = (await client.get("/figures")).json()
    return found


async def test_signed_notice_is_kept_as_the_tasks_state() -> None:
    async with hospital() as client:
        content = body("in-progress/survey")
        assert await post(client, content, signed(content)) == 204
        task = (await client.get("/tasks/J-r-institution-15-2026-000001")).json()
        assert (task["status"], task["heard"]) == ("in-progress/survey", ["in-progress/survey"])
        assert await figures(client) == NOTHING | {"received": 1}


async def test_intakes_own_adapter_is_refused_once_and_then_believed() -> None:
    app = create_app(HospitalSettings(webhook_secret=SecretStr(SECRET), fail_share=1.0))
    sender, now = Webhooks(httpx.ASGITransport(app=app)), datetime.now(UTC)
    to, said = listener(SECRET), body_of("J-1", "accepted", now)
    with pytest.raises(NotDelivered, match="503"):
        await sender.send(to, "n1", said, now)
    await sender.send(to, "n1", said, now)
    await sender.send(to, "n1", said, now)  # replayed: taken for once
    await sender.close()
    async with calling(app) as client:
        assert (await client.get("/tasks/J-1")).json()["status"] == "accepted"
        assert await figures(client) == NOTHING | {"received": 1, "refused": 1, "replayed": 1}


async def test_secret_is_replaced_without_a_notice_lost_and_the_old_one_ends() -> None:
    """Sender signs with both, each side changes over when it likes, then the old one holds no
    more."""
    old_hospital = create_app(HospitalSettings(webhook_secret=SecretStr(SECRET)))
    new_hospital = create_app(HospitalSettings(webhook_secret=SecretStr(NEXT)))
    now = datetime.now(UTC)
    for app in (old_hospital, new_hospital):
        sender, said = Webhooks(httpx.ASGITransport(app=app)), body_of("J-1", "accepted", now)
        await sender.send(listener(NEXT, SECRET), "n1", said, now)
        outlived = SECRET if app is new_hospital else NEXT
        with pytest.raises(NotDelivered, match="401"):
            await sender.send(listener(outlived), "n2", said, now)
        await sender.close()
        async with calling(app) as client:
            assert await figures(client) == NOTHING | {"received": 1, "rejected": 1}


async def test_unknown_task_is_not_found() -> None:
    async with hospital() as client:
        assert (await client.get("/tasks/J-nowhere")).status_code == 404


def tampered_body(content: str, headers: dict[str, str]) -> str:
    return content.replace("received", "accepted")


def tampered_signature(content: str, headers: dict[str, str]) -> str:
    version, signature = headers["webhook-signature"].split(",")
    other = "A" if signature[0] != "A" else "B"
    headers["webhook-signature"] = f"{version},{other}{signature[1:]}"
    return content


def tampered_id(content: str, headers: dict[str, str]) -> str:
    headers["webhook-id"] = "n2"
    return content


def tampered_time(content: str, headers: dict[str, str]) -> str:
    headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    return content


def no_signature(content: str, headers: dict[str, str]) -> str:
    del headers["webhook-signature"]
    return content


def no_version(content: str, headers: dict[str, str]) -> str:
    headers["webhook-signature"] = "без-версии".encode().hex()
    return content


def no_time(content: str, headers: dict[str, str]) -> str:
    headers["webhook-timestamp"] = "nan"
    return content


@pytest.mark.parametrize(
    "tamper",
    [
        tampered_body,
        tampered_signature,
        tampered_id,
        tampered_time,
        no_signature,
        no_version,
        no_time,
    ],
)
async def test_tampered_notice_is_not_believed(
    tamper: Callable[[str, dict[str, str]], str],
) -> None:
    async with hospital() as client:
        headers = signed(body())
        content = tamper(body(), headers)
        answer = await client.post("/webhooks", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-does-not-hold")
        assert await figures(client) == NOTHING | {"rejected": 1}
        assert (await client.get("/tasks/J-r-institution-15-2026-000001")).status_code == 404


async def test_body_that_is_no_text_is_not_believed() -> None:
    async with hospital() as client:
        answer = await client.post("/webhooks", content=b"\xff\xfe", headers=signed("x"))
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("minutes", "status"), [(-6, 401), (-4, 204), (0, 204), (4, 204), (6, 401)]
)
async def test_stale_or_future_timestamp_is_not_believed(minutes: int, status: int) -> None:
    async with hospital() as client:
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        assert await post(client, body(), signed(body(), at=at)) == status


async def test_notice_signed_with_another_secret_is_not_believed() -> None:
    other = "whsec_" + b64encode(b"another-invented-secret-00000000").decode()
    async with hospital() as client:
        assert await post(client, body(), signed(body(), secret=other)) == 401


@pytest.mark.parametrize(
    "content",
    ["[]", "no json", body(type="other"), body(timestamp="вчера"), body(task="../figures")],
)
async def test_well_signed_nonsense_is_rejected(content: str) -> None:
    async with hospital() as client:
        answer = await client.post("/webhooks", content=content.encode(), headers=signed(content))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-notice")
        assert await figures(client) == NOTHING | {"rejected": 1}


async def test_replayed_id_is_acknowledged_and_counted_once() -> None:
    async with hospital() as client:
        for _ in range(3):
            assert await post(client, body(), signed(body())) == 204
        assert await figures(client) == NOTHING | {"received": 1, "replayed": 2}
        task = (await client.get("/tasks/J-r-institution-15-2026-000001")).json()
        assert task["heard"] == ["received"]


async def test_overtaken_notice_does_not_set_the_state_back() -> None:
    later = body("accepted", timestamp="2026-02-03T05:00:00+00:00")
    earlier = body("received", timestamp="2026-02-03T04:59:59+00:00")
    async with hospital() as client:
        assert await post(client, later, signed(later, "n2")) == 204
        assert await post(client, earlier, signed(earlier, "n1")) == 204
        task = (await client.get("/tasks/J-r-institution-15-2026-000001")).json()
        assert (task["status"], task["heard"]) == ("accepted", ["accepted", "received"])


async def test_share_of_notices_fails_at_first_and_is_taken_at_the_second_attempt() -> None:
    async with hospital(fail_share=0.1) as client:
        ids = [f"n{number}" for number in range(80)]
        first = [await post(client, body(), signed(body(), one)) for one in ids]
        assert set(first) == {204, 503}
        assert 2 <= first.count(503) <= 20
        again = [await post(client, body(), signed(body(), one)) for one in ids]
        assert set(again) == {204}
        assert await figures(client) == {
            "received": 80,
            "replayed": first.count(204),
            "refused": first.count(503),
            "rejected": 0,
        }


def test_settings_come_by_the_names_the_runner_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPORA_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("OPORA_SIM_SEED", "другое")
    settings = HospitalSettings()
    assert settings.webhook_secret.get_secret_value() == SECRET
    assert (settings.seed, settings.fail_share) == ("другое", 0.1)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_health_answers(path: str) -> None:
    async with hospital() as client:
        assert (await client.get(path)).status_code == 200
