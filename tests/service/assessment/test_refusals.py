"""What the API refuses, and that a refusal changes nothing."""

import uuid

import pytest

from contracts.values import Actor
from tests.service.assessment.office import Office
from tests.service.assessment.people import (
    CHAIR,
    HEAD,
    NURSE,
    ORGANIZER,
    PSYCHOLOGIST,
    SECTION,
    SERVICE,
    SHEET,
    SPECIALIST,
    SURVEY,
    commission_body,
    questionnaire_body,
    visit_body,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

OTHER_NURSE = NURSE.model_copy(update={"id": "h-other-nurse"})
CITIZEN_SIGNS = {"signer": "citizen", "consents_to_transfer": True}


async def test_visit_of_one_with_a_phone_is_announced_r_3_3_4(office: Office) -> None:
    desk = await office.open()
    await desk.see()
    unannounced = visit_body(announced=False)
    problem = await desk.refused(
        422, "visit-not-announced", "survey-visit", SPECIALIST, unannounced
    )
    assert problem["clause"] == "R 3.3.4"
    await desk.refused(422, "visit-in-past", "survey-visit", SPECIALIST, visit_body(-1))
    await desk.refused(409, "visit-not-announced", "survey", SPECIALIST, SURVEY)
    without = await office.open(phone=None)
    await without.see()
    await without.do("survey-visit", SPECIALIST, unannounced)


async def test_missing_survey_section_is_named_r_3_3_8(office: Office) -> None:
    desk = await office.open()
    await desk.see()
    await desk.do("survey-visit", SPECIALIST, visit_body())
    lacking = {code: text for code, text in SHEET.items() if code != "emotional_state"}
    problem = await desk.refused(
        422, "survey-section-missing", "survey", SPECIALIST, {**SURVEY, "sections": lacking}
    )
    assert problem["errors"][0]["field"] == "sections.emotional_state"
    blank = {**SHEET, "family": "  "}
    problem = await desk.refused(
        422, "invalid-input", "survey", SPECIALIST, {**SURVEY, "sections": blank}
    )
    assert problem["errors"][0]["field"] == "body.sections.family"
    await desk.refused(
        422,
        "home-care-not-asked",
        "survey",
        SPECIALIST,
        {**SURVEY, "outcome": "combined_with_commission"},
    )
    await desk.refused(
        422, "consequences-not-explained", "survey", SPECIALIST, {**SURVEY, "outcome": "declined"}
    )


async def test_missing_seat_is_named_r_3_4_1(office: Office) -> None:
    desk = await office.open()
    await desk.to_surveyed()
    await desk.do("organizer", HEAD, {"organizer": ORGANIZER.id})
    body = commission_body()
    body["members"] = [m for m in body["members"] if m["seat"] != "psychologist"]
    problem = await desk.refused(422, "seat-missing", "commission", ORGANIZER, body)
    assert problem["detail"] == "the commission lacks: psychologist"
    other = ORGANIZER.model_copy(update={"id": "w-other"})
    await desk.refused(403, "not-the-assigned-organizer", "commission", other, commission_body())


@pytest.mark.parametrize(
    ("section", "by", "status", "code"),
    [
        ("physical_health", PSYCHOLOGIST, 403, "role-may-not-fill"),
        ("physical_health", ORGANIZER, 403, "role-may-not-fill"),
        ("psychosocial_state", NURSE, 403, "role-may-not-fill"),
        ("conclusion", ORGANIZER, 403, "role-may-not-fill"),
        ("physical_health", OTHER_NURSE, 404, "not-found"),  # not of this commission
        ("physical_health", OTHER_NURSE.model_copy(update={"organization": INSTITUTION}), 403, ""),
        ("hobbies", ORGANIZER, 404, "not-found"),
    ],
)
async def test_section_is_not_filled_by_others_r_3_4_4(
    office: Office, section: str, by: Actor, status: int, code: str
) -> None:
    desk = await office.open()
    await desk.to_convened()
    problem = await desk.refused(
        status, code or "not-a-member", f"act/sections/{section}", by, SECTION
    )
    assert problem.get("clause") == ("R 3.4.4" if status == 403 else None)


async def test_incomplete_questionnaire_gives_no_level_l_2_1(office: Office) -> None:
    desk = await office.open()
    await desk.to_signed()
    incomplete = questionnaire_body(without=["cook", "transfer"])
    problem = await desk.refused(422, "incomplete-answers", "questionnaire", ORGANIZER, incomplete)
    assert problem["detail"].endswith("cook, transfer")
    alone = {**questionnaire_body(), "experts": [ORGANIZER.id, ORGANIZER.id]}
    await desk.refused(422, "experts-missing", "questionnaire", ORGANIZER, alone)
    unseated = {**questionnaire_body(), "experts": [ORGANIZER.id, OTHER_NURSE.id]}
    problem = await desk.refused(
        422, "expert-not-in-commission", "questionnaire", ORGANIZER, unseated
    )
    assert (problem["clause"], problem["errors"][0]["field"]) == ("L 2.1", "experts.1")
    await desk.refused(403, "not-an-expert", "questionnaire", PSYCHOLOGIST, questionnaire_body())
    await desk.refused(409, "not-scored", "protocol", CHAIR, SERVICE)


async def test_service_is_not_proposed_without_a_level_l_3_3(office: Office) -> None:
    desk = await office.open()
    await desk.to_signed()
    independent = questionnaire_body()
    for answer in independent["answers"].values():
        answer["option"] = "none"
    answered = await desk.do("questionnaire", ORGANIZER, independent)
    assert answered["score"]["band"]["label_ru"] == "Уровень не устанавливается"
    problem = await desk.refused(422, "no-level", "protocol", CHAIR, SERVICE)
    assert problem["clause"] == "L 3.3"


async def test_unsigned_act_is_not_concluded_r_3_4_6(office: Office) -> None:
    desk = await office.open()
    await desk.to_convened()
    await desk.refused(409, "act-incomplete", "act/signatures", CHAIR, {})
    for section in ("family", "biography"):
        await desk.do(f"act/sections/{section}", ORGANIZER, SECTION)
    problem = await desk.refused(409, "act-not-signed", "protocol", CHAIR, SERVICE)
    assert problem["clause"] == "R 3.4.6"


async def test_signatures_are_everybodys_own_r_3_4_6(office: Office) -> None:
    desk = await office.open()
    await desk.to_filled()
    await desk.do("act/signatures", CHAIR, {})
    await desk.refused(409, "already-signed", "act/signatures", CHAIR, {})
    await desk.refused(409, "act-signing-began", "act/sections/family", ORGANIZER, SECTION)
    await desk.refused(403, "not-the-assigned-organizer", "act/signatures", NURSE, CITIZEN_SIGNS)
    await desk.refused(
        422, "consent-missing", "act/signatures", ORGANIZER, {"signer": "representative"}
    )


async def test_stale_version_is_refused_and_a_missing_one_asked_for(office: Office) -> None:
    desk = await office.open()
    await desk.see()
    stale = desk.version
    await desk.do("survey-visit", SPECIALIST, visit_body())
    await desk.refused(412, "stale-version", "survey", SPECIALIST, SURVEY, version=stale)
    await desk.refused(428, "if-match-required", "survey", SPECIALIST, SURVEY, version=None)


async def test_repeated_command_takes_effect_once(office: Office) -> None:
    desk = await office.open()
    await desk.see()
    seen, key = desk.version, uuid.uuid4().hex
    async with office.costs(writes=1, published=1):
        first = await desk.post("survey-visit", SPECIALIST, visit_body(), key=key)
        again = await desk.post("survey-visit", SPECIALIST, visit_body(), key=key, version=seen)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    await desk.refused(
        422, "idempotency-key-reused", "survey-visit", SPECIALIST, visit_body(5), key=key
    )


async def test_case_is_seen_by_its_authorised_body_and_by_who_is_seated(office: Office) -> None:
    desk = await office.open()
    head = Actor(id="b-head", role="authorised_body_head", organization=AUTHORISED_BODY)
    assert (await desk.get(head)).status_code == 200
    assert (await desk.get(NURSE)).status_code == 404  # not seated yet
    await desk.to_convened()
    assert (await desk.get(NURSE)).status_code == 200


async def test_unknown_field_is_refused(office: Office) -> None:
    desk = await office.open()
    await desk.see()
    problem = await desk.refused(
        422, "invalid-input", "survey-visit", SPECIALIST, {**visit_body(), "visitor": "w-1"}
    )
    assert problem["errors"][0]["field"] == "body.visitor"
