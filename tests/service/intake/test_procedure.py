"""From the code to the complete package: what each command says and costs, and who is asked."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from contracts.citizen import ConsentGiven
from contracts.documents import (
    ApplicationRegistered,
    CertificateReceived,
    CertificateRequested,
    DocumentsRegistered,
    PackageCompleted,
)
from contracts.intake import CaseClosed, CaseDeclined, CaseReopened
from contracts.triage import CaseTriaged, UrgentMeasuresDone, UrgentMeasuresPlanned
from tests.service.intake.bodies import (
    ADVICE,
    CERTIFICATE,
    CONSENT,
    DECLINE,
    DONE,
    PAPERS,
    SIGNED,
    answers_of,
)
from tests.service.intake.desk import Clock, Desk
from tests.service.intake.outside import Outside
from tests.service.stack import INSTITUTION, uncleared, until

MEASURES = {"measures": [{"measure": "Вызвать скорую помощь", "responsible": "Орлова"}]}


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
    await costs(1, "urgent-measures/results", DONE)
    consented = await desk.cost(lambda: desk.consent(case_id))
    assert consented == {"citizens": 1, "published": 1}
    await costs(1, "application", {"documents": PAPERS[:2]})
    await costs(1, "documents", {"documents": PAPERS[2:]})
    await costs(1, "decline", DECLINE)
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
    cost = await desk.cost(lambda: desk.act(case_id, "consultation", ADVICE, version=version))
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

    async def ask() -> CertificateRequested:
        await desk.act(
            case_id, "certificate-request", SIGNED, "institution_director", version=version
        )
        accepted = await desk.stack.spy.wait_for(CertificateRequested, case_id)
        assert isinstance(accepted, CertificateRequested)
        return accepted

    # The command and what came of it; and the turn at the office, which all replicas share.
    with uncleared(desk.intake.service):
        assert await desk.cost(ask) == {"cases": 2, "gateways": 1, "published": 1}
        before = desk.counts()
        await desk.settle()  # the outbox is stored empty
        assert desk.counts() == before | {"cases": before["cases"] + 1}
    requested = await desk.stack.spy.wait_for(CertificateRequested, case_id)
    (posted,) = outside.fund.bodies(id=requested.request_id)
    assert posted["requesting_body"] == INSTITUTION
    assert posted["data_needed"]["person"]["name"]["family"]
    await desk.surveyed(case_id)

    async def answer() -> httpx.Response:
        return await desk.answer(requested.request_id)

    assert await desk.cost(answer) == {"cases": 1, "published": 2}
    received = await desk.stack.spy.wait_for(CertificateReceived, case_id)
    assert [term.met for term in received.closed] == [True]
    await desk.stack.spy.wait_for(PackageCompleted, case_id)
    again = await desk.answer(requested.request_id)
    assert again.status_code == 200
    assert again.json()["events"] == []
    assert (await desk.case(case_id))["status"] == "package_complete"


async def test_survey_heard_costs_one_write_and_one_publish_per_event(desk: Desk) -> None:
    case_id, request_id = await desk.requested()
    answered = await desk.answer(request_id)
    assert answered.status_code == 200
    cost = await desk.cost(lambda: desk.surveyed(case_id))
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
    answered = await desk.answer("R-none")
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
    await desk.act(case_id, "decline", DECLINE)
    clock.forward(seconds=30)
    desk.intake.service.sweeper.nudge()
    await asyncio.sleep(0.3)
    assert len(outside.fund.bodies(id=request_id)) == 1
    await desk.act(case_id, "reopening")
    await until(lambda: len(outside.fund.bodies(id=request_id)) == 2)


async def test_inability_to_consent_is_recorded_with_its_reason_r_3_3_7_1(desk: Desk) -> None:
    case_id = await desk.triaged()
    unable = CONSENT | {"basis": "interest_of_the_unable"}
    refused = await desk.post(f"/cases/{case_id}/consent", unable, "specialist")
    assert (refused.status_code, refused.json()["code"]) == (422, "inability-unexplained")
    unable["reason"] = "не узнаёт родных"
    refused = await desk.post(f"/cases/{case_id}/consent", unable, "specialist")
    assert (refused.status_code, refused.json()["code"]) == (422, "inability-without-ground")
    unable["legal_basis"] = "vital_interests"
    taken = await desk.post(f"/cases/{case_id}/consent", unable, "specialist")
    assert taken.status_code == 200
    await desk.act(case_id, "application", {"documents": []})


async def test_informed_refusal_is_kept_with_who_recorded_it_r_3_3_7_2(desk: Desk) -> None:
    case_id = await desk.triaged()
    await desk.act(case_id, "decline", DECLINE, "specialist", subject="zhukova")
    (kept,) = (await desk.case(case_id))["declines"]
    assert kept.pop("at") <= desk.intake.now().isoformat()
    assert kept | DECLINE | {"recorded_by": "zhukova"} == kept


async def test_danger_is_triaged_first_and_the_applicant_told_before_applying_r_3_1_4(
    desk: Desk,
) -> None:
    case_id = (await desk.register())["case_id"]
    untold = answers_of(danger_to_life=["own_life"]) | {"applicant_informed": False}
    await desk.act(case_id, "answers", untold)
    await desk.act(case_id, "triage", {"code": "immediate"}, "urgent_head")
    await desk.consent(case_id)
    before, version = await desk.stored(), await desk.version(case_id)
    refused = await desk.post(f"/cases/{case_id}/application", {}, version=version)
    assert (refused.status_code, refused.json()["code"]) == (409, "applicant-not-informed")
    assert refused.json()["clause"] == "R 3.1.4"
    assert await desk.stored() == before
    await desk.act(case_id, "application", {"applicant_informed": True})
    assert (await desk.case(case_id))["applicant_informed"]


async def test_relatives_prove_that_they_cannot_care_r_3_3_14(desk: Desk) -> None:
    case_id = await desk.triaged()
    await desk.consent(case_id)
    applied = {"relatives_cannot_care": True, "documents": PAPERS}
    await desk.act(case_id, "application", applied)
    assert "relatives_inability" in (await desk.case(case_id))["missing_documents"]
    await desk.act(case_id, "documents", {"documents": [{"code": "relatives_inability"}]})
    assert "relatives_inability" not in (await desk.case(case_id))["missing_documents"]


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
