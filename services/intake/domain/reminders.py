"""What comes due with an appointment: the reminder, its end, the end of keeping a name (S)."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.appointments import AppointmentReminderDue
from contracts.context import Context
from contracts.event import Event
from services.intake.domain.appointments import Appointment, Status, facts

FORGET_AFTER = timedelta(days=30)
"""How long after the appointment the name and phone of who has no case are kept (152-FZ 5.7)."""


def next_due(appointment: Appointment) -> datetime | None:
    """When it wants to be looked at: to remind, when its time is over, to forget the person."""
    if appointment.slot is None:
        return None
    booked = appointment.status is Status.BOOKED
    moments = [
        appointment.remind_at if booked else None,
        appointment.slot.ends_at if booked and not appointment.over else None,
        appointment.slot.ends_at + FORGET_AFTER if appointment.person else None,
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def ring(appointment: Appointment, at: Context) -> list[Event]:
    """What is due: the reminder, once and only while the appointment is ahead; its end; the end
    of keeping a name and a phone."""
    slot, events = appointment.held, list[Event]()
    if appointment.remind_at is not None and appointment.remind_at <= at.now:
        appointment.remind_at = None
        if appointment.status is Status.BOOKED and at.now < slot.starts_at:
            appointment.reminded_at = at.now
            events.append(AppointmentReminderDue(**facts(appointment, at)))
    if appointment.status is Status.BOOKED and slot.ends_at <= at.now:
        appointment.over = True
    if slot.ends_at + FORGET_AFTER <= at.now:
        appointment.person = None
    return events
