"""Notices an operator and a partner see, send again, and endpoints that come back (L 2.2, K 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from services.intake.domain.task import Delivery
from tests.service.intake.bodies import answers_of, new_bundle
from tests.service.intake.desk import HOSPITAL, OTHER_HOSPITAL, SECRET, Clock, Desk
from tests.service.intake.outside import Outside
from tests.service.stack import until

PARTNER = "medical_organization"
WHY = {"reason": "Больница восстановила приём"}


@pytest.fixture(autouse=True)
def present(clock: Clock) -> None:
    clock.put_to(datetime.now(UTC))


async def pushed(desk: Desk) -> tuple[str, str]:
    answered = await desk.push(new_bundle())
    task_id = answered.json()["entry"][3]["response"]["location"].split("/")[1]
    entry = await desk.intake.journal.get(task_id)
    assert entry is not None
    assert entry.state.placed is not None
    return task_id, entry.state.placed.case_id


def calls(outside: Outside, task_id: str) -> list[httpx.Request]:
    return [call for call in outside.hook.calls if f'"Task/{task_id}"' in call.content.decode()]


async def last(desk: Desk, task_id: str) -> Delivery:
    task = await desk.intake.tasks.get(task_id)
    assert task is not None
    assert task.state.delivery is not None
    return task.state.delivery


async def listed(desk: Desk, query: str = "", role: str = "operator", **who: Any) -> list[Any]:
    answered = await desk.get(f"/webhooks/deliveries?limit=100&{query}", role, **who)
    assert answered.status_code == 200, answered.text
    found: list[Any] = answered.json()["items"]
    return found


async def test_operator_sees_everybodys_notices_and_a_partner_its_own(desk: Desk) -> None:
    task_id, _ = await pushed(desk)
    await desk.settle()
    (found,) = [one for one in await listed(desk) if one["task"] == f"Task/{task_id}"]
    assert (found["partner"], found["state"], found["last_answer"]) == (
        HOSPITAL,
        "delivered",
        "204",
    )
    assert (found["status"], found["attempts"]) == ("received", 1)
    own = await listed(desk, role=PARTNER, org=HOSPITAL)
    assert found["id"] in {one["id"] for one in own}
    for query in ("", f"partner={HOSPITAL}"):
        assert await listed(desk, query, role=PARTNER, org=OTHER_HOSPITAL) == []
    assert await listed(desk, "state=failed", role=PARTNER, org=HOSPITAL) == []
    one = await desk.get(f"/webhooks/deliveries/{found['id']}", PARTNER, org=HOSPITAL)
    assert one.json()["calls"][0]["answer"] == "204"
    assert one.headers["etag"]


async def test_notice_is_replayed_under_its_own_id(desk: Desk, outside: Outside) -> None:
    task_id, _ = await pushed(desk)
    await desk.settle()
    delivery = await last(desk, task_id)
    path = f"/webhooks/deliveries/{delivery.id}/replay"
    stranger = await desk.post(path, WHY, PARTNER, org=OTHER_HOSPITAL)
    assert stranger.status_code == 404
    answered = await desk.post(path, WHY, PARTNER, org=HOSPITAL, key="replay-1")
    assert answered.status_code == 200, answered.text
    repeated = await desk.post(path, WHY, PARTNER, org=HOSPITAL, key="replay-1")
    assert repeated.json() == answered.json()
    await until(lambda: len(calls(outside, task_id)) == 2)
    await desk.settle()
    assert len(calls(outside, task_id)) == 2
    assert len({call.headers["webhook-id"] for call in calls(outside, task_id)}) == 1
    assert len({call.content for call in calls(outside, task_id)}) == 1
    again = await last(desk, task_id)
    assert (again.state, len(again.attempts)) == ("delivered", 2)
    assert again.replays[0].reason == WHY["reason"]


async def test_failure_is_seen_and_retried_by_the_schedule(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    await desk.settle()
    outside.hook.next.extend([503, httpx.ReadTimeout("slow")])
    task_id, _ = await pushed(desk)
    await until(lambda: calls(outside, task_id))
    await desk.settle()
    first = await last(desk, task_id)
    assert (first.state, first.attempts[-1].answer, first.failed) == ("waiting", "503", 1)
    assert first.next_attempt_at is not None
    clock.put_to(first.next_attempt_at)
    desk.intake.service.sweeper.nudge()
    await until(lambda: len(calls(outside, task_id)) == 2)
    await desk.settle()
    second = await last(desk, task_id)
    assert (second.attempts[-1].answer, second.failed) == ("ReadTimeout", 2)
    assert second.next_attempt_at is not None
    pause = (second.next_attempt_at - second.attempts[-1].at).total_seconds()
    assert 300 <= pause <= 331
    (found,) = [o for o in await listed(desk, "state=waiting") if o["task"] == f"Task/{task_id}"]
    assert found["last_answer"] == "ReadTimeout"
    clock.put_to(second.next_attempt_at)
    desk.intake.service.sweeper.nudge()
    await until(lambda: len(calls(outside, task_id)) == 3)
    await desk.settle()
    assert (await last(desk, task_id)).state == "delivered"


async def test_gone_endpoint_is_not_called_until_it_is_enabled_with_a_reason_410(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    await desk.settle()
    outside.hook.next.append(410)
    task_id, case_id = await pushed(desk)
    await until(lambda: calls(outside, task_id))
    await desk.settle()
    other, _ = await pushed(desk)
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    clock.forward(seconds=3600)
    await desk.settle()
    assert (len(calls(outside, task_id)), len(calls(outside, other))) == (1, 0)
    held = {one["task"]: one for one in await listed(desk, "state=held")}
    assert held[f"Task/{task_id}"]["status"] == "accepted"
    assert held[f"Task/{other}"]["status"] == "received"
    polled = await desk.get(f"/fhir/Task/{task_id}", PARTNER, org=HOSPITAL)
    assert polled.json()["status"] == "accepted"  # one can still ask
    refused = await desk.post(
        f"/webhooks/deliveries/{held[f'Task/{other}']['id']}/replay", WHY, PARTNER, org=HOSPITAL
    )
    assert refused.json()["code"] == "endpoint-disabled"
    (endpoint,) = (await desk.get("/webhooks/endpoints", "operator")).json()
    assert (endpoint["partner"], endpoint["enabled"]) == (HOSPITAL, False)
    assert endpoint["changes"][0]["reason"] == "HTTP 410"
    assert (await desk.get("/webhooks/endpoints", PARTNER, org=OTHER_HOSPITAL)).json() == []
    path = f"/webhooks/endpoints/{HOSPITAL}/enabling"
    clock.put_to(datetime.now(UTC))
    partner = await desk.post(path, WHY, PARTNER, org=HOSPITAL, version=endpoint["version"])
    assert partner.status_code == 403
    enabled = await desk.post(path, WHY, "operator", version=endpoint["version"])
    assert enabled.status_code == 200, enabled.text

    async def sent() -> bool:
        clock.forward(seconds=15)
        desk.intake.service.sweeper.nudge()
        return len(calls(outside, task_id)) == 2 and len(calls(outside, other)) == 1

    await until(sent, every=0.2)
    clock.put_to(datetime.now(UTC))
    await desk.settle()
    assert b'"accepted"' in calls(outside, task_id)[-1].content
    again = await desk.post(path, WHY, "operator", version=int(enabled.json()["version"]))
    assert again.status_code in {409, 412}


async def test_endpoint_that_never_was_disabled_cannot_be_enabled(desk: Desk) -> None:
    for partner, status in ((OTHER_HOSPITAL, 404),):
        path = f"/webhooks/endpoints/{partner}/enabling"
        assert (await desk.post(path, WHY, "operator", version=1)).status_code == status


async def test_one_secret_of_ours_signs_what_the_partner_verifies(
    desk: Desk, outside: Outside
) -> None:
    task_id, _ = await pushed(desk)
    await desk.settle()
    (call,) = calls(outside, task_id)
    Webhook(SECRET).verify(call.content, dict(call.headers))
