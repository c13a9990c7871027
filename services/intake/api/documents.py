"""The document package as people look at it, and the papers the citizen is given (R 2.6, 3.3.9)."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from chassis.http import CommandReceipt, etag
from contracts.errors import NotFound
from services.intake.api.callers import Frontline, Reader
from services.intake.api.changing import ChangeOfCase
from services.intake.api.document_views import (
    BringList,
    PackageView,
    ReceiptView,
    VerificationBody,
    bring_list,
    package_view,
    receipt_view,
)
from services.intake.api.pages import bring_list_page, receipt_page
from services.intake.domain import attaching
from services.intake.domain.case import Case
from services.intake.domain.records import Receipt
from services.intake.intake import WithIntake

router = APIRouter(tags=["documents"])


@router.get("/cases/{case_id}/documents", summary="The document package")
async def get_documents(
    case_id: str, response: Response, by: Reader, intake: WithIntake
) -> PackageView:
    """For each document: needed or not and by which clause, who has it, whether it is there,
    its files, and the requests that fetch it; what is missing is listed (R 2.6, 3.3.9)."""
    document = await intake.get_case(case_id, by)
    response.headers["ETag"] = etag(document.version)
    return package_view(document.state)


@router.get("/cases/{case_id}/bring-list", summary="What the citizen is asked to bring")
async def get_bring_list(case_id: str, by: Reader, intake: WithIntake) -> BringList:
    """Only what they alone have: no document of another body is ever on it (R 2.6.1, 5.2)."""
    return bring_list((await intake.get_case(case_id, by)).state)


@router.get(
    "/cases/{case_id}/bring-list.html",
    summary="What the citizen is asked to bring, to be printed",
    response_class=HTMLResponse,
)
async def get_bring_list_page(case_id: str, by: Reader, intake: WithIntake) -> HTMLResponse:
    """In Russian, with what the institution fetches itself named as such (R 2.6.1)."""
    case = (await intake.get_case(case_id, by)).state
    institution = await intake.organizations.get(case.reference.institution)
    return bring_list_page(case, institution.state.card if institution else None)


@router.post(
    "/cases/{case_id}/documents/{code}/verification", summary="The original was seen, a copy made"
)
async def post_verification(
    code: str, body: VerificationBody, by: Frontline, change: ChangeOfCase
) -> CommandReceipt:
    """What the worker held in their hands, and the copy they made and certified (R 2.6)."""
    return await change(
        by,
        lambda case, at: attaching.verify_document(
            case,
            code,
            body.presented,
            at,
            copy_made=body.copy_made,
            copy_certified=body.copy_certified,
        ),
    )


@router.get("/cases/{case_id}/receipts/{number}", summary="A receipt for documents handed in")
async def get_receipt(case_id: str, number: str, by: Reader, intake: WithIntake) -> ReceiptView:
    """What was handed in at one time, when, and who took it; numbered in the case from 1."""
    case = (await intake.get_case(case_id, by)).state
    return receipt_view(case, _receipt(case, number))


@router.get(
    "/cases/{case_id}/receipts/{number}/receipt.html",
    summary="The receipt, to be printed and signed",
    response_class=HTMLResponse,
)
async def get_receipt_page(
    case_id: str, number: str, by: Reader, intake: WithIntake
) -> HTMLResponse:
    """In Russian, for the citizen to take along."""
    case = (await intake.get_case(case_id, by)).state
    receipt = _receipt(case, number)
    citizen = await intake.find_citizen(case.reference.citizen_id)
    institution = await intake.organizations.get(case.reference.institution)
    return receipt_page(
        receipt_view(case, receipt),
        citizen.state.card if citizen else None,
        institution.state.card if institution else None,
    )


def _receipt(case: Case, number: str) -> Receipt:
    for receipt in case.receipts:
        if str(receipt.number) == number:
            return receipt
    raise NotFound("receipt")
