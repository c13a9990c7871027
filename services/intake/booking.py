"""Booking: a time is claimed first (`claiming.py`), and becomes the appointment's with one write.

Two documents, and a process may die between them: then there is a claim that nobody is bound by.
The appointment says itself which slot it holds. So one that is moved takes the new time and leaves
the old one by the same write, and one that is cancelled has freed its time by that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.clock import epoch_ms, from_ms
from chassis.commands import Request, check_version, get_visible, repeated
from chassis.document import Answered, Document
from chassis.races import LOST, until_won
from contracts.appointments import APPOINTMENT
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.values import Actor
from services.intake.bureaus import get_bureau
from services.intake.claiming import claim, withdraw
from services.intake.domain import appointments
from services.intake.domain.appointments import Action, Appointment, Purpose, require
from services.intake.domain.slots import Bureau, Slot, check_time, day_before
from services.intake.intake import Intake


class SlotTaken(NotAllowedInState):
    """Somebody else has that time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A time at a bureau (of one that is moved: the same unless named); any free desk will do
    where none is named."""

    organization: str | None
    starts_at: datetime
    desk: str | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What a booking came to; `repeated` if it was there before."""

    answered: Answered
    repeated: bool


@until_won("bureau's day")
async def book(
    intake: Intake, wanted: Wanted, purpose: Purpose, request: Request, by: Actor
) -> Booked:
    """Book an appointment (S). The key makes its id, so a repetition finds what it booked."""
    appointment_id = f"A{request.key}"
    at = intake.service.at(by)
    async with intake.appointments.lock(appointment_id):
        document = await intake.appointments.get(appointment_id)
        document = document or intake.appointments.blank(appointment_id)
        known = repeated(document, request)
        if known is not None:
            return Booked(known, repeated=True)
        require(document.state, Action.BOOK)
        appointments.check_purpose(purpose)
        bureau = await _bureau_at(intake, wanted.organization or "-", wanted, at.now)
        if by.role == appointments.CITIZEN_ROLE:
            await _check_none_ahead(intake, purpose)
        slot, number = await _claim_any(intake, bureau, wanted, document, at.now)
        reminder = day_before(slot, bureau.zone, bureau.calendar)
        events = appointments.book(document.state, slot, number, purpose, reminder, at)
        try:
            answered = await intake.service.commands.store(
                intake.appointments, document, APPOINTMENT, request, at, events, summary
            )
        except LOST:  # our claim was given up, or the citizen booked another one meanwhile
            await withdraw(intake, appointment_id, number)
            raise
        return Booked(answered, repeated=False)


@until_won("bureau's day")
async def move(
    intake: Intake,
    appointment_id: str,
    wanted: Wanted,
    request: Request,
    by: Actor,
    visible: Callable[[Appointment], bool],
) -> Answered:
    """Move an appointment (S): the new time is taken before the old one is left, by one write.

    If somebody changed it meanwhile, or gave our claim up, we begin anew.
    """
    at = intake.service.at(by)
    async with intake.appointments.lock(appointment_id):
        document = await get_visible(intake.appointments, appointment_id, visible, "appointment")
        known = repeated(document, request)
        if known is not None:
            return known
        check_version(document, request)
        appointments.require_movable(document.state, at.now)
        organization = wanted.organization or document.state.held.organization
        bureau = await _bureau_at(intake, organization, wanted, at.now)
        slot, number = await _claim_any(intake, bureau, wanted, document, at.now)
        reminder = day_before(slot, bureau.zone, bureau.calendar)
        events = appointments.move(document.state, slot, number, reminder, at)
        return await intake.service.commands.store(
            intake.appointments, document, APPOINTMENT, request, at, events, summary
        )


async def change_appointment(
    intake: Intake,
    appointment_id: str,
    request: Request,
    at: Context,
    decide: Callable[[Appointment], Sequence[Event]],
    visible: Callable[[Appointment], bool],
) -> Answered:
    """Carry a decision out on an appointment that stays where it is."""
    return await intake.service.commands.execute(
        intake.appointments,
        appointment_id,
        APPOINTMENT,
        request,
        at,
        decide,
        visible=visible,
        answer=summary,
        what="appointment",
    )


def summary(appointment: Appointment) -> dict[str, Any]:
    """What every command on an appointment answers besides its receipt."""
    slot = appointment.held
    return {
        "status": appointment.status,
        "organization": slot.organization,
        "desk": slot.desk,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
    }


async def _bureau_at(intake: Intake, organization: str, wanted: Wanted, now: datetime) -> Bureau:
    try:
        bureau = await get_bureau(intake, organization)
    except NotFound as missing:
        raise InvalidInput(
            "unknown-bureau",
            "the directory has no such organization that receives citizens",
            field="organization",
            clause="S",
        ) from missing
    check_time(bureau, wanted.starts_at, now, wanted.desk)
    return bureau


async def _check_none_ahead(intake: Intake, purpose: Purpose) -> None:
    """A citizen books one appointment at a time; the unique index holds it for those at once."""
    case_id = purpose.case.case_id if purpose.case else ""
    ahead = {"case_id": case_id, "ahead": 1}
    if await intake.appointments.find(ahead, sort=[("starts", 1)], limit=1):
        raise NotAllowedInState(
            "appointment-exists",
            "an appointment is booked already; move or cancel it",
            clause="S",
        )


async def _claim_any(
    intake: Intake, bureau: Bureau, wanted: Wanted, document: Document[Appointment], now: datetime
) -> tuple[Slot, int]:
    """Claim the time at the desk named, or at the first that has it free."""
    number = document.state.claims_used + 1
    held = document.state.slot
    if held is not None and _already_there(held, bureau, wanted):
        raise InvalidInput(
            "same-slot", "the appointment is at that time already", field="starts_at", clause="S"
        )
    desks = [wanted.desk] if wanted.desk else await _free_first(intake, bureau, wanted)
    for desk in desks:
        slot = bureau.slot(desk, wanted.starts_at)
        if await claim(intake, bureau, slot, document.state, number, now):
            return slot, number
    raise SlotTaken("slot-taken", "that time is taken; choose another free one", clause="S")


def _already_there(held: Slot, bureau: Bureau, wanted: Wanted) -> bool:
    there = held.organization, held.starts_at
    return there == (bureau.organization, wanted.starts_at) and wanted.desk in {None, held.desk}


async def _free_first(intake: Intake, bureau: Bureau, wanted: Wanted) -> Sequence[str]:
    """The bureau's desks, those first that seem to be free; the claim itself tells."""
    slot = bureau.slot("-", wanted.starts_at)
    busy = {taken.desk for taken in await taken_slots(intake, bureau, slot.starts_at, slot.ends_at)}
    desks = [desk.id for desk in bureau.schedule.desks]
    return sorted(desks, key=lambda desk: desk in busy)


async def taken_slots(
    intake: Intake, bureau: Bureau, since: datetime, until: datetime
) -> list[Slot]:
    """The slots of a bureau that appointments hold and that begin in a stretch of time."""
    found = await intake.appointments.look(
        {
            "organization": bureau.organization,
            "holding": 1,
            "starts": {"$gte": epoch_ms(since), "$lt": epoch_ms(until)},
        },
        "desk",
        "starts",
        "ends",
        sort=(("starts", 1),),
        limit=MOST_TAKEN,
    )
    return [
        Slot(
            organization=bureau.organization,
            desk=part["desk"],
            starts_at=from_ms(part["starts"]),
            ends_at=from_ms(part["ends"]),
        )
        for part in found
    ]


MOST_TAKEN = 20_000
"""More than 50 desks can hold in a month."""
