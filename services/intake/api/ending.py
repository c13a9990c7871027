"""A case pauses, or ends without object (R 3.1.2, 3.3.7)."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.http import Body, CommandReceipt
from services.intake.api.callers import Frontline, UrgentHead
from services.intake.api.changing import ChangeOfCase
from services.intake.domain import ending

router = APIRouter(tags=["cases"])


class ClosingRequest(Body):
    """Why there is nothing to go on with."""

    reason: ending.WithoutObject


@router.post("/cases/{case_id}/reflection", summary="The citizen thinks it over")
async def post_reflection(by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Who referred sees the task on hold; the terms go on running (R 3.3.7)."""
    return await change(by, ending.think_over)


@router.post("/cases/{case_id}/reflection/end", summary="The citizen goes on")
async def post_reflection_end(by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Whoever does not want to go on declines instead (R 3.3.7.2)."""
    return await change(by, ending.end_thinking)


@router.post("/cases/{case_id}/closing", summary="Close a case without object")
async def post_closing(
    body: ClosingRequest, by: UrgentHead, change: ChangeOfCase
) -> CommandReceipt:
    """Not our territory or the wrong person (before triage); the citizen died or moved."""
    return await change(by, lambda case, at: ending.close_without_object(case, body.reason, at))
