"""Complaints: registration, worklist, decision, answer (R 5)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from chassis.http import Change, CommandReceipt, Creation, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from chassis.replica import state_of
from contracts.copies import followed
from contracts.values import Identifier
from services.complaints.api.callers import Officer, Reader, Recorder
from services.complaints.api.schemas import AnswerRequest, DecisionRequest
from services.complaints.api.views import (
    ComplaintDetail,
    ComplaintView,
    complaint_detail,
    complaint_view,
)
from services.complaints.commands import answer, decide
from services.complaints.complaints import WithComplaints
from services.complaints.domain.case import CaseCopy
from services.complaints.domain.examination import Verdict
from services.complaints.domain.registration import ComplaintForm
from services.complaints.registering import register

router = APIRouter(prefix="/complaints", tags=["complaints"])


@router.post("", status_code=201, summary="Register a complaint")
async def post_complaint(
    form: ComplaintForm,
    response: Response,
    by: Recorder,
    request: Creation,
    complaints: WithComplaints,
) -> CommandReceipt:
    """Enter a complaint into the register the day it arrives; its term begins (R 5.3, 5.5)."""
    registered = await register(complaints, form, request, by)
    if registered.repeated:
        response.status_code = 200
    response.headers["Location"] = f"/complaints/{registered.answered.answer['id']}"
    return receipt(registered.answered, response)


@router.get("", summary="The worklist")
async def get_complaints(
    by: Reader,
    complaints: WithComplaints,
    body: Annotated[
        Identifier | None, Query(description="only complaints of this body's acts")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ComplaintView]:
    """Complaints the caller's body examines, the earliest due term first; the department's: all."""
    query = {} if await complaints.of_department(by) else {"examiner": by.organization or "-"}
    if body is not None:
        query["body"] = body
    return await page(complaints.complaints, query, "due", cursor, limit, complaint_view)


@router.get("/{complaint_id}", summary="One complaint")
async def get_complaint(
    complaint_id: str, response: Response, by: Reader, complaints: WithComplaints
) -> ComplaintDetail:
    """The complaint with its terms, and the decision of its case that it may be about."""
    document = await complaints.get_complaint(complaint_id, by)
    case = await complaints.cases.get(document.state.case_id)
    find = partial(state_of, complaints.citizens)
    citizen = await followed(find, document.state.citizen_id)
    card = citizen.card if citizen is not None else None
    response.headers["ETag"] = etag(document.version)
    return complaint_detail(
        document,
        case.state if case is not None else CaseCopy(id=document.state.case_id),
        card.name if card is not None else None,
    )


@router.post("/{complaint_id}/decision", summary="Decide on a complaint")
async def post_decision(
    complaint_id: str,
    body: DecisionRequest,
    response: Response,
    by: Officer,
    request: Change,
    complaints: WithComplaints,
) -> CommandReceipt:
    """Satisfy it with a remedy, or refuse it; with reasons either way (R 5.7, 5.8, 5.11)."""
    verdict = Verdict.model_validate(body.model_dump())
    return receipt(await decide(complaints, complaint_id, request, by, verdict), response)


@router.post("/{complaint_id}/answer", summary="Record the answer")
async def post_answer(
    complaint_id: str,
    body: AnswerRequest,
    response: Response,
    by: Officer,
    request: Change,
    complaints: WithComplaints,
) -> CommandReceipt:
    """The reasoned answer with its parts was sent, and how (R 5.9, 5.10)."""
    answered = await answer(
        complaints, complaint_id, request, by, body.parts, body.way, body.electronic_copy
    )
    return receipt(answered, response)
