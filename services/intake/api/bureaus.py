"""How a district bureau receives by appointment (S)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import Change, CommandReceipt, etag, receipt
from contracts.errors import NotFound
from contracts.roles import Role
from services.intake.api.appointment_views import ScheduleRequest, ScheduleView, schedule_view
from services.intake.api.callers import AppointmentReader, BureauKeeper
from services.intake.bureaus import bureau_of, get_receiving, manages, set_schedule
from services.intake.domain.slots import Schedule
from services.intake.intake import WithIntake

router = APIRouter(tags=["bureaus"])


@router.get("/bureaus/{organization}/schedule", summary="How a bureau receives")
async def get_schedule(
    organization: str, response: Response, by: AppointmentReader, intake: WithIntake
) -> ScheduleView:
    """Slot length, desks or specialists, how far ahead, closed days; the ETag is 0 before it was
    ever set, and then nothing can be booked."""
    copy = await get_receiving(intake, organization)
    if by.role != Role.CALL_CENTRE and not manages(copy, by):
        raise NotFound("bureau")
    stored = await intake.schedules.get(organization)
    schedule = stored.state if stored else Schedule(id=organization)
    response.headers["ETag"] = etag(stored.version if stored else 0)
    return schedule_view(schedule, bureau_of(intake, copy, schedule))


@router.post("/bureaus/{organization}/schedule", summary="Say how a bureau receives")
async def post_schedule(
    organization: str,
    body: ScheduleRequest,
    response: Response,
    by: BureauKeeper,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """The whole schedule every time, by the bureau or by whom it answers to (S).

    What is booked stays booked. What the bureau cannot receive any more is listed as in conflict
    (`GET /appointments?conflicting=true`), for the call centre to move.
    """
    schedule = body.schedule(organization)
    return receipt(await set_schedule(intake, schedule, request, by), response)
