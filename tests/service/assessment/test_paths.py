"""The whole path of an assessment over HTTP, at its exact cost: to service, and to refusal."""

from datetime import timedelta

from contracts.assessment import (
    ActSigned,
    AssessmentDeclined,
    AssessmentOpened,
    CommissionConvened,
    NeedsAssessed,
    OrganizerAssigned,
    Proposal,
    ProtocolRecorded,
    SurveyCompleted,
    SurveyOutcome,
    SurveyScheduled,
)
from contracts.careplan import CASE as CAREPLAN
from contracts.careplan import CaseReopened, Enrolled, Refused, ServiceForm
from contracts.values import SYSTEM
from tests.service.assessment.office import Desk, Office, triaged
from tests.service.assessment.people import (
    CHAIR,
    DIRECTOR,
    HEAD,
    MEMBERS,
    NURSE,
    ORGANIZER,
    RECEIVED,
    RESERVED,
    SECTION,
    SECTIONS,
    SERVICE,
    SHEET,
    SPECIALIST,
    SURVEY,
    commission_body,
    questionnaire_body,
    visit_body,
)
from tests.service.stack import INSTITUTION, until


async def _version(office: Office, desk: Desk, version: int) -> None:
    async def reached() -> bool:
        document = await office.stored(desk.case_id)
        return document is not None and document.version >= version

    await until(reached)


async def test_case_is_assessed_for_service_r_3_3_r_3_4(office: Office) -> None:
    await office.publish_hospital()
    desk = office.desk()
    await _taken_over(office, desk)
    await _surveyed(office, desk)
    await _commission_called(office, desk)
    await _act_filled(office, desk)
    await _act_signed(office, desk)
    await _concluded(office, desk)
    await _look_at(desk)
    assert office.said(desk.case_id) == [
        "assessment.assessment-opened.v1",
        "assessment.survey-scheduled.v1",
        "assessment.survey-scheduled.v1",
        "assessment.survey-completed.v1",
        "assessment.organizer-assigned.v1",
        "assessment.commission-convened.v1",
        "assessment.act-signed.v1",
        "assessment.protocol-recorded.v1",
        "assessment.needs-assessed.v1",
    ]
    story = office.stack.story(CAREPLAN, desk.case_id)
    async with office.costs(writes=1, published=0):
        await story.tell(
            Enrolled(by=SYSTEM, order_number="12-к", form=ServiceForm.HOME, level=2, provider="p-3")
        )
        await _version(office, desk, desk.version + 1)
    assert (await desk.see())["status"] == "closed"


async def _taken_over(office: Office, desk: Desk) -> None:
    async with office.costs(writes=1, published=0):
        await desk.story.tell(office.registered(desk), at=office.clock.now)
        await _version(office, desk, 1)
    async with office.costs(writes=1, published=1):
        await desk.story.tell(triaged(), at=office.clock.now)
        opened = await office.stack.spy.wait_for(AssessmentOpened, desk.case_id)
    assert [term.code for term in opened.opened] == ["primary-survey", "survey-stage"]


async def _surveyed(office: Office, desk: Desk) -> None:
    await desk.see()
    async with office.costs(writes=1, published=1):
        await desk.do("survey-visit", SPECIALIST, visit_body(20))
    async with office.costs(writes=1, published=1):
        answer = await desk.do("survey-visit", SPECIALIST, visit_body(26))  # set anew
    assert answer["events"] == ["ru.opora.assessment.survey-scheduled.v1"]
    scheduled = await office.stack.spy.wait_for(SurveyScheduled, desk.case_id, count=2)
    assert scheduled.visit_at == RECEIVED + timedelta(hours=29)
    async with office.costs(writes=1, published=1):
        await desk.do("survey", SPECIALIST, SURVEY)
    surveyed = await office.stack.spy.wait_for(SurveyCompleted, desk.case_id)
    assert surveyed.outcome is SurveyOutcome.COMMISSION
    assert [term.code for term in surveyed.closed] == ["primary-survey"]


async def _commission_called(office: Office, desk: Desk) -> None:
    async with office.costs(writes=1, published=1):
        await desk.do("organizer", HEAD, {"organizer": ORGANIZER.id})
    assigned = await office.stack.spy.wait_for(OrganizerAssigned, desk.case_id)
    assert [term.code for term in assigned.closed] == ["survey-stage"]
    assert [term.code for term in assigned.opened] == ["commission"]
    async with office.costs(writes=1, published=1):
        answer = await desk.do("commission", ORGANIZER, commission_body())
    assert (answer["independent_members"], answer["warnings"]) == (4, [])
    convened = await office.stack.spy.wait_for(CommissionConvened, desk.case_id)
    assert convened.seats == ("chair", "care_organizer", "health_worker", "psychologist")


async def _act_filled(office: Office, desk: Desk) -> None:
    for section in SECTIONS:
        version = desk.version
        async with office.costs(writes=1, published=0):
            answer = await desk.do(
                f"act/sections/{section}", RESERVED.get(section, ORGANIZER), SECTION
            )
        assert answer["events"] == []
        assert desk.version == version + 1  # no news for others, but the ETag moves
    full = ["cook", "wash_body", "go_out", "transfer"]
    async with office.costs(writes=1, published=0):
        answer = await desk.do("questionnaire", NURSE, questionnaire_body(full=full))
    assert answer["score"]["half_points"] == 66
    assert answer["score"]["band"]["level"] == 2


async def _act_signed(office: Office, desk: Desk) -> None:
    for member in MEMBERS:
        async with office.costs(writes=1, published=0):
            answer = await desk.do("act/signatures", member, {})
    assert answer["missing_signatures"] == ["citizen"]
    async with office.costs(writes=1, published=1):
        await desk.do(
            "act/signatures", ORGANIZER, {"signer": "citizen", "consents_to_transfer": True}
        )
    assert (await office.stack.spy.wait_for(ActSigned, desk.case_id)).signatures == 5


async def _concluded(office: Office, desk: Desk) -> None:
    async with office.costs(writes=1, published=2):
        await desk.do("protocol", CHAIR, SERVICE)
    recorded = await office.stack.spy.wait_for(ProtocolRecorded, desk.case_id)
    assert recorded.proposal is Proposal.SERVICE
    assessed = await office.stack.spy.wait_for(NeedsAssessed, desk.case_id)
    assert (assessed.group, assessed.level, assessed.days_per_week) == (4, 2, 7)
    assert (assessed.weekly_minutes_from, assessed.weekly_minutes_to) == (1080, 1260)
    assert (assessed.organizer, assessed.instrument) == (ORGANIZER.id, "care-need-2026")
    assert [term.code for term in assessed.closed] == ["commission"]


async def _look_at(desk: Desk) -> None:
    """The case as the nurse of another organization sees it at the end."""
    seen = await desk.see(NURSE)
    assert seen["status"] == "assessed"
    assert seen["survey"]["sections"] == SHEET
    assert seen["commission"]["independent_members"] == 4
    assert "независимее" in seen["commission"]["independence_ru"]
    nurse = next(m for m in seen["commission"]["members"] if m["person"] == NURSE.id)
    assert nurse["organization_name"] == "Ленинск-Кузнецкая районная больница (пример)"
    assert nurse["signed"] is True
    filled_by = {section["code"]: section["filled"]["filled_by"]["id"] for section in seen["act"]}
    assert filled_by == {code: RESERVED.get(code, ORGANIZER).id for code in SECTIONS}
    assert (seen["empty_sections"], seen["missing_signatures"]) == ([], [])
    (score,) = seen["scores"]
    assert (score["points"], score["recomputed_points"]) == ("33", "33")
    assert (score["level"], score["recomputation_agrees"]) == (2, True)
    assert score["questionnaire"]["version"] == "2026"
    assert seen["protocol"]["reasons"] == SERVICE["reasons"]
    assert seen["terms"] == []


async def test_case_is_assessed_for_refusal_r_3_4_8(office: Office) -> None:
    spy = office.stack.spy
    desk = await office.open()
    await desk.to_signed()
    await desk.do("questionnaire", ORGANIZER, questionnaire_body())
    refusal = {
        "proposal": "refusal",
        "reasons": "Медицинская организация указала противопоказания.",
        "refusal_grounds": ["medical_contraindications"],
    }
    async with office.costs(writes=1, published=2):
        await desk.do("protocol", CHAIR, refusal)
    assessed = await spy.wait_for(NeedsAssessed, desk.case_id)
    assert assessed.proposal is Proposal.REFUSAL
    assert (assessed.group, assessed.level, assessed.weekly_minutes_to) == (4, 2, 1260)
    assert (await desk.see())["protocol"]["refusal_grounds"] == ["medical_contraindications"]

    story = office.stack.story(CAREPLAN, desk.case_id)
    await story.tell(Refused(by=SYSTEM, notice_number="3-у", grounds=("not_in_need",)))
    await _version(office, desk, desk.version + 1)
    assert (await desk.see())["status"] == "closed"
    await story.tell(CaseReopened(by=SYSTEM, complaint_id="K-8"))
    await _version(office, desk, desk.version + 1)
    assert (await desk.see())["status"] == "assessed"


async def test_citizen_declines_at_the_survey_and_returns_r_3_3_7_2(office: Office) -> None:
    spy = office.stack.spy
    desk = await office.open(in_hospital=True)
    await desk.see()
    await desk.do("survey-visit", SPECIALIST, visit_body())
    informed = {
        **SURVEY,
        "outcome": "declined",
        "consequences_explained": True,
        "contact_left": True,
    }
    async with office.costs(writes=1, published=2):
        await desk.do("survey", SPECIALIST, informed)
    completed = await spy.wait_for(SurveyCompleted, desk.case_id)
    assert [term.code for term in completed.closed] == ["primary-survey-hospital"]
    declined = await spy.wait_for(AssessmentDeclined, desk.case_id)
    assert [term.code for term in declined.closed] == ["survey-stage"]
    assert (await desk.see())["status"] == "declined"

    async with office.costs(writes=1, published=1):
        await desk.do("reopening", SPECIALIST)
    reopened = await spy.wait_for(AssessmentOpened, desk.case_id, count=2)
    assert reopened.reopened
    assert reopened.case.institution == INSTITUTION
    assert {term.code for term in reopened.opened} == {"primary-survey-hospital", "survey-stage"}
    await desk.to_surveyed()
    await desk.do("organizer", DIRECTOR, {"organizer": ORGANIZER.id})


async def test_another_organizer_takes_over_a_convened_case_r_3_3_12(office: Office) -> None:
    desk = await office.open()
    await desk.to_filled()
    await desk.do("act/signatures", NURSE, {})
    deputy = ORGANIZER.model_copy(update={"id": "petrova@example.ru"})
    await desk.refused(422, "reason-missing", "organizer", HEAD, {"organizer": deputy.id})
    answer = await desk.do(
        "organizer", HEAD, {"organizer": deputy.id, "reason": "Прежний организатор уволился."}
    )
    assert answer["status"] == "organizer_assigned"
    told = await office.stack.spy.wait_for(OrganizerAssigned, desk.case_id, count=2)
    assert (told.organizer, told.opened) == (deputy.id, ())
    body = commission_body()
    body["members"][1]["person"] = deputy.id
    assert (await desk.do("commission", deputy, body))["status"] == "convened"
    seen = await desk.see()
    assert (seen["empty_sections"], seen["signatures"]) == ([], [])
    assert seen["replaced"][0]["organizer"] == ORGANIZER.id
    assert len(seen["replaced"][0]["signatures"]) == 1


async def test_commission_without_an_independent_member_is_warned_of_r_3_4_2(
    office: Office,
) -> None:
    desk = await office.open()
    await desk.to_surveyed()
    await desk.do("organizer", HEAD, {"organizer": ORGANIZER.id})
    answer = await desk.do("commission", ORGANIZER, commission_body(from_home_care=True))
    assert answer["status"] == "convened"
    assert answer["independent_members"] == 0
    assert [warning["code"] for warning in answer["warnings"]] == ["no-independent-member"]
