"""From the package to the order or the refusal notice (R 3.6)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import Change, CommandReceipt, receipt
from services.careplan.api.callers import Director, Head, Issuer, Organizer
from services.careplan.api.schemas import (
    ContractRequest,
    DecisionRequest,
    EnrolmentRequest,
    RefusalNoticeRequest,
)
from services.careplan.careplan import WithCareplan
from services.careplan.commands import change_case
from services.careplan.domain import decision, enrolment, package

router = APIRouter(tags=["decision"])


@router.post("/cases/{case_id}/package", summary="Submit the package")
async def post_package(
    case_id: str, response: Response, by: Organizer, request: Change, careplan: WithCareplan
) -> CommandReceipt:
    """The complete package goes to the head; the term of the decision runs (R 3.6.1, 3.6.5)."""
    return receipt(
        await change_case(careplan, case_id, request, by, package.submit_package), response
    )


@router.post("/cases/{case_id}/decision", summary="Decide")
async def post_decision(
    case_id: str,
    body: DecisionRequest,
    response: Response,
    by: Head,
    request: Change,
    careplan: WithCareplan,
) -> CommandReceipt:
    """Enrol in a form of service, or refuse on grounds and with reasons (R 3.6.1)."""
    answered = await change_case(
        careplan, case_id, request, by, lambda case, at: decision.decide(case, body, at)
    )
    return receipt(answered, response)


@router.post("/cases/{case_id}/contract", summary="Conclude the contract")
async def post_contract(
    case_id: str,
    body: ContractRequest,
    response: Response,
    by: Organizer,
    request: Change,
    careplan: WithCareplan,
) -> CommandReceipt:
    """The contract, with everything the citizen is to be handed (R 3.6.2)."""
    answered = await change_case(
        careplan,
        case_id,
        request,
        by,
        lambda case, at: enrolment.conclude_contract(
            case, body.number, body.signed_by_citizen, body.handed_over, at
        ),
    )
    return receipt(answered, response)


@router.post("/cases/{case_id}/enrolment", summary="Order the enrolment")
async def post_enrolment(
    case_id: str,
    body: EnrolmentRequest,
    response: Response,
    by: Director,
    request: Change,
    careplan: WithCareplan,
) -> CommandReceipt:
    """The director's order ends the procedure (R 3.6.3)."""
    known = await careplan.kinds_of([body.provider])
    answered = await change_case(
        careplan,
        case_id,
        request,
        by,
        lambda case, at: enrolment.enrol(case, body.order_number, body.provider, known, at),
    )
    return receipt(answered, response)


@router.post("/cases/{case_id}/refusal-notice", summary="Record the refusal notice")
async def post_refusal_notice(
    case_id: str,
    body: RefusalNoticeRequest,
    response: Response,
    by: Issuer,
    request: Change,
    careplan: WithCareplan,
) -> CommandReceipt:
    """The reasoned notice was sent, in the term of the decision (R 3.6.4)."""
    answered = await change_case(
        careplan,
        case_id,
        request,
        by,
        lambda case, at: enrolment.send_refusal_notice(case, body.notice_number, body.sent_by, at),
    )
    return receipt(answered, response)
