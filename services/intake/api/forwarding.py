"""Forwarding: a body or MFC names the institution; an institution gives back what is not its own
(R 3.1.2, 5.5.2)."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from chassis.http import Body, CommandReceipt
from contracts.referral import ReturnReason
from contracts.values import Identifier, Text
from services.intake.api.callers import Registrar
from services.intake.api.changing import ChangeOfCase
from services.intake.domain.forwarding import forward_referral, return_referral, took_part
from services.intake.domain.records import ChosenBy, Onward
from services.intake.forwarding import pass_on, require_institution
from services.intake.intake import WithIntake

router = APIRouter(tags=["referrals"])


class ForwardingRequest(Body):
    """The institution that gets the referral; one that gave it back needs a note why."""

    institution: Identifier
    note: Text | None = None


class ReturnRequest(Body):
    """Why the referral is given back; `other` needs an explanation. The words stay in intake."""

    reason: ReturnReason
    explanation: Text | None = Field(
        default=None, description="for the sender, who forwards it anew"
    )


@router.post("/cases/{case_id}/forwarding", summary="Forward a referral that waits")
async def post_forwarding(
    case_id: str, body: ForwardingRequest, by: Registrar, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """The body or MFC that took it in names the institution (R 3.1.2).

    Which referrals wait is told by `GET /referrals?state=to_forward`. Both keep seeing the
    referral and where it stands; the case keeps its number.
    """
    found = await require_institution(intake, body.institution)
    to = Onward(institution=found.institution, authorised_body=found.authorised_body)
    done = await change(
        by,
        lambda case, at: forward_referral(case, to, ChosenBy.PERSON, body.note, at),
        took_part,
    )
    await pass_on(intake, case_id)
    return done


@router.post("/cases/{case_id}/return", summary="Give a forwarded referral back")
async def post_return(
    case_id: str, body: ReturnRequest, by: Registrar, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """It was forwarded to the wrong one: the sender has it again, until triage (R 3.1.2)."""
    done = await change(
        by,
        lambda case, at: return_referral(case, body.reason, body.explanation, at),
        took_part,
    )
    await pass_on(intake, case_id)
    return done
