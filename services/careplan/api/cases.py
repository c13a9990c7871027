"""Cases in care planning: the worklist and the whole record."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import etag
from chassis.paging import Cursor, Limit, Page, page
from contracts.roles import Role
from services.careplan.api.callers import Reader
from services.careplan.api.views import CaseLine, CaseView, case_line, case_view
from services.careplan.careplan import WithCareplan

router = APIRouter(tags=["cases"])


@router.get("/cases", summary="The worklist")
async def get_cases(
    by: Reader, careplan: WithCareplan, limit: Limit = 50, cursor: Cursor = None
) -> Page[CaseLine]:
    """Cases of the caller's organization, the earliest due term first."""
    field = "authorised_body" if by.role == Role.AUTHORISED_BODY_HEAD else "institution"
    query = {field: by.organization or "-"}
    return await page(careplan.cases, query, "due", cursor, limit, case_line)


@router.get("/cases/{case_id}", summary="One case")
async def get_case(
    case_id: str, response: Response, by: Reader, careplan: WithCareplan
) -> CaseView:
    """The case with its terms, plan versions, programme, decisions, contract and order."""
    document = await careplan.get_case(case_id, by)
    response.headers["ETag"] = etag(document.version)
    return case_view(document)
