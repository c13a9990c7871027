"""The care plan: drafting, signatures, the executors' answers (R 3.5)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import CommandReceipt, etag
from services.careplan.api.callers import Organizer, PlanParty, PlanReader
from services.careplan.api.changing import ChangeOfCase
from services.careplan.api.schemas import AnswerRequest, PlanRequest, SignatureRequest
from services.careplan.api.views import PlanView, plan_view
from services.careplan.careplan import WithCareplan
from services.careplan.domain import agreement, plan

router = APIRouter(tags=["plan"])


@router.get("/cases/{case_id}/plan", summary="The plan in hand")
async def get_plan(
    case_id: str, response: Response, by: PlanReader, careplan: WithCareplan
) -> PlanView:
    """The plan as staff and the organizations that carry it out see it."""
    document = await careplan.get_case(case_id, by)
    response.headers["ETag"] = etag(document.version)
    return plan_view(document.state, by)


@router.post("/cases/{case_id}/plan", summary="Draft the plan")
async def post_plan(
    body: PlanRequest, by: Organizer, change: ChangeOfCase, careplan: WithCareplan
) -> CommandReceipt:
    """A new version within what the level allows; signatures start anew (R 3.5.2, L 3.1)."""
    known = await careplan.kinds_of(item.executor.organization for item in body.items)
    return await change(by, lambda case, at: plan.draft_plan(case, body, known, at))


@router.post("/cases/{case_id}/plan/signatures", summary="Sign the plan")
async def post_signature(
    body: SignatureRequest, by: Organizer, change: ChangeOfCase
) -> CommandReceipt:
    """The organizer signs, or records the citizen's or representative's signature (R 3.5.3)."""
    return await change(by, lambda case, at: agreement.sign_plan(case, body.party, at))


@router.post("/cases/{case_id}/plan/agreements", summary="An executor answers")
async def post_agreement(
    body: AnswerRequest, by: PlanParty, change: ChangeOfCase
) -> CommandReceipt:
    """An executor agrees, or refuses with a reason: then the plan is drawn up anew (R 3.5.3)."""
    return await change(
        by,
        lambda case, at: agreement.answer_plan(case, body.executor, body.agreed, body.reason, at),
    )
