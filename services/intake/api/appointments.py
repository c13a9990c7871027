"""Appointments with specialists of district bureaus, as the call centre and the bureaus keep them.

Free times are public: they name nobody. A citizen's own bookings: `own_appointments.py`.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from chassis.clock import epoch_ms
from chassis.commands import get_visible
from chassis.document import Document
from chassis.http import Change, CommandReceipt, Creation, etag, public, receipt
from chassis.paging import Cursor, Limit, Page, page
from contracts.errors import InvalidInput, NotPermitted
from contracts.roles import Role
from contracts.values import Actor, Identifier
from services.intake import booking
from services.intake.api.appointment_views import (
    AppointmentView,
    AttendanceRequest,
    BookingRequest,
    Bureaus,
    CancellationRequest,
    Day,
    MoveRequest,
    SlotsView,
    appointment_view,
    conflict_at,
    slots_view,
)
from services.intake.api.callers import AppointmentReader, Booking, Receiving
from services.intake.booking import Wanted, change_appointment, taken_slots
from services.intake.bureaus import get_bureau
from services.intake.domain import appointments
from services.intake.domain.appointments import Appointment, Purpose, Status, involves
from services.intake.domain.slots import DeskId, free_slots
from services.intake.intake import Intake, WithIntake
from services.intake.own_case import case_for

router = APIRouter(prefix="/appointments", tags=["appointments"])

DAYS_SHOWN, MOST_DAYS, MOST_PAGES = 14, 31, 10


@router.get("/slots", summary="Free times of a bureau", dependencies=[Depends(public)])
async def get_slots(
    intake: WithIntake,
    organization: Annotated[Identifier, Query(description="the bureau, by its directory id")],
    since: Annotated[Day | None, Query(alias="from", description="first day; today")] = None,
    until: Annotated[Day | None, Query(alias="to", description="last day; two weeks on")] = None,
    desk: Annotated[DeskId | None, Query(description="one desk or specialist")] = None,
) -> SlotsView:
    """What can be booked, by opening hours, holidays, the bureau's schedule and what is booked.

    Where nothing can, the statement says why. For anybody: it names nobody.
    """
    bureau = await get_bureau(intake, organization)
    now = intake.now()
    first = since or bureau.day_of(now)
    last = until or first + timedelta(days=DAYS_SHOWN - 1)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise InvalidInput(
            "invalid-range",
            f"from is not after to, and both lie within {MOST_DAYS} days",
            field="to",
        )
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    start = datetime.combine(first, time.min, bureau.zone)
    end = datetime.combine(last, time.min, bureau.zone) + timedelta(days=1)
    taken = await taken_slots(intake, bureau, start, end)
    free = free_slots(bureau, days, taken, now, desk)
    return slots_view(bureau, free)


@router.post("", status_code=201, summary="Book an appointment")
async def post_appointment(
    body: BookingRequest, response: Response, by: Booking, request: Creation, intake: WithIntake
) -> CommandReceipt:
    """For a case or for somebody who has none yet; by the call centre at any bureau, by a
    registrar at their own (S). A time is booked once, whoever tries it at the same moment."""
    _require_own_bureau(by, body.organization)
    case = await case_for(intake, by, body.case_id, body.case_number)
    purpose = Purpose(case=case, person=body.person, topic=body.topic)
    wanted = Wanted(body.organization, body.starts_at, body.desk)
    booked = await booking.book(intake, wanted, purpose, request, by)
    response.headers["Location"] = f"/appointments/{booked.answered.answer['id']}"
    if booked.repeated:
        response.status_code = 200
    return receipt(booked.answered, response)


@router.get("", summary="Appointments")
async def get_appointments(
    by: AppointmentReader,
    intake: WithIntake,
    organization: Annotated[Identifier | None, Query(description="one bureau's")] = None,
    day: Annotated[Day | None, Query(description="of one day")] = None,
    status: Annotated[Status | None, Query()] = None,
    conflicting: Annotated[
        bool, Query(description="ahead, and the bureau cannot receive then any more")
    ] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AppointmentView]:
    """In order of time: all bureaus' for the call centre, their own for a bureau's staff.

    Those in conflict are looked for from now on; a page of them may be short and still have a next.
    """
    query: dict[str, Any] = {"starts": {"$gt": 0}}  # what was never booked has no time
    own = organization if by.role == Role.CALL_CENTRE else by.organization or "-"
    if own is not None:
        query["organization"] = own
    if organization not in {None, own}:
        return Page(items=[])
    if day is not None:
        start = datetime.combine(day, time.min, await _zone_of(intake, own))
        until = start + timedelta(days=1)
        query["starts"] = {"$gte": epoch_ms(start), "$lt": epoch_ms(until)}
    if conflicting and status in {None, Status.BOOKED}:
        return await _conflicting(intake, query, cursor, limit)
    if conflicting:
        return Page(items=[])
    if status is not None:
        query["status"] = status.value
    return await _shown(intake, query, cursor, limit)


@router.get("/{appointment_id}", summary="One appointment")
async def get_appointment(
    appointment_id: str, response: Response, by: AppointmentReader, intake: WithIntake
) -> AppointmentView:
    """The appointment, and whether it is in conflict with hours or schedule changed since."""
    document = await get_visible(
        intake.appointments, appointment_id, lambda one: involves(one, by), "appointment"
    )
    response.headers["ETag"] = etag(document.version)
    bureau = await Bureaus(intake).of(document.state)
    return appointment_view(document, bureau, intake.now())


@router.post("/{appointment_id}/move", summary="Move an appointment")
async def post_move(
    appointment_id: str,
    body: MoveRequest,
    response: Response,
    by: Booking,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """To another time, or by the call centre to another bureau; the old time is free with that."""
    if body.organization is not None:
        _require_own_bureau(by, body.organization)
    wanted = Wanted(body.organization, body.starts_at, body.desk)
    answered = await booking.move(
        intake, appointment_id, wanted, request, by, lambda one: involves(one, by)
    )
    return receipt(answered, response)


@router.post("/{appointment_id}/cancellation", summary="Cancel an appointment")
async def post_cancellation(
    appointment_id: str,
    body: CancellationRequest,
    response: Response,
    by: Booking,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """By whom and why is kept; the time is free again (S)."""
    at = intake.service.at(by)
    answered = await change_appointment(
        intake,
        appointment_id,
        request,
        at,
        lambda one: appointments.cancel(one, body.reason, body.note, at),
        lambda one: involves(one, by),
    )
    return receipt(answered, response)


@router.post("/{appointment_id}/attendance", summary="Record whether the citizen came")
async def post_attendance(
    appointment_id: str,
    body: AttendanceRequest,
    response: Response,
    by: Receiving,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """Afterwards, by who received: came, or did not come (S)."""
    at = intake.service.at(by)
    record = appointments.record_attended if body.came else appointments.record_missed
    answered = await change_appointment(
        intake,
        appointment_id,
        request,
        at,
        lambda one: record(one, body.note, at),
        lambda one: involves(one, by),
    )
    return receipt(answered, response)


def _require_own_bureau(by: Actor, organization: str) -> None:
    if by.role != Role.CALL_CENTRE and by.organization != organization:
        raise NotPermitted(
            "foreign-bureau",
            "a registrar books at their own bureau; the call centre books at all",
            field="organization",
            clause="S",
        )


async def _zone_of(intake: Intake, organization: str | None) -> Any:
    """The zone in which a day is meant: the bureau's, or the district's for all bureaus."""
    if organization is None:
        return intake.service.settings.zone
    return (await get_bureau(intake, organization)).zone


async def _shown(
    intake: Intake, query: dict[str, Any], cursor: str | None, limit: int
) -> Page[AppointmentView]:
    found = await _documents(intake, query, cursor, limit)
    bureaus, now = Bureaus(intake), intake.now()
    items = [appointment_view(one, await bureaus.of(one.state), now) for one in found.items]
    return Page(items=items, next=found.next)


async def _conflicting(
    intake: Intake, query: dict[str, Any], cursor: str | None, limit: int
) -> Page[AppointmentView]:
    """The first page that has any in conflict; looks through some pages of those ahead at most."""
    bureaus, now = Bureaus(intake), intake.now()
    starts = query["starts"]
    begins = {**starts, "$gte": max(epoch_ms(now), starts.get("$gte", 0))}
    ahead = {**query, "status": Status.BOOKED.value, "starts": begins}
    items: list[AppointmentView] = []
    for _ in range(MOST_PAGES):
        found = await _documents(intake, ahead, cursor, limit)
        for one in found.items:
            bureau = await bureaus.of(one.state)
            if conflict_at(one.state, bureau, now) is not None:
                items.append(appointment_view(one, bureau, now))
        cursor = found.next
        if items or cursor is None:
            break
    return Page(items=items, next=cursor)


async def _documents(
    intake: Intake, query: dict[str, Any], cursor: str | None, limit: int
) -> Page[Any]:
    def itself(document: Document[Appointment]) -> Any:
        return document

    return await page(intake.appointments, query, "starts", cursor, limit, itself)
