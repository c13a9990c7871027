"""A citizen's own appointments, by the case's number and secret code and without a token (S, M).

Limited like the question where the case stands, by the same means: whoever guesses learns nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis.http import Body, CommandReceipt, UnsignedCreation, public, receipt
from contracts.appointments import CancelReason
from contracts.values import Identifier, IsoDateTime, Text
from services.intake import booking
from services.intake.api.appointment_views import Bureaus
from services.intake.booking import Wanted, change_appointment
from services.intake.domain import appointments
from services.intake.domain.appointments import (
    Appointment,
    CaseKey,
    Purpose,
    citizen_of,
)
from services.intake.intake import Intake, WithIntake
from services.intake.own_case import own_case

router = APIRouter(prefix="/appointments/own", tags=["public"], dependencies=[Depends(public)])

Typed = StringConstraints(strip_whitespace=True, min_length=1, max_length=120)
MOST_SHOWN = 20


class OwnCase(Body):
    """The case's number and the code that the applicant was told."""

    number: Annotated[str, Typed] = Field(examples=["r-institution-15/2026/000001"])
    code: Annotated[str, Typed] = Field(examples=["1234567890"])


class OwnBooking(OwnCase):
    """A free time; at the institution that has the case unless another bureau is named."""

    starts_at: IsoDateTime
    organization: Identifier | None = None
    topic: Text | None = None


class OwnMove(OwnCase):
    """Another time; at the same bureau unless another one is named."""

    starts_at: IsoDateTime
    organization: Identifier | None = None


class OwnAppointment(BaseModel):
    """An appointment as the citizen sees it."""

    id: str
    organization: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    desk_name: str | None = Field(description="the specialist, where the bureau names them")


class OwnAppointments(BaseModel):
    """The citizen's appointments that are ahead, the next one first."""

    items: list[OwnAppointment]


async def _shown_case(intake: Intake, http: Request, asked: OwnCase) -> CaseKey:
    address = http.client.host if http.client else "-"
    return await own_case(intake, asked.number, asked.code, address)


def _own(case: CaseKey, appointment: Appointment) -> bool:
    return appointment.case is not None and appointment.case.case_id == case.case_id


@router.post("/search", summary="My appointments")
async def post_search(
    body: OwnCase, http: Request, response: Response, intake: WithIntake
) -> OwnAppointments:
    """Changes nothing, so no Idempotency-Key; POST keeps the code out of addresses and logs.

    A wrong number and a wrong code are answered alike, after the same work and the same time.
    """
    case = await _shown_case(intake, http, body)
    found = await intake.appointments.find(
        {"case_id": case.case_id, "ahead": 1}, sort=[("starts", 1)], limit=MOST_SHOWN
    )
    response.headers["Cache-Control"] = "no-store"
    bureaus, items = Bureaus(intake), list[OwnAppointment]()
    for document in found:
        slot, bureau = document.state.held, await bureaus.of(document.state)
        zone = bureau.zone if bureau else intake.service.settings.zone
        desks = bureau.schedule.desks if bureau else []
        items.append(
            OwnAppointment(
                id=document.id,
                organization=slot.organization,
                starts_at=slot.starts_at.astimezone(zone),
                ends_at=slot.ends_at.astimezone(zone),
                desk_name=next((desk.name for desk in desks if desk.id == slot.desk), None),
            )
        )
    return OwnAppointments(items=items)


@router.post("", status_code=201, summary="Book my appointment")
async def post_own(
    body: OwnBooking,
    http: Request,
    response: Response,
    request: UnsignedCreation,
    intake: WithIntake,
) -> CommandReceipt:
    """One at a time: whoever has one ahead moves or cancels it (S)."""
    case = await _shown_case(intake, http, body)
    booked = await booking.book(
        intake,
        Wanted(body.organization or case.institution, body.starts_at),
        Purpose(case=case, topic=body.topic),
        request.of(f"case:{case.case_id}"),
        citizen_of(case),
    )
    if booked.repeated:
        response.status_code = 200
    return receipt(booked.answered, response)


@router.post("/{appointment_id}/move", summary="Move my appointment")
async def post_own_move(
    appointment_id: str,
    body: OwnMove,
    http: Request,
    response: Response,
    request: UnsignedCreation,
    intake: WithIntake,
) -> CommandReceipt:
    """To another free time (S)."""
    case = await _shown_case(intake, http, body)
    answered = await booking.move(
        intake,
        appointment_id,
        Wanted(body.organization, body.starts_at),
        request.of(f"case:{case.case_id}"),
        citizen_of(case),
        lambda one: _own(case, one),
    )
    return receipt(answered, response)


@router.post("/{appointment_id}/cancellation", summary="Cancel my appointment")
async def post_own_cancellation(
    appointment_id: str,
    body: OwnCase,
    http: Request,
    response: Response,
    request: UnsignedCreation,
    intake: WithIntake,
) -> CommandReceipt:
    """The time is free again (S)."""
    case = await _shown_case(intake, http, body)
    at = intake.service.at(citizen_of(case))
    answered = await change_appointment(
        intake,
        appointment_id,
        request.of(f"case:{case.case_id}"),
        at,
        lambda one: appointments.cancel(one, CancelReason.CITIZEN_ASKED, None, at),
        lambda one: _own(case, one),
    )
    return receipt(answered, response)
