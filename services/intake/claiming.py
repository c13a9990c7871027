"""Claiming a piece of a desk's day, one document per desk and day.

A claim alone binds nobody: it stands while its appointment holds the slot by it, and within the
first seconds it may still become a booking. Whoever finds it in the way afterwards gives it up in
that appointment's own document first, so that the one who was late finds the document changed and
begins anew. What was given up, moved or cancelled needs no tidying up: the next claim drops it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from chassis.races import LOST, until_won
from services.intake.domain.appointments import Appointment, Status, give_up
from services.intake.domain.slots import Bureau, Claim, Slot, desk_day_id
from services.intake.intake import Intake

CLAIM_GRACE = timedelta(seconds=5)
"""How long a claim may take to become a booking before somebody else may have the time."""


@until_won("bureau's day")
async def claim(
    intake: Intake,
    bureau: Bureau,
    slot: Slot,
    appointment: Appointment,
    number: int,
    now: datetime,
) -> bool:
    """Claim a piece of a desk's day; False if somebody else has some of it."""
    key = desk_day_id(slot, bureau.zone)
    ours = Claim(slot=slot, appointment=appointment.id, number=number, since=now)
    async with intake.slots.lock(key):
        document = await intake.slots.get(key) or intake.slots.blank(key)
        kept: list[Claim] = []
        for other in document.state.claims:
            if other.appointment == appointment.id:
                if (other.number, other.slot) == (number, slot):
                    return True  # claimed before we died
                if appointment.stands(other):
                    kept.append(other)
            elif not other.slot.overlaps(slot):
                kept.append(other)
            elif await _binds(intake, other, now):
                return False
        document.state.claims = [*kept, ours]
        document.version += 1
        await intake.slots.save(document)
        return True


async def _binds(intake: Intake, claim: Claim, now: datetime) -> bool:
    """Whether another's claim stands, or may become a booking within its grace.

    One whose grace is over is given up in that appointment's document: LostRace or AlreadyExists
    if its owner was about to store the booking just then.
    """
    document = await intake.appointments.get(claim.appointment)
    document = document or intake.appointments.blank(claim.appointment)
    if document.state.stands(claim):
        return True
    if not document.state.may_become(claim):
        return False
    if now - claim.since < CLAIM_GRACE:
        return True
    give_up(document.state, claim)
    await intake.appointments.save(document)
    return False


async def withdraw(intake: Intake, appointment_id: str, number: int) -> None:
    """Have nobody wait for a claim that came to nothing here: what was not stored is given up."""
    document = await intake.appointments.get(appointment_id)
    document = document or intake.appointments.blank(appointment_id)
    if document.state.status is Status.UNBOOKED and document.state.claims_used < number:
        document.state.claims_used = number
        with suppress(*LOST):
            await intake.appointments.save(document)
