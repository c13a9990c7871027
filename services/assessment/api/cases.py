"""Cases in assessment: worklist, survey, care organizer (R 3.3)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from chassis.http import CommandReceipt, etag
from chassis.paging import Cursor, Limit, Page, page
from contracts.context import Context
from contracts.event import Event
from contracts.roles import Role
from services.assessment.api.callers import Appointer, Reader, Reopener, Specialist
from services.assessment.api.changing import ChangeOfCase
from services.assessment.api.schemas import OrganizerRequest, SurveyRequest, VisitRequest
from services.assessment.api.views import CaseView, WorkItem, case_view, organizations_of, work_item
from services.assessment.assessment import WithAssessment
from services.assessment.domain import opening, survey
from services.assessment.domain.case import Case, Status
from services.assessment.domain.records import InformationSheet, Visit

router = APIRouter(tags=["cases"])

OF_THE_AUTHORISED_BODY = {Role.AUTHORISED_BODY_HEAD, Role.COMMISSION_CHAIR}


@router.get("/cases", summary="The worklist")
async def get_cases(
    by: Reader,
    assessment: WithAssessment,
    status: Annotated[Status | None, Query(description="only cases in this state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WorkItem]:
    """Cases of the caller's organization, the earliest due term first."""
    field = "authorised_body" if by.role in OF_THE_AUTHORISED_BODY else "institution"
    query: dict[str, Any] = {field: by.organization or "-"}
    if status is not None:
        query["status"] = status.value
    return await page(assessment.cases, query, "due", cursor, limit, work_item)


@router.get("/cases/{case_id}", summary="One case")
async def get_case(
    case_id: str, response: Response, by: Reader, assessment: WithAssessment
) -> CaseView:
    """The case with its terms, survey, commission, act, scores and protocol."""
    document = await assessment.get_case(case_id, by)
    citizen = await assessment.find_citizen(document.state)
    names = await assessment.names_of(organizations_of(document.state))
    response.headers["ETag"] = etag(document.version)
    return case_view(document, citizen, names)


@router.post("/cases/{case_id}/survey-visit", summary="Set the survey's visit")
async def post_survey_visit(
    case_id: str,
    body: VisitRequest,
    by: Specialist,
    change: ChangeOfCase,
    assessment: WithAssessment,
) -> CommandReceipt:
    """Set the visit, or set it anew; who has a phone is told beforehand (R 3.3.4)."""
    visit = Visit.model_validate(body.model_dump())
    has_phone = await assessment.has_phone(case_id)
    return await change(
        by, lambda case, at: survey.schedule_survey(case, visit, at, has_phone=has_phone)
    )


@router.post("/cases/{case_id}/survey", summary="Complete the primary survey")
async def post_survey(
    case_id: str,
    body: SurveyRequest,
    by: Specialist,
    change: ChangeOfCase,
    assessment: WithAssessment,
) -> CommandReceipt:
    """The information sheet, and what the survey leads to (R 3.3.5–3.3.10)."""
    has_phone = await assessment.has_phone(case_id)

    def decide(case: Case, at: Context) -> list[Event]:
        sheet = InformationSheet(**body.model_dump(), completed_by=at.by, completed_at=at.now)
        return survey.complete_survey(case, sheet, at, has_phone=has_phone)

    return await change(by, decide)


@router.post("/cases/{case_id}/reopening", summary="A declined case goes on")
async def post_reopening(by: Reopener, change: ChangeOfCase) -> CommandReceipt:
    """The citizen who declined at the survey thought better of it (R 3.3.7.2)."""
    return await change(by, opening.reopen)


@router.post("/cases/{case_id}/organizer", summary="Assign the care organizer")
async def post_organizer(
    body: OrganizerRequest, by: Appointer, change: ChangeOfCase
) -> CommandReceipt:
    """The package goes to a named care organizer (R 3.3.11, 3.3.12).

    Another can be named until the procedure has ended; once a commission was convened, with a
    reason. While its act is not signed by all, the one who takes over convenes it anew.
    """
    return await change(
        by, lambda case, at: survey.assign_organizer(case, body.organizer, body.reason, at)
    )
