"""The commission's work: act, questionnaires, signatures, protocol (R 3.4)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import Change, CommandReceipt, receipt
from contracts.context import Context
from contracts.event import Event
from services.assessment.api.callers import Chair, Member, Organizer
from services.assessment.api.schemas import (
    CommissionRequest,
    ProtocolRequest,
    QuestionnaireRequest,
    SectionRequest,
    SignatureRequest,
)
from services.assessment.assessment import WithAssessment
from services.assessment.commands import (
    change_case,
    convened_summary,
    scored_summary,
    signed_summary,
)
from services.assessment.domain import act, commission, protocol, typization
from services.assessment.domain.case import Case
from services.assessment.domain.records import Commission, Protocol

router = APIRouter(prefix="/cases/{case_id}", tags=["commission"])


@router.post("/commission", summary="Convene the commission")
async def post_commission(
    case_id: str,
    body: CommissionRequest,
    response: Response,
    by: Organizer,
    request: Change,
    assessment: WithAssessment,
) -> CommandReceipt:
    """The assigned organizer calls it together (R 3.4.1, 3.4.2).

    The answer holds `independent_members`, and under `warnings` that there is none.
    """
    convened = Commission(meeting_at=body.meeting_at, members=tuple(body.members))
    answered = await change_case(
        assessment,
        case_id,
        request,
        by,
        lambda case, at: commission.convene_commission(case, convened, at),
        convened_summary,
    )
    return receipt(answered, response)


@router.post("/act/sections/{section}", summary="Fill a section of the act")
async def post_section(
    case_id: str,
    section: str,
    body: SectionRequest,
    response: Response,
    by: Member,
    request: Change,
    assessment: WithAssessment,
) -> CommandReceipt:
    """Findings, and problems turned into measures; may be filled anew until signing (R 3.4.4)."""
    answered = await change_case(
        assessment,
        case_id,
        request,
        by,
        lambda case, at: act.fill_section(case, section, body.findings, body.problems, at),
    )
    return receipt(answered, response)


@router.post("/questionnaire", summary="Record a questionnaire")
async def post_questionnaire(
    case_id: str,
    body: QuestionnaireRequest,
    response: Response,
    by: Member,
    request: Change,
    assessment: WithAssessment,
) -> CommandReceipt:
    """Complete answers with their sources; the answer holds the deciding score (L 2.1, 3.3)."""
    answered = await change_case(
        assessment,
        case_id,
        request,
        by,
        lambda case, at: typization.record_questionnaire(
            case, body.instrument, body.answers, body.experts, at
        ),
        scored_summary,
    )
    return receipt(answered, response)


@router.post("/act/signatures", summary="Sign the act")
async def post_signature(
    case_id: str,
    body: SignatureRequest,
    response: Response,
    by: Member,
    request: Change,
    assessment: WithAssessment,
) -> CommandReceipt:
    """A member's own signature, or the citizen's recorded by the organizer (R 3.4.6)."""
    answered = await change_case(
        assessment,
        case_id,
        request,
        by,
        lambda case, at: act.sign_act(case, body.signer, body.consents_to_transfer, at),
        signed_summary,
    )
    return receipt(answered, response)


@router.post("/protocol", summary="Record the protocol")
async def post_protocol(
    case_id: str,
    body: ProtocolRequest,
    response: Response,
    by: Chair,
    request: Change,
    assessment: WithAssessment,
) -> CommandReceipt:
    """The commission's reasoned proposal; ends the assessment (R 3.4.7–3.4.10)."""

    def decide(case: Case, at: Context) -> list[Event]:
        recorded = Protocol(**body.model_dump(), recorded_by=at.by, recorded_at=at.now)
        return protocol.record_protocol(case, recorded, at)

    return receipt(await change_case(assessment, case_id, request, by, decide), response)
