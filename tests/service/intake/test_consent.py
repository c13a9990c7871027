"""Consent as it is given, used, narrowed, withdrawn, and the clock that starts then (152-FZ 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts import careplan
from contracts.citizen import (
    ConsentGiven,
    ConsentWithdrawn,
    ErasureDueSoon,
    ErasureMissed,
)
from contracts.intake import CaseDeclined, CaseReopened, ThinkingTimeEnded
from contracts.values import SYSTEM
from services.intake.consenting import tell_cases
from services.intake.domain.consenting import withdraw_consent
from tests.service.intake.bodies import (
    CONSENT,
    DECLINE,
    PAPERS,
    SIGNED,
    answers_of,
    new_citizen,
    new_referral,
)
from tests.service.intake.desk import Clock, Desk, publish_body
from tests.service.intake.outside import Outside
from tests.service.intake.twins import moved, pair_id, two_alike
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, actor, until


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
    await consent(desk, case_id, given_on=desk.today)
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
    await consent(desk, case_id, given_on=desk.today)
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
        ({"given_on": "2041-01-01"}, "consent-in-future", "given_on"),
        ({"given_at": "2031-01-20T12:00:00+07:00"}, "consent-in-future", "given_at"),
        ({"given_at": "2026-01-21T00:00:00+07:00"}, "consent-on-another-day", "given_at"),
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


async def test_consent_from_before_its_withdrawal_brings_nothing_back_152_fz_9_152_fz_21(
    desk: Desk,
) -> None:
    case_id = await desk.applied()
    await withdraw(desk, case_id)
    for day, moment, field in (
        ("2025-12-01", None, "given_on"),
        (desk.today, f"{desk.today}T00:00:00+07:00", "given_at"),
    ):
        body = {**CONSENT, "given_on": day, "given_at": moment}
        answered = await desk.post(f"/cases/{case_id}/consent", body, "specialist")
        assert (answered.status_code, answered.json()["code"]) == (422, "consent-before-withdrawal")
        assert answered.json()["errors"][0]["field"] == field
        assert answered.json()["clause"] == "152-FZ 9 (2), 21 (5)"
    assert len((await citizen_of(desk, case_id))["erasure"]) == 1


async def test_withdrawal_through_an_ended_case_stops_what_waits_at_a_body_152_fz_9_2(
    desk: Desk,
) -> None:
    await publish_body(desk)
    person = new_citizen() | {"address": {"text": "ул. Мира, д. 1"}}
    first = await desk.register(new_referral(citizen=person), org=INSTITUTION)
    await desk.consent(first["case_id"])
    await desk.act(first["case_id"], "closing", {"reason": "moved"}, "urgent_head")
    waiting = await desk.register(new_referral(citizen=person), org=AUTHORISED_BODY)
    assert (waiting["state"], waiting["citizen_id"]) == ("to_forward", first["citizen_id"])
    await withdraw(desk, first["case_id"])
    there = await desk.intake.cases.get(waiting["case_id"])
    ended = await desk.intake.cases.get(first["case_id"])
    assert there is not None
    assert ended is not None
    assert (there.state.status, there.state.consent_withdrawn) == ("declined", True)
    assert (ended.state.status, ended.state.consent_withdrawn) == ("closed", True)


async def test_refused_case_whose_consent_was_withdrawn_does_not_go_on_152_fz_9_r_5_8(
    desk: Desk,
) -> None:
    case_id = await desk.applied()
    told = desk.stack.story(careplan.CASE, case_id)
    await told.tell(careplan.Refused(by=SYSTEM, notice_number="Н-1", grounds=("not_in_need",)))
    await until(lambda: is_now(desk, case_id, "closed"))
    await withdraw(desk, case_id)
    await told.tell(careplan.CaseReopened(by=SYSTEM, complaint_id="K-1"))
    await until(lambda: is_now(desk, case_id, "declined"))
    found = await refused(desk, case_id, "reopening", None, "registrar")
    assert found == ("consent-withdrawn", "152-FZ 9")
    await consent(desk, case_id, given_on=desk.today)
    await desk.act(case_id, "reopening")
    assert (await desk.case(case_id))["status"] == "application_registered"


async def is_now(desk: Desk, case_id: str, status: str) -> bool:
    return bool((await desk.case(case_id))["status"] == status)


async def test_consent_taken_over_with_a_card_goes_with_it_152_fz_9(
    desk: Desk, clock: Clock
) -> None:
    """Two citizens were joined; one case went by the other one's consent until they were parted."""
    person = new_citizen()
    first, second = await two_alike(desk, clock, person, moved(person))
    await desk.consent(second["case_id"])
    await decide(desk, first, second, "decision", decision="same")
    case_id = first["case_id"]
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.act(case_id, "application", {"documents": PAPERS})
    on_paper = {**SIGNED, "kind": "pension_certificate", "way": "paper"}
    await desk.act(case_id, "interagency-requests", on_paper, "institution_director")
    request_id = (await desk.case(case_id))["request"]["id"]
    letter = f"/interagency-requests/{request_id}/letter.html"
    assert (await desk.get(letter)).status_code == 200
    await decide(desk, first, second, "undoing")
    case = await desk.case(case_id)
    assert (case["status"], case["terms"]) == ("declined", [])
    assert (await desk.case(second["case_id"]))["status"] == "registered"
    refused_letter = await desk.get(letter)
    assert (refused_letter.status_code, refused_letter.json()["code"]) == (409, "consent-missing")


async def decide(
    desk: Desk, first: dict[str, Any], second: dict[str, Any], action: str, **more: str
) -> None:
    path = f"/citizen-pairs/{pair_id(first, second)}"
    version = (await desk.get(path)).json()["version"]
    answered = await desk.post(f"{path}/{action}", {"reason": "так", **more}, version=version)
    assert answered.status_code == 200, answered.text


async def test_letter_is_not_sent_by_hand_beyond_the_consent_152_fz_9(desk: Desk) -> None:
    """The consent was narrowed after the request was signed."""
    case_id = await desk.applied()
    on_paper = {**SIGNED, "kind": "pension_certificate", "way": "paper"}
    await desk.act(case_id, "interagency-requests", on_paper, "institution_director")
    request_id = (await desk.case(case_id))["request"]["id"]
    await consent(desk, case_id, given_on=desk.today, recipients=["commission"])
    path = f"/interagency-requests/{request_id}"
    printed = await desk.get(f"{path}/letter.html")
    assert (printed.status_code, printed.json()["code"]) == (409, "consent-does-not-cover")
    sent = {"sent_by": [{"way": "fax"}], "sent_on": desk.today}
    version = await desk.version(case_id)
    answered = await desk.post(f"{path}/dispatch", sent, version=version)
    assert (answered.status_code, answered.json()["code"]) == (409, "consent-does-not-cover")
    await consent(desk, case_id, given_on=desk.today)
    version = await desk.version(case_id)
    assert (await desk.post(f"{path}/dispatch", sent, version=version)).status_code == 200
