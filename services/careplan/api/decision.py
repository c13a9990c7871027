"""From the package to the order or the refusal notice (R 3.6)."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.http import CommandReceipt
from services.careplan.api.callers import Director, Head, Issuer, Organizer
from services.careplan.api.changing import ChangeOfCase
from services.careplan.api.schemas import (
    ContractRequest,
    DecisionRequest,
    EnrolmentRequest,
    RefusalNoticeRequest,
)
from services.careplan.careplan import WithCareplan
from services.careplan.domain import decision, enrolment, package

router = APIRouter(tags=["decision"])


@router.post("/cases/{case_id}/package", summary="Submit the package")
async def post_package(by: Organizer, change: ChangeOfCase) -> CommandReceipt:
    """The complete package goes to the head; the term of the decision runs (R 3.6.1, 3.6.5)."""
    return await change(by, package.submit_package)


@router.post("/cases/{case_id}/decision", summary="Decide")
async def post_decision(body: DecisionRequest, by: Head, change: ChangeOfCase) -> CommandReceipt:
    """Enrol in a form of service, or refuse on grounds and with reasons (R 3.6.1)."""
    return await change(by, lambda case, at: decision.decide(case, body, at))


@router.post("/cases/{case_id}/contract", summary="Conclude the contract")
async def post_contract(
    body: ContractRequest, by: Organizer, change: ChangeOfCase
) -> CommandReceipt:
    """The contract, with everything the citizen is to be handed (R 3.6.2)."""
    return await change(
        by,
        lambda case, at: enrolment.conclude_contract(
            case, body.number, body.signed_by_citizen, body.handed_over, at
        ),
    )


@router.post("/cases/{case_id}/enrolment", summary="Order the enrolment")
async def post_enrolment(
    body: EnrolmentRequest, by: Director, change: ChangeOfCase, careplan: WithCareplan
) -> CommandReceipt:
    """The director's order ends the procedure (R 3.6.3)."""
    known = await careplan.kinds_of([body.provider])
    return await change(
        by, lambda case, at: enrolment.enrol(case, body.order_number, body.provider, known, at)
    )


@router.post("/cases/{case_id}/refusal-notice", summary="Record the refusal notice")
async def post_refusal_notice(
    body: RefusalNoticeRequest, by: Issuer, change: ChangeOfCase
) -> CommandReceipt:
    """The reasoned notice was sent, in the term of the decision (R 3.6.4)."""
    return await change(
        by,
        lambda case, at: enrolment.send_refusal_notice(case, body.notice_number, body.sent_by, at),
    )
