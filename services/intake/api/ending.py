"""A case ends without object (R 3.1.2)."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.http import Body, CommandReceipt
from services.intake.api.callers import UrgentHead
from services.intake.api.changing import ChangeOfCase
from services.intake.domain.closing import WithoutObject
from services.intake.domain.ending import close_without_object

router = APIRouter(tags=["cases"])


class ClosingRequest(Body):
    """Why there is nothing to go on with."""

    reason: WithoutObject


@router.post("/cases/{case_id}/closing", summary="Close a case without object")
async def post_closing(
    body: ClosingRequest, by: UrgentHead, change: ChangeOfCase
) -> CommandReceipt:
    """Not our territory or the wrong person (before triage); the citizen died or moved."""
    return await change(by, lambda case, at: close_without_object(case, body.reason, at))
