"""The application and the documents of the package (R 2.6, 3.3.9)."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.http import CommandReceipt
from services.intake.api.callers import Frontline
from services.intake.api.changing import ChangeOfCase
from services.intake.api.schemas import ApplicationRequest, DocumentsRequest
from services.intake.domain import documents
from services.intake.intake import WithIntake

router = APIRouter(tags=["cases"])


@router.post("/cases/{case_id}/application", summary="Register the application")
async def post_application(
    case_id: str, body: ApplicationRequest, by: Frontline, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """The personal application with the first documents (R 2.6, 3.3.7)."""
    document = await intake.cases.get(case_id)
    consent = await intake.consent_of(document.state) if document else None
    return await change(
        by,
        lambda case, at: documents.register_application(
            case,
            body.applicant,
            body.has_benefits,
            body.documents,
            at,
            consent=consent,
            relatives_cannot_care=body.relatives_cannot_care,
            applicant_informed=body.applicant_informed,
        ),
    )


@router.post("/cases/{case_id}/documents", summary="Register documents")
async def post_documents(
    body: DocumentsRequest, by: Frontline, change: ChangeOfCase
) -> CommandReceipt:
    """Further documents of the package (R 3.3.9)."""
    return await change(by, lambda case, at: documents.register_documents(case, body.documents, at))
