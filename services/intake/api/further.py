"""Looking at a further referral about a citizen whose case is triaged (R 3.1.3, L 5.1)."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from chassis.http import Body, CommandReceipt
from contracts.referral import ReviewOutcome
from contracts.values import Text
from services.intake.api.callers import UrgentHead
from services.intake.api.changing import ChangeOfCase
from services.intake.domain.further import review_referrals

router = APIRouter(tags=["cases"])


class ReviewRequest(Body):
    """What follows from the further referrals that wait, and why."""

    outcome: ReviewOutcome = Field(
        description="`urgent_help`: help is given the same day (R 3.1.7); `analysis_anew`: the five"
        " questions and the code begin again, until an application is registered"
    )
    note: Text


@router.post("/cases/{case_id}/referral-review", summary="Say what follows from further referrals")
async def post_referral_review(
    body: ReviewRequest, by: UrgentHead, change: ChangeOfCase
) -> CommandReceipt:
    """All that came in since the case was triaged and that nobody has looked at yet (R 3.1.3)."""
    return await change(by, lambda case, at: review_referrals(case, body.outcome, body.note, at))
