"""Consent, its refusal, and the citizen's return (R 3.3.7)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import CommandReceipt, Creation, receipt
from services.intake.api.callers import Frontline
from services.intake.api.changing import ChangeOfCase
from services.intake.api.schemas import ConsentRequest, DeclineRequest
from services.intake.commands import record_consent
from services.intake.domain import registration
from services.intake.domain.citizen import Consent
from services.intake.intake import WithIntake

router = APIRouter(tags=["cases"])


@router.post("/cases/{case_id}/consent", summary="Record consent")
async def post_consent(
    case_id: str,
    body: ConsentRequest,
    response: Response,
    by: Frontline,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """Consent to survey and transfer of data, or why it cannot be given (R 3.3.7).

    No If-Match: it changes the citizen, not the case, and the case's ETag says nothing of them.
    """
    consent = Consent.model_validate(body.model_dump())
    return receipt(await record_consent(intake, case_id, request, by, consent), response)


@router.post("/cases/{case_id}/decline", summary="The citizen declines")
async def post_decline(body: DeclineRequest, by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Consequences were explained and a contact left; the case can be re-opened (R 3.3.7.2)."""
    return await change(
        by,
        lambda case, at: registration.decline(
            case,
            at,
            consequences_explained=body.consequences_explained,
            contact_left=body.contact_left,
        ),
    )


@router.post("/cases/{case_id}/reopening", summary="A declined case goes on")
async def post_reopening(by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """The citizen thought better of it (R 3.3.7.2)."""
    return await change(by, registration.reopen)
