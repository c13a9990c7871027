"""What a medical organization is told by webhook, and how often (L 2.2, K 3)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.service.intake.bodies import DECLINE, answers_of, new_bundle, new_referral
from tests.service.intake.desk import HOSPITAL, OTHER_HOSPITAL, SECRET, Clock, Desk
from tests.service.intake.outside import Outside
from tests.service.stack import until

MEASURES = {"measures": [{"measure": "Вызвать скорую помощь", "responsible": "Орлова"}]}


def told(outside: Outside, task_id: str) -> list[httpx.Request]:
    """The notices about one task, each verified by its signature."""
    found = []
    for call in outside.hook.calls:
        body = Webhook(SECRET).verify(call.content, dict(call.headers))
        if body["data"]["task"] == f"Task/{task_id}":
            found.append(call)
    return found


def states(outside: Outside, task_id: str) -> list[str]:
    verify = Webhook(SECRET).verify
    return [
        str(verify(call.content, dict(call.headers))["data"]["status"])
        for call in told(outside, task_id)
    ]


@pytest.fixture
def present(clock: Clock) -> None:
    """A signature's time stamp is checked against the real clock: go back to it."""
    clock.put_to(datetime.now(UTC))


async def pushed(
    desk: Desk, bundle: dict[str, Any] | None = None, org: str = HOSPITAL
) -> tuple[str, str]:
    answered = await desk.push(bundle or new_bundle(), org=org)
    task_id = str(answered.json()["entry"][3]["response"]["location"].split("/")[1])
    entry = await desk.intake.journal.get(task_id)
    assert entry is not None
    assert entry.state.placed is not None
    return task_id, entry.state.placed.case_id


@pytest.mark.usefixtures("present")
async def test_hospital_is_told_every_change_of_state_l_2_2(desk: Desk, outside: Outside) -> None:
    task_id, case_id = await pushed(desk)
    expected = ["received"]
    await until(lambda: states(outside, task_id) == expected)
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    expected.append("accepted")
    await until(lambda: states(outside, task_id) == expected)
    await desk.surveyed(case_id)
    expected.append("in-progress/survey")
    await until(lambda: states(outside, task_id) == expected)
    for action, body, state in (
        ("decline", DECLINE, "cancelled/citizen-declined"),
        ("reopening", None, "in-progress/survey"),
    ):
        await desk.act(case_id, action, body)
        expected.append(state)
        await until(lambda: states(outside, task_id) == expected)
    ids = [call.headers["webhook-id"] for call in told(outside, task_id)]
    assert len(set(ids)) == len(ids)  # the state that came back is another notice
    task = await desk.get(f"/fhir/Task/{task_id}", "medical_organization", org=HOSPITAL)
    assert task.json()["businessStatus"]["coding"][0]["code"] == "survey"
    for call in told(outside, task_id):
        assert "Петрова" not in call.content.decode()


@pytest.mark.usefixtures("present")
async def test_notice_that_was_not_taken_is_sent_again_with_the_same_id(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    await desk.settle()
    outside.hook.next.extend([503, httpx.ReadTimeout("slow")])
    task_id, _ = await pushed(desk)
    await until(lambda: len(told(outside, task_id)) == 1)

    async def taken() -> bool:
        clock.forward(seconds=6)
        desk.intake.service.sweeper.nudge()
        await asyncio.sleep(0.1)
        return len(told(outside, task_id)) == 3

    await until(taken, every=0.05)
    await desk.settle()
    calls = told(outside, task_id)
    assert len(calls) == 3
    assert len({call.headers["webhook-id"] for call in calls}) == 1


@pytest.mark.usefixtures("present")
async def test_hospital_that_is_gone_is_not_called_again_410(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    await desk.settle()
    outside.hook.next.append(410)
    task_id, case_id = await pushed(desk)
    await until(lambda: len(told(outside, task_id)) == 1)
    await desk.settle()
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    clock.forward(seconds=60)
    await desk.settle()
    assert len(told(outside, task_id)) == 1
    task = await desk.get(f"/fhir/Task/{task_id}", "medical_organization", org=HOSPITAL)
    assert task.json()["status"] == "accepted"  # one can still ask


async def test_registrars_referral_is_told_to_nobody(desk: Desk, outside: Outside) -> None:
    await desk.settle()
    before = len(outside.hook.calls)
    body = await desk.register(new_referral())
    await desk.act(body["case_id"], "answers", answers_of())
    await desk.settle()
    assert len(outside.hook.calls) == before


async def test_hospital_that_does_not_listen_is_not_told_and_polls_l_2_2(
    desk: Desk, outside: Outside
) -> None:
    await desk.settle()
    before = len(outside.hook.calls)
    task_id, case_id = await pushed(desk, org=OTHER_HOSPITAL)
    await desk.settle()
    document = await desk.intake.cases.get(case_id)
    assert document is not None
    notice = document.state.notice
    assert (notice.given_up, notice.told, notice.number) == (True, None, 0)
    assert notice.next_attempt_at is None  # nothing is left to do, so nobody comes back to it
    cost = await desk.cost(
        lambda: desk.act(case_id, "answers", answers_of(), version=document.version)
    )
    assert cost == {"cases": 1}
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.settle()
    assert len(outside.hook.calls) == before
    task = await desk.get(f"/fhir/Task/{task_id}", "medical_organization", org=OTHER_HOSPITAL)
    assert task.json()["status"] == "accepted"


@pytest.mark.parametrize(
    ("first", "second", "notices"),
    [(OTHER_HOSPITAL, HOSPITAL, 0), (HOSPITAL, OTHER_HOSPITAL, 1)],
)
@pytest.mark.usefixtures("present")
async def test_hospital_whose_referral_joined_a_case_polls_l_5_1(
    desk: Desk, outside: Outside, first: str, second: str, notices: int
) -> None:
    bundle = new_bundle()
    first_task, case_id = await pushed(desk, bundle, first)
    await desk.settle()
    bundle["entry"][2]["resource"]["identifier"][0]["value"] += "-2"
    second_task, joined = await pushed(desk, bundle, second)
    assert joined == case_id
    await desk.settle()
    assert len(told(outside, first_task)) == notices
    assert told(outside, second_task) == []
    task = await desk.get(f"/fhir/Task/{second_task}", "medical_organization", org=second)
    assert task.json()["status"] == "received"
