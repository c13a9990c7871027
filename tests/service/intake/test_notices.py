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
from tests.service.stack import uncleared, until

MEASURES = {"measures": [{"measure": "Вызвать скорую помощь", "responsible": "Орлова"}]}


def of(outside: Outside, task_id: str) -> list[httpx.Request]:
    """The calls about one task, whenever they were made."""
    return [call for call in outside.hook.calls if f'"Task/{task_id}"' in call.content.decode()]


def told(outside: Outside, task_id: str) -> list[httpx.Request]:
    """The notices about one task, each verified by its signature."""
    found = []
    for call in of(outside, task_id):
        Webhook(SECRET).verify(call.content, dict(call.headers))
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
    await until(lambda: len(of(outside, task_id)) == 1)

    async def taken() -> bool:
        clock.forward(seconds=60)
        desk.intake.service.sweeper.nudge()
        await asyncio.sleep(0.1)
        return len(of(outside, task_id)) == 3

    await until(taken, every=0.05)
    await desk.settle()
    calls = of(outside, task_id)
    assert len(calls) == 3
    assert len({call.headers["webhook-id"] for call in calls}) == 1
    assert len({call.content for call in calls}) == 1
    clock.put_to(datetime.now(UTC))


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
    assert (document.state.notice.told, document.state.notice.next_attempt_at) == ("received", None)
    cost = await desk.cost(
        lambda: desk.act(case_id, "answers", answers_of(), version=document.version)
    )
    assert cost == {"cases": 1}  # its state is the same: nothing is handed over
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.settle()
    assert len(outside.hook.calls) == before
    kept = await desk.intake.tasks.get(task_id)
    assert kept is not None
    assert (len(kept.state.history), kept.state.deliveries) == (2, [])
    task = await desk.get(f"/fhir/Task/{task_id}", "medical_organization", org=OTHER_HOSPITAL)
    assert task.json()["status"] == "accepted"


@pytest.mark.parametrize(("first", "second"), [(OTHER_HOSPITAL, HOSPITAL), (HOSPITAL, HOSPITAL)])
@pytest.mark.usefixtures("present")
async def test_everybody_who_referred_is_told_of_their_own_referral_l_5_1(
    desk: Desk, outside: Outside, first: str, second: str
) -> None:
    bundle = new_bundle()
    first_task, case_id = await pushed(desk, bundle, first)
    bundle["entry"][2]["resource"]["identifier"][0]["value"] += "-2"
    second_task, joined = await pushed(desk, bundle, second)
    assert joined == case_id
    await desk.settle()
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.settle()
    listens = first == HOSPITAL
    assert states(outside, first_task) == (["received", "accepted"] if listens else [])
    assert states(outside, second_task) == ["received", "accepted"]
    task = await desk.get(f"/fhir/Task/{second_task}", "medical_organization", org=second)
    assert task.json()["status"] == "accepted"


@pytest.mark.usefixtures("present")
async def test_notice_costs_a_write_of_its_task_and_one_of_its_case(
    desk: Desk, outside: Outside
) -> None:
    await desk.settle()
    with uncleared(desk.intake.service):
        before = desk.counts()
        await pushed(desk)
        await desk.settle()
        after = desk.counts()
    assert (after["tasks"] - before["tasks"], after["cases"] - before["cases"]) == (1, 2)
    assert after["endpoints"] == before["endpoints"]
