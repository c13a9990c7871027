"""Interagency requests: signed here, answered from outside (R 3.2)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.clock import new_id
from chassis.http import CommandReceipt, Creation, receipt
from contracts.errors import InvalidInput
from services.intake.api.callers import Answering, Signer
from services.intake.api.changing import ChangeOfCase
from services.intake.api.schemas import CertificateRequest, RequestAnswer
from services.intake.commands import case_of_request, change_case
from services.intake.consenting import with_consent
from services.intake.domain import interagency
from services.intake.intake import WithIntake

router = APIRouter(tags=["interagency requests"])


@router.post("/cases/{case_id}/certificate-request", summary="Request the pension certificate")
async def post_certificate_request(
    case_id: str, body: CertificateRequest, by: Signer, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """Sign the interagency request; it leaves at once and until it is accepted (R 3.2).

    The citizen's consent must cover the transfer to the office asked (152-FZ 9).
    """

    async def attempt() -> CommandReceipt:
        return await change(
            by,
            lambda case, at: interagency.request_certificate(
                case,
                new_id("R"),
                intake.pension_fund_office,
                body.return_contact,
                body.signatory,
                at,
            ),
        )

    return await with_consent(intake, case_id, by, attempt)


@router.post(
    "/interagency-requests/{request_id}/answer",
    summary="The Pension Fund answers",
)
async def post_answer(
    request_id: str,
    body: RequestAnswer,
    response: Response,
    by: Answering,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """The certificate, or why there is none; an answer that comes twice counts once (R 2.6.1).

    The office asked sends it; what came on paper the institution's registrar records (R 3.2.2).
    """
    certificate, refusal = body.certificate, body.refusal
    if (certificate is None) == (refusal is None):
        raise InvalidInput(
            "one-of-two", "send either the certificate or the refusal", field="certificate"
        )
    answered = await change_case(
        intake,
        await case_of_request(intake, request_id),
        request,
        by,
        lambda case, at: (
            interagency.record_certificate(case, request_id, certificate, at)
            if certificate is not None
            else interagency.record_negative_answer(case, request_id, refusal or "", at)
        ),
        visible=interagency.may_answer,
        what="interagency request",
    )
    return receipt(answered, response)
