"""Consent as it is given, used, narrowed, withdrawn, and the clock that starts then (152-FZ 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.citizen import (
    ConsentGiven,
    ConsentWithdrawn,
    ErasureDueSoon,
    ErasureMissed,
)
from contracts.intake import CaseDeclined, CaseReopened, ThinkingTimeEnded
from services.intake.consenting import tell_cases
from services.intake.domain.consenting import withdraw_consent
from tests.service.intake.bodies import CONSENT, DECLINE, PAPERS, SIGNED
from tests.service.intake.desk import Clock, Desk
from tests.service.intake.outside import Outside
from tests.service.stack import actor, until


async def consent(desk: Desk, case_id: str, **changed: Any) -> None:
    body = {**CONSENT, **changed}
    answered = await desk.post(f"/cases/{case_id}/consent", body, "specialist")
    assert answered.status_code == 200, answered.text


async def withdraw(desk: Desk, case_id: str, **body: Any) -> None:
    answered = await desk.post(f"/cases/{case_id}/consent/withdrawal", body, "specialist")
    assert answered.status_code == 200, answered.text


async def citizen_of(desk: Desk, case_id: str) -> dict[str, Any]:
    citizen_id = (await desk.case(case_id))["citizen_id"]
    answered = await desk.get(f"/citizens/{citizen_id}")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def refused(desk: Desk, case_id: str, action: str, body: Any, role: str) -> tuple[str, str]:
    version = await desk.version(case_id)
    answered = await desk.post(f"/cases/{case_id}/{action}", body, role, version=version)
    assert answered.status_code == 409, answered.text
    return answered.json()["code"], answered.json()["clause"]


async def test_the_texts_are_shown_with_their_hashes_152_fz_9(desk: Desk) -> None:
    shown = (await desk.get("/consent-texts")).json()
    assert shown["current"] == "consent-2013-1"
    newest = shown["texts"][-1]
    assert (len(newest["sha256"]), "pension_fund_office" in newest["recipients"]) == (64, True)


async def test_a_consent_is_kept_with_its_text_scope_and_way_r_3_3_7(desk: Desk) -> None:
    case_id = await desk.triaged()
    text = (await desk.get("/consent-texts")).json()["texts"][-1]
    given = {
        "text_sha256": text["sha256"],
        "recipients": ["commission"],
        "way": "representative",
        "authority": "доверенность 42 от 11.01.2026",
        "given_at": "2026-01-20T09:30:00+07:00",
    }
    await consent(desk, case_id, **given)
    standing = (await citizen_of(desk, case_id))["consent"]
    assert standing["text_sha256"] == text["sha256"]
    assert (standing["purposes"], standing["recipients"]) == (
        text["purposes"],
        ["commission"],
    )
    assert (standing["way"], standing["authority"]) == ("representative", given["authority"])
    assert standing["recorded_by"]
    citizen_id = (await desk.case(case_id))["citizen_id"]
    event = await desk.stack.spy.wait_for(ConsentGiven, citizen_id)
    assert (event.text_sha256, event.recipients) == (text["sha256"], ("commission",))
    assert "доверенность" not in event.model_dump_json()


async def test_consent_to_an_older_text_does_not_do_for_an_application_r_3_3_7(
    desk: Desk,
) -> None:
    case_id = await desk.triaged()
    await consent(desk, case_id, text_version="consent-2012-1")
    found = await refused(desk, case_id, "application", {"documents": PAPERS}, "registrar")
    assert found == ("consent-outdated", "R 3.3.7")
    await consent(desk, case_id)
    await desk.act(case_id, "application", {"documents": PAPERS})


async def test_what_the_consent_does_not_cover_is_not_asked_of_the_pension_fund_152_fz_9(
    desk: Desk, outside: Outside
) -> None:
    case_id = await desk.triaged()
    await consent(desk, case_id, recipients=["commission"])
    await desk.act(case_id, "application", {"documents": PAPERS})
    signer = "institution_director"
    found = await refused(desk, case_id, "certificate-request", SIGNED, signer)
    assert found == ("consent-does-not-cover", "152-FZ 9 (4)")
    await consent(desk, case_id)
    await desk.act(case_id, "certificate-request", SIGNED, signer)
    request_id = (await desk.case(case_id))["request"]["id"]
    await until(lambda: outside.fund.bodies(id=request_id))


async def test_withdrawal_sets_the_case_aside_and_starts_the_clock_152_fz_9_21(
    desk: Desk,
) -> None:
    case_id = await desk.applied()
    before = await citizen_of(desk, case_id)
    await withdraw(desk, case_id)
    case, citizen = await desk.case(case_id), await citizen_of(desk, case_id)
    assert (case["status"], case["terms"]) == ("declined", [])
    assert case["declines"][-1]["consent_withdrawn"] is True
    assert (citizen["consent"], len(citizen["consents"])) == (None, 1)
    assert citizen["consents"][0]["withdrawn"]["recorded_by"]
    assert before["card"] == citizen["card"]
    (term,) = citizen["erasure"]
    assert (term["code"], term["clause"]) == ("consent-erasure", "152-FZ 21 (5)")
    event = await desk.stack.spy.wait_for(ConsentWithdrawn, citizen["id"])
    due_in = event.opened[0].due_at - desk.intake.now()
    assert timedelta(days=29) < due_in <= timedelta(days=31)
    await desk.stack.spy.wait_for(CaseDeclined, case_id)
    found = await refused(desk, case_id, "reopening", None, "registrar")
    assert found == ("consent-withdrawn", "152-FZ 9")


async def test_a_new_consent_ends_the_clock_and_lets_the_case_go_on_152_fz_9(desk: Desk) -> None:
    case_id = await desk.applied()
    await withdraw(desk, case_id)
    await consent(desk, case_id)
    assert (await citizen_of(desk, case_id))["erasure"] == []
    await desk.act(case_id, "reopening")
    await desk.stack.spy.wait_for(CaseReopened, case_id)
    assert (await desk.case(case_id))["status"] == "application_registered"
    await desk.act(case_id, "certificate-request", SIGNED, "institution_director")


async def test_nothing_leaves_after_the_consent_was_withdrawn_152_fz_9(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    await desk.settle()
    outside.fund.next.append(503)
    case_id, request_id = await desk.requested()

    async def tried() -> bool:
        return bool((await desk.case(case_id))["request"]["attempts"] == 1)

    await until(tried)
    await withdraw(desk, case_id)
    clock.forward(seconds=30)
    desk.intake.service.sweeper.nudge()
    await desk.settle()
    assert len(outside.fund.bodies(id=request_id)) == 1
    await consent(desk, case_id)
    await desk.act(case_id, "reopening")
    await until(lambda: len(outside.fund.bodies(id=request_id)) == 2)


async def test_another_ground_in_law_keeps_the_data_152_fz_9_2(desk: Desk) -> None:
    case_id = await desk.applied()
    path = f"/cases/{case_id}/consent/withdrawal"
    for body, field in (
        ({"other_basis": "good_will", "other_reason": "так надо"}, "other_basis"),
        ({"other_basis": "contract"}, "other_reason"),
        ({"other_reason": "договор"}, "other_basis"),
    ):
        answered = await desk.post(path, body, "specialist")
        assert (answered.status_code, answered.json()["errors"][0]["field"]) == (422, field)
        assert answered.json()["clause"] == "152-FZ 9 (2)"
    await withdraw(desk, case_id, other_basis="contract", other_reason="договор Д-7 исполняется")
    citizen = await citizen_of(desk, case_id)
    assert citizen["erasure"] == []
    assert citizen["consents"][0]["withdrawn"]["other_basis"] == "contract"
    assert (await desk.case(case_id))["status"] == "declined"


async def test_only_a_consent_in_force_is_withdrawn_152_fz_9(desk: Desk) -> None:
    case_id = await desk.triaged()
    for _ in range(2):
        answered = await desk.post(f"/cases/{case_id}/consent/withdrawal", {}, "specialist")
        assert (answered.status_code, answered.json()["code"]) == (409, "no-consent-to-withdraw")
        unable = {"basis": "interest_of_the_unable", "reason": "не узнаёт родных"}
        await consent(desk, case_id, **unable, legal_basis="vital_interests")


async def test_a_withdrawal_whose_case_was_not_told_is_carried_through_152_fz_9(
    desk: Desk,
) -> None:
    """The process died between the citizen's document and the case's."""
    case_id = await desk.applied()
    document = await desk.intake.citizens.get((await desk.case(case_id))["citizen_id"])
    case = await desk.intake.cases.get(case_id)
    assert document is not None
    assert case is not None
    at = desk.intake.service.at(actor("specialist"))
    events = withdraw_consent(document.state, case.state.pack, at, case_id=case_id)
    store = desk.intake.service.commands.store
    await store(desk.intake.citizens, document, "intake.citizen", None, at, events)
    desk.intake.service.sweeper.nudge()

    async def told() -> bool:
        return bool((await desk.case(case_id))["status"] == "declined")

    await until(told)
    version = await desk.version(case_id)
    await tell_cases(desk.intake, document.id)
    assert await desk.version(case_id) == version


async def test_the_alarms_of_erasure_sound_once_each_152_fz_21(desk: Desk, clock: Clock) -> None:
    case_id = await desk.applied()
    await withdraw(desk, case_id)
    citizen_id = (await desk.case(case_id))["citizen_id"]
    clock.forward(days=30)
    desk.intake.service.sweeper.nudge()
    await desk.stack.spy.wait_for(ErasureDueSoon, citizen_id)
    clock.forward(days=2)
    desk.intake.service.sweeper.nudge()
    missed = await desk.stack.spy.wait_for(ErasureMissed, citizen_id)
    assert missed.term.code == "consent-erasure"


async def test_who_declines_is_asked_once_more_when_the_time_to_think_is_over_r_3_3_7_2(
    desk: Desk, clock: Clock
) -> None:
    case_id = await desk.triaged()
    day = desk.intake.service.calendar.local_date(desk.intake.now())
    left = {
        "address": "г. Ленинск-Кузнецкий, пр. Кирова, д. 1",
        "phone": "+73845600011",
        "specialist": "Жукова Мария Петровна",
    }
    late = {**DECLINE, "think_until": (day - timedelta(days=1)).isoformat()}
    version = await desk.version(case_id)
    answered = await desk.post(f"/cases/{case_id}/decline", late, version=version)
    assert (answered.status_code, answered.json()["errors"][0]["field"]) == (422, "think_until")
    body = {**DECLINE, "think_until": (day + timedelta(days=2)).isoformat(), "contacts": left}
    await desk.act(case_id, "decline", body)
    kept = (await desk.case(case_id))["declines"][-1]
    assert kept["contacts"] == left
    assert not desk.stack.spy.of(ThinkingTimeEnded, subject=case_id)
    clock.forward(days=3)
    desk.intake.service.sweeper.nudge()
    await desk.stack.spy.wait_for(ThinkingTimeEnded, case_id)
    await desk.act(case_id, "reopening")


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"text_version": "consent-1999"}, "unknown-consent-text", "text_version"),
        ({"text_sha256": "0" * 64}, "consent-text-differs", "text_sha256"),
        ({"given_on": "2012-11-01"}, "consent-before-its-text", "given_on"),
        ({"purposes": ["advertising"]}, "consent-beyond-its-text", "purposes"),
        ({"recipients": ["bank"]}, "consent-beyond-its-text", "recipients"),
        ({"purposes": []}, "consent-beyond-its-text", "purposes"),
        (
            {"purposes": ["survey"], "recipients": ["commission"]},
            "recipients-without-transfer",
            "recipients",
        ),
        ({"way": "representative"}, "authority-unproven", "authority"),
        ({"legal_basis": "contract"}, "consent-needs-no-ground", "legal_basis"),
        (
            {"basis": "interest_of_the_unable", "reason": "инсульт", "legal_basis": "contract"},
            "inability-without-ground",
            "legal_basis",
        ),
    ],
)
async def test_what_cannot_stand_as_a_consent_is_refused(
    desk: Desk, changed: dict[str, Any], code: str, field: str
) -> None:
    case_id = await desk.triaged()
    body = {**CONSENT, **changed}
    answered = await desk.post(f"/cases/{case_id}/consent", body, "specialist")
    assert answered.status_code == 422
    assert (answered.json()["code"], answered.json()["errors"][0]["field"]) == (code, field)
    assert answered.json()["clause"]
    assert (await citizen_of(desk, case_id))["consents"] == []
