"""The commission's work: act, questionnaires, signatures, protocol (R 3.4)."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.http import CommandReceipt
from contracts.context import Context
from contracts.event import Event
from services.assessment.api.callers import Chair, Member, Organizer
from services.assessment.api.changing import ChangeOfCase
from services.assessment.api.schemas import (
    CommissionRequest,
    ProtocolRequest,
    QuestionnaireRequest,
    SectionRequest,
    SignatureRequest,
)
from services.assessment.commands import convened_summary, scored_summary, signed_summary
from services.assessment.domain import act, commission, protocol, typization
from services.assessment.domain.case import Case
from services.assessment.domain.records import Commission, Protocol

router = APIRouter(prefix="/cases/{case_id}", tags=["commission"])


@router.post("/commission", summary="Convene the commission")
async def post_commission(
    body: CommissionRequest, by: Organizer, change: ChangeOfCase
) -> CommandReceipt:
    """The assigned organizer calls it together (R 3.4.1, 3.4.2).

    The answer holds `independent_members`, and under `warnings` that there is none. Called anew
    once the act bears a signature, with a reason, all its signatures are void (R 3.4.6).
    """
    convened = Commission(meeting_at=body.meeting_at, members=tuple(body.members))
    return await change(
        by,
        lambda case, at: commission.convene_commission(case, convened, body.reason, at),
        convened_summary,
    )


@router.post("/act/sections/{section}", summary="Fill a section of the act")
async def post_section(
    case_id: str,  # named here to stand before `section` in the API's description
    section: str,
    body: SectionRequest,
    by: Member,
    change: ChangeOfCase,
) -> CommandReceipt:
    """Findings, and problems turned into measures; may be filled anew until signing (R 3.4.4)."""
    return await change(
        by, lambda case, at: act.fill_section(case, section, body.findings, body.problems, at)
    )


@router.post("/questionnaire", summary="Record a questionnaire")
async def post_questionnaire(
    body: QuestionnaireRequest, by: Member, change: ChangeOfCase
) -> CommandReceipt:
    """Complete answers with their sources; the answer holds the deciding score (L 2.1, 3.3)."""
    return await change(
        by,
        lambda case, at: typization.record_questionnaire(
            case, body.instrument, body.answers, body.experts, at
        ),
        scored_summary,
    )


@router.post("/act/signatures", summary="Sign the act")
async def post_signature(
    body: SignatureRequest, by: Member, change: ChangeOfCase
) -> CommandReceipt:
    """A member's own signature, or the citizen's recorded by the organizer (R 3.4.6)."""
    return await change(
        by,
        lambda case, at: act.sign_act(case, body.signer, body.consents_to_transfer, at),
        signed_summary,
    )


@router.post("/protocol", summary="Record the protocol")
async def post_protocol(body: ProtocolRequest, by: Chair, change: ChangeOfCase) -> CommandReceipt:
    """The commission's reasoned proposal; ends the assessment (R 3.4.7–3.4.10)."""

    def decide(case: Case, at: Context) -> list[Event]:
        recorded = Protocol(**body.model_dump(), recorded_by=at.by, recorded_at=at.now)
        return protocol.record_protocol(case, recorded, at)

    return await change(by, decide)
