"""Cases in intake: triage, urgent measures, consultation (worklists: `worklists.py`)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import CommandReceipt, etag
from chassis.paging import Cursor, Limit, Page, page
from services.intake.api.callers import (
    Frontline,
    Reader,
    UrgentHead,
    own_records,
)
from services.intake.api.changing import ChangeOfCase
from services.intake.api.schemas import (
    AnswersRequest,
    ConsultationRequest,
    TriageRequest,
    UrgentPlanRequest,
    UrgentResultsRequest,
)
from services.intake.api.views import CaseView, case_view
from services.intake.domain import triage, urgent
from services.intake.domain.circumstances import CorrectedCircumstances, correct_circumstances
from services.intake.domain.ending import Advice, close_consultation
from services.intake.intake import WithIntake

router = APIRouter(tags=["cases"])


@router.get("/cases", summary="Cases by due term")
async def get_cases(
    by: Reader, intake: WithIntake, limit: Limit = 50, cursor: Cursor = None
) -> Page[CaseView]:
    """Cases of the caller's organization, the earliest due term first."""
    return await page(intake.cases, own_records(by), "due", cursor, limit, case_view)


@router.get("/cases/{case_id}", summary="One case")
async def get_case(case_id: str, response: Response, by: Reader, intake: WithIntake) -> CaseView:
    """The case with its terms, documents and progress."""
    document = await intake.get_case(case_id, by)
    response.headers["ETag"] = etag(document.version)
    return case_view(document)


@router.post("/cases/{case_id}/circumstances", summary="Put right what a case was opened by")
async def post_circumstances(
    body: CorrectedCircumstances, by: Frontline, change: ChangeOfCase
) -> CommandReceipt:
    """Whether the citizen lies in a hospital, and whether home care was asked for from the start.

    A survey that waits is due by the right term (R 3.3.2, 3.3.3), counted from the referral.
    """
    return await change(by, lambda case, at: correct_circumstances(case, body, at))


@router.post("/cases/{case_id}/answers", summary="Answer the five questions")
async def post_answers(body: AnswersRequest, by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Record the answers of R 3.1.3, and whether the applicant was told what comes (R 3.1.4).

    What is answered holds the code the rule proposes.
    """
    return await change(
        by,
        lambda case, at: triage.answer_questions(
            case,
            body.answers,
            body.self_care_lost,
            at,
            applicant_informed=body.applicant_informed,
            health_at_risk=body.health_at_risk,
        ),
    )


@router.post("/cases/{case_id}/triage", summary="Assign the triage code")
async def post_triage(body: TriageRequest, by: UrgentHead, change: ChangeOfCase) -> CommandReceipt:
    """Confirm the proposed code, or override it with a reason (R 3.1.6)."""
    return await change(by, lambda case, at: triage.triage_case(case, body.code, body.reason, at))


@router.post("/cases/{case_id}/consultation", summary="Record a consultation")
async def post_consultation(
    body: ConsultationRequest, by: Frontline, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """What was asked and answered, and where the person was directed; the case ends (R 3.1.6 б)."""
    advice = Advice.model_validate(body.model_dump())
    known = await intake.taking_part(advice.directed_to)
    return await change(by, lambda case, at: close_consultation(case, advice, at, known))


@router.post("/cases/{case_id}/urgent-measures", summary="Plan urgent measures")
async def post_urgent_measures(
    body: UrgentPlanRequest, by: UrgentHead, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """The plan of the same day, with who is drawn in; or what is added to it (R 3.1.7)."""
    known = await intake.taking_part(urgent.organizations_of(body.measures))
    return await change(
        by, lambda case, at: urgent.plan_urgent_measures(case, body.measures, at, known)
    )


@router.post("/cases/{case_id}/urgent-measures/results", summary="Record urgent measures' results")
async def post_urgent_results(
    body: UrgentResultsRequest, by: Frontline, change: ChangeOfCase
) -> CommandReceipt:
    """What came of measures; one that failed is said, and something else done instead (R 3.1.7)."""
    return await change(by, lambda case, at: urgent.record_urgent_results(case, body.results, at))
