"""From the code to the complete package: what each command says and costs, and who is asked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from contracts import assessment
from contracts.assessment import SurveyCompleted, SurveyOutcome
from contracts.intake import (
    ApplicationRegistered,
    CaseClosed,
    CaseDeclined,
    CaseReopened,
    CaseTriaged,
    CertificateReceived,
    CertificateRequested,
    ConsentGiven,
    DocumentsRegistered,
    PackageCompleted,
    UrgentMeasuresDone,
    UrgentMeasuresPlanned,
)
from contracts.values import SYSTEM
from tests.service.intake.conftest import (
    CERTIFICATE,
    CONSENT,
    HOSPITAL,
    PAPERS,
    SECRET,
    SIGNED,
    Clock,
    Desk,
    Outside,
    answers_of,
    new_bundle,
    new_referral,
)
from tests.service.stack import INSTITUTION, until

MEASURES = {"measures": [{"measure": "Вызвать скорую помощь", "responsible": "Орлова"}]}


async def surveyed(desk: Desk, case_id: str) -> None:
    """Assessment says that the information sheet is there."""
    await desk.stack.story(assessment.CASE, case_id).tell(
        SurveyCompleted(by=SYSTEM, outcome=SurveyOutcome.COMMISSION)
    )

    async def heard() -> bool:
        found = await desk.intake.cases.get(case_id)
        return found is not None and found.state.progress.surveyed

    await until(heard)


async def test_every_command_is_one_write_and_one_publish_per_event(desk: Desk) -> None:
    case_id = (await desk.register())["case_id"]

    async def costs(events: int, action: str, body: Any = None, role: str = "registrar") -> None:
        version = await desk.version(case_id)
        cost = await desk.cost(lambda: desk.act(case_id, action, body, role, version=version))
        assert cost == {"cases": 1} | ({"published": events} if events else {}), action
        assert await desk.version(case_id) == version + 1

    await costs(0, "answers", answers_of(danger_to_life=["own_life"]))
    await costs(1, "triage", {"code": "immediate"}, "urgent_head")
    await costs(1, "urgent-measures", MEASURES, "urgent_head")
    await costs(1, "urgent-measures/results", {"results": ["вызвана"]})
    consented = await desk.cost(lambda: desk.consent(case_id))
    assert consented == {"citizens": 1, "published": 1}
    await costs(1, "application", {"documents": PAPERS[:2]})
    await costs(1, "documents", {"documents": PAPERS[2:]})
    await costs(1, "decline")
    await costs(1, "reopening")
    spy = desk.stack.spy
    for kind in (
        CaseTriaged,
        UrgentMeasuresPlanned,
        UrgentMeasuresDone,
        ApplicationRegistered,
        DocumentsRegistered,
        CaseDeclined,
        CaseReopened,
    ):
        await spy.wait_for(kind, case_id)
    await spy.wait_for(ConsentGiven, (await desk.case(case_id))["citizen_id"])


async def test_consultation_costs_one_write_and_ends_the_case(desk: Desk) -> None:
    case_id = await desk.triaged("consultation")
    version = await desk.version(case_id)
    cost = await desk.cost(lambda: desk.act(case_id, "consultation", version=version))
    assert cost == {"cases": 1, "published": 1}
    closed = await desk.stack.spy.wait_for(CaseClosed, case_id)
    assert closed.reason == "consultation_given"


async def test_repeated_command_gets_the_first_answer_and_costs_nothing(desk: Desk) -> None:
    case_id = (await desk.register())["case_id"]
    first = await desk.act(case_id, "answers", answers_of(), version=1, key="answers-1")

    async def again() -> None:
        repeated = await desk.act(case_id, "answers", answers_of(), version=1, key="answers-1")
        assert repeated.json() == first.json()

    assert await desk.cost(again) == {}


async def test_certificate_is_asked_for_and_the_package_completed(
    desk: Desk, outside: Outside
) -> None:
    case_id = await desk.applied()
    version = await desk.version(case_id)
    await desk.settle()
    before = desk.counts()
    await desk.act(case_id, "certificate-request", SIGNED, "institution_director", version=version)
    requested = await desk.stack.spy.wait_for(CertificateRequested, case_id)
    await desk.settle()
    spent = {name: count - before[name] for name, count in desk.counts().items()}
    assert spent["published"] == 1
    assert 2 <= spent["cases"] <= 3  # the command, the errand's outcome; the outbox when quiet
    (posted,) = outside.fund.bodies(id=requested.request_id)
    assert posted["requesting_body"] == INSTITUTION
    assert posted["data_needed"]["person"]["name"]["family"]
    await surveyed(desk, case_id)

    async def answer() -> httpx.Response:
        return await desk.post(
            f"/interagency-requests/{requested.request_id}/answer", CERTIFICATE, "pension_fund"
        )

    assert await desk.cost(answer) == {"cases": 1, "published": 2}
    received = await desk.stack.spy.wait_for(CertificateReceived, case_id)
    assert [term.met for term in received.closed] == [True]
    await desk.stack.spy.wait_for(PackageCompleted, case_id)
    again = await desk.post(
        f"/interagency-requests/{requested.request_id}/answer", CERTIFICATE, "pension_fund"
    )
    assert again.status_code == 200
    assert again.json()["events"] == []
    assert (await desk.case(case_id))["status"] == "package_complete"


async def test_survey_heard_costs_one_write_and_one_publish_per_event(desk: Desk) -> None:
    case_id, request_id = await desk.requested()
    answered = await desk.post(
        f"/interagency-requests/{request_id}/answer", CERTIFICATE, "pension_fund"
    )
    assert answered.status_code == 200
    cost = await desk.cost(lambda: surveyed(desk, case_id))
    assert cost == {"cases": 1, "published": 1}
    assert (await desk.case(case_id))["status"] == "package_complete"


async def test_answer_on_paper_is_recorded_by_the_institutions_registrar_r_3_2_2(
    desk: Desk,
) -> None:
    case_id, request_id = await desk.requested()
    path = f"/interagency-requests/{request_id}/answer"
    foreign = await desk.post(path, CERTIFICATE, org="r-institution-16")
    assert foreign.status_code == 404
    own = await desk.post(path, {"refusal": "не состоит на учёте"})
    assert own.status_code == 200, own.text
    received = await desk.stack.spy.wait_for(CertificateReceived, case_id)
    assert received.negative
    assert (await desk.case(case_id))["request"]["state"] == "negative"


async def test_unknown_request_is_a_404(desk: Desk) -> None:
    answered = await desk.post("/interagency-requests/R-none/answer", CERTIFICATE, "pension_fund")
    assert (answered.status_code, answered.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    "answers",
    [
        [httpx.ConnectError("down")],
        [503],
        [httpx.ReadTimeout("accepted, and the answer was lost")],
        [httpx.ConnectError("down"), 500],
    ],
)
async def test_fund_that_fails_is_asked_again_with_the_same_key_r_3_2(
    desk: Desk, outside: Outside, clock: Clock, answers: list[Any]
) -> None:
    await desk.settle()
    outside.fund.next.extend(answers)
    case_id, request_id = await desk.requested()

    async def accepted() -> bool:
        clock.forward(seconds=1)
        desk.intake.service.sweeper.nudge()
        return bool((await desk.case(case_id))["request"]["state"] == "sent")

    await until(accepted, every=0.1)
    calls = [
        call.headers["idempotency-key"]
        for call in outside.fund.calls
        if call.headers["idempotency-key"] == request_id
    ]
    assert len(calls) == len(answers) + 1
    await desk.stack.spy.wait_for(CertificateRequested, case_id)
    assert len(desk.stack.spy.of(CertificateRequested, subject=case_id)) == 1


async def test_slow_fund_holds_nothing_up_r_3_2(desk: Desk, outside: Outside) -> None:
    case_id = await desk.applied()
    await desk.settle()
    calls = len(outside.fund.calls)
    outside.fund.open.clear()
    try:
        await desk.act(case_id, "certificate-request", SIGNED, "institution_director")
        await until(lambda: len(outside.fund.calls) == calls + 1)
        await desk.register()
        await desk.act(case_id, "documents", {"documents": [{"code": "benefits_proof"}]})
        assert (await desk.case(case_id))["request"]["state"] == "to_send"
    finally:
        outside.fund.open.set()

    async def accepted() -> bool:
        return bool((await desk.case(case_id))["request"]["state"] == "sent")

    await until(accepted)
    documents = {document["code"] for document in (await desk.case(case_id))["documents"]}
    assert "benefits_proof" in documents


async def test_nothing_is_sent_of_a_citizen_who_declined_meanwhile_r_3_3_7_2(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    await desk.settle()
    outside.fund.next.append(503)
    case_id, request_id = await desk.requested()

    async def tried() -> bool:
        return bool((await desk.case(case_id))["request"]["attempts"] == 1)

    await until(tried)
    await desk.act(case_id, "decline")
    clock.forward(seconds=30)
    desk.intake.service.sweeper.nudge()
    await asyncio.sleep(0.3)
    assert len(outside.fund.bodies(id=request_id)) == 1
    await desk.act(case_id, "reopening")
    await until(lambda: len(outside.fund.bodies(id=request_id)) == 2)


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


async def pushed(desk: Desk) -> tuple[str, str]:
    answered = await desk.push(new_bundle())
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
    await surveyed(desk, case_id)
    expected.append("in-progress/survey")
    await until(lambda: states(outside, task_id) == expected)
    for action, state in (
        ("decline", "cancelled/citizen-declined"),
        ("reopening", "in-progress/survey"),
    ):
        await desk.act(case_id, action)
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


async def test_inability_to_consent_is_recorded_with_its_reason_r_3_3_7_1(desk: Desk) -> None:
    case_id = await desk.triaged()
    unable = CONSENT | {"basis": "interest_of_the_unable"}
    refused = await desk.post(f"/cases/{case_id}/consent", unable, "specialist")
    assert (refused.status_code, refused.json()["code"]) == (422, "inability-unexplained")
    unable["reason"] = "не узнаёт родных"
    taken = await desk.post(f"/cases/{case_id}/consent", unable, "specialist")
    assert taken.status_code == 200
    await desk.act(case_id, "application", {"documents": []})


async def test_two_commands_at_once_on_one_version_are_one(desk: Desk) -> None:
    case_id = (await desk.register())["case_id"]
    answered = await asyncio.gather(
        *[
            desk.post(f"/cases/{case_id}/answers", answers_of(), version=1, key=f"race-{number}")
            for number in range(8)
        ]
    )
    assert sorted(answer.status_code for answer in answered) == [200] + [412] * 7
    assert await desk.version(case_id) == 2
