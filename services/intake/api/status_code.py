"""A new code for asking where the case stands, where the old one was lost or leaked (R 3.7.3)."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import Field

from chassis.http import Change, CommandReceipt, receipt
from contracts import status_code
from services.intake.api.callers import Registrar
from services.intake.commands import change_case
from services.intake.domain.status_code import issue_status_code
from services.intake.intake import WithIntake

router = APIRouter(tags=["cases"])


class IssuedCode(CommandReceipt):
    """A new code, told to the applicant and to nobody else."""

    number: str = Field(description="the case's number, with which the code is shown")
    status_code: str = Field(description="secret; the code before is worth nothing any more")


@router.post("/cases/{case_id}/status-code", summary="Issue a new status code")
async def post_status_code(
    case_id: str, response: Response, by: Registrar, request: Change, intake: WithIntake
) -> IssuedCode:
    """The old code was lost or leaked: it dies, and another one is told to the applicant (R 3.7.3).

    The register knows the new one as soon as it has heard of it.
    """
    case = (await intake.get_case(case_id, by)).state
    number = case.reference.number

    def code_of(issue: int) -> str:
        return intake.identity.status_code(case.entry_id, issue)

    answered = await change_case(
        intake,
        case_id,
        request,
        by,
        lambda present, at: issue_status_code(
            present, lambda issue: status_code.hashed(code_of(issue), number), at
        ),
        answer=lambda present: {"issue": present.status_code_issue},
    )
    response.headers["Cache-Control"] = "no-store"
    told = receipt(answered, response)
    return IssuedCode(
        id=told.id,
        version=told.version,
        events=told.events,
        number=number,
        status_code=code_of(int(answered.answer["issue"])),
    )
