"""What is refused, by which code and field; and that nothing stored has changed by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.service.intake.bodies import ADVICE, ASSIGNED, CONSENT, DECLINE, answers_of, new_referral
from tests.service.intake.desk import Desk

Send = Callable[[Desk, str], Awaitable[httpx.Response]]


def act(action: str, body: Any, role: str = "registrar", **headers: Any) -> Send:
    def send(desk: Desk, case_id: str) -> Awaitable[httpx.Response]:
        return desk.post(f"/cases/{case_id}/{action}", body, role, **({"version": 2} | headers))

    return send


CONSULTED = {"code": "consultation", "reason": "нужен совет"}
MANY = answers_of(cause=["illness"] * 51)
HUGE = answers_of(cause=["illness"] * 120_000)


@pytest.mark.parametrize(
    ("send", "status", "code"),
    [
        (act("answers", answers_of(), version=1), 412, "stale-version"),
        (act("answers", answers_of(), version=99), 412, "stale-version"),
        (act("answers", answers_of(), version=None), 428, "if-match-required"),
        (act("answers", answers_of(cause=[]), version=1, key="first-answers"), 422,
         "idempotency-key-reused"),
        (act("answers", MANY), 422, "invalid-input"),
        (act("answers", HUGE), 413, "body-too-large"),
        (act("answers", answers_of() | {"mood": "good"}), 422, "invalid-input"),
        (act("answers", answers_of(cause=["fate"])), 422, "unknown-option"),
        (act("answers", answers_of() | {"answers": {}}), 422, "question-unanswered"),
        (act("answers", {"answers": {}, "self_care_lost": True}), 422, "invalid-input"),
        (act("triage", {"code": "consultation"}, "urgent_head"), 422, "override-unexplained"),
        (act("triage", {"code": "later"}, "urgent_head"), 422, "invalid-input"),
        (act("triage", CONSULTED, "registrar"), 403, "role-required"),
        (act("consultation", ADVICE), 409, "not-allowed-in-state"),
        (act("consultation", None), 422, "invalid-input"),
        (act("consultation", ADVICE | {"answered": " "}), 422, "invalid-input"),
        (act("assignment", ASSIGNED, "specialist"), 403, "role-required"),
        (act("assignment", ASSIGNED | {"reason": ""}), 422, "invalid-input"),
        (act("assignment", {"reason": "её участок"}), 422, "invalid-input"),
        (act("assignment", ASSIGNED | {"assignee": "Орлова А."}), 422, "invalid-input"),
        (act("assignment", ASSIGNED | {"assignee": None}), 422, "already-assigned"),
        (act("urgent-measures", {"measures": []}, "urgent_head"), 422, "invalid-input"),
        (act("urgent-measures/results", {"results": ["да"]}), 422, "invalid-input"),
        (act("urgent-measures/results", {"results": [{"measure": 1, "result": "да"}]}), 422,
         "invalid-input"),
        (act("application", {"documents": []}), 409, "not-allowed-in-state"),
        (act("documents", {"documents": []}), 422, "invalid-input"),
        (act("decline", None), 422, "invalid-input"),
        (act("decline", {"consequences_explained": True}), 422, "invalid-input"),
        (act("decline", DECLINE | {"consequences_explained": False}), 422,
         "consequences-not-explained"),
        (act("decline", DECLINE | {"contact_left": False}), 422, "contact-not-left"),
        (act("reopening", None), 409, "not-allowed-in-state"),
        (act("consent", {"text_version": "v1", "given_on": "2041-01-01"}, "specialist"), 422,
         "consent-in-future"),
    ],
)  # fmt: skip
async def test_refused_command_changes_nothing(
    desk: Desk, case_id: str, send: Send, status: int, code: str
) -> None:
    before = await desk.stored()
    answered = await send(desk, case_id)
    assert (answered.status_code, answered.json()["code"]) == (status, code), answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    assert await desk.stored() == before


async def test_triage_before_the_questions_changes_nothing_r_3_1_3(desk: Desk) -> None:
    fresh = (await desk.register())["case_id"]
    before = await desk.stored()
    answered = await desk.post(
        f"/cases/{fresh}/triage", {"code": "immediate"}, "urgent_head", version=1
    )
    assert (answered.status_code, answered.json()["code"]) == (409, "questions-unanswered")
    assert answered.json()["clause"] == "R 3.1.3"
    assert await desk.stored() == before


async def test_application_without_consent_changes_nothing_r_3_3_7(desk: Desk) -> None:
    triaged = await desk.triaged()
    before = await desk.stored()
    answered = await desk.post(f"/cases/{triaged}/application", {"documents": []}, version=3)
    assert (answered.status_code, answered.json()["code"]) == (409, "consent-missing")
    assert await desk.stored() == before


async def test_certificate_may_not_be_asked_of_the_citizen_r_5_2(desk: Desk) -> None:
    triaged = await desk.triaged()
    await desk.consent(triaged)
    before = await desk.stored()
    body = {"documents": [{"code": "identity"}, {"code": "pension_certificate"}]}
    answered = await desk.post(f"/cases/{triaged}/application", body, version=3)
    problem = answered.json()
    assert (answered.status_code, problem["code"]) == (422, "document-not-to-be-asked")
    assert problem["errors"][0]["field"] == "documents.1.code"
    assert await desk.stored() == before


async def test_closed_case_takes_no_consent_but_repeats_its_receipt_r_3_3_7(desk: Desk) -> None:
    closed = await desk.triaged("consultation")
    path = f"/cases/{closed}/consent"
    first = await desk.post(path, CONSENT, "specialist", key="consent-in-time")
    assert first.status_code == 200
    await desk.act(closed, "consultation", ADVICE)
    await desk.settle()
    before = await desk.stored()
    late = await desk.post(path, CONSENT, "specialist")
    assert (late.status_code, late.json()["code"]) == (409, "not-allowed-in-state")
    again = await desk.post(path, CONSENT, "specialist", key="consent-in-time")
    assert (again.status_code, again.json()) == (200, first.json())
    assert await desk.stored() == before


@pytest.mark.parametrize("answer", [{}, {"certificate": None}, {"refusal": " "}])
async def test_answer_is_a_certificate_or_a_refusal(desk: Desk, answer: dict[str, Any]) -> None:
    """Kept aside for a person to look at; nothing else changes."""
    case_id, request_id = await desk.requested()
    await desk.settle()
    before = await desk.stored()
    answered = await desk.answer(request_id, answer)
    assert answered.status_code == 422
    after = await desk.stored()
    (version, seq, state, streams) = after[f"cases/{case_id}"]
    assert len(state["garbled_answers"]) == 1
    after[f"cases/{case_id}"] = (version, seq, {**state, "garbled_answers": []}, streams)
    assert after == before


async def test_missing_idempotency_key_is_a_400(desk: Desk, case_id: str) -> None:
    before = await desk.stored()
    for path, body in (
        ("/referrals", new_referral()),
        (f"/cases/{case_id}/consent", CONSENT),
        (f"/cases/{case_id}/decline", DECLINE),
    ):
        headers = desk.stack.headers("registrar", version=2)
        del headers["Idempotency-Key"]
        answered = await desk.http.post(path, json=body, headers=headers)
        assert answered.status_code == 400, path
        assert answered.json()["code"] == "idempotency-key-required"
    assert await desk.stored() == before


async def test_key_of_another_referral_is_refused(desk: Desk) -> None:
    await desk.register(key="one-key")
    before = await desk.stored()
    answered = await desk.post("/referrals", new_referral(), key="one-key")
    assert (answered.status_code, answered.json()["code"]) == (422, "idempotency-key-reused")
    assert await desk.stored() == before
