"""The individual programme (ИППСУ, order 874n)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import CommandReceipt, etag
from contracts.errors import NotFound
from services.careplan.api.callers import Issuer, Reader
from services.careplan.api.changing import ChangeOfCase
from services.careplan.api.schemas import ProgrammeRequest
from services.careplan.api.views import ProgrammeView, programme_view
from services.careplan.careplan import WithCareplan
from services.careplan.domain.programme import issue_programme

router = APIRouter(tags=["programme"])


@router.get("/cases/{case_id}/programme", summary="The individual programme")
async def get_programme(
    case_id: str, response: Response, by: Reader, careplan: WithCareplan
) -> ProgrammeView:
    """The form's content, with the citizen's card and the organizations' contacts."""
    document = await careplan.get_case(case_id, by)
    case = document.state
    programme = case.programme
    if programme is None:
        raise NotFound("programme")
    bodies = [case.reference.authorised_body, *programme.recommended_providers]
    response.headers["ETag"] = etag(document.version)
    return programme_view(
        case,
        programme,
        await careplan.card_of(case.reference.citizen_id),
        await careplan.organizations_named(bodies),
    )


@router.post("/cases/{case_id}/programme", summary="Issue the individual programme")
async def post_programme(
    body: ProgrammeRequest, by: Issuer, change: ChangeOfCase, careplan: WithCareplan
) -> CommandReceipt:
    """The programme that follows from the agreed plan (L 2.4)."""
    known = await careplan.kinds_of(body.recommended_providers)
    return await change(by, lambda case, at: issue_programme(case, body, known, at))
