"""A case's appointments with specialists, as intake tells of them (S)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from contracts.appointments import (
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentEvent,
    AppointmentMissed,
    AppointmentMoved,
)


class Appointment(BaseModel):
    """When and where an appointment is, and whether it is to be."""

    organization: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    ahead: bool


def appointment_after(known: Appointment | None, event: AppointmentEvent) -> Appointment:
    """An appointment as its event leaves it; a reminder, or an event not known here, leaves
    whether it is to be as it was."""
    ahead = known.ahead if known is not None else True
    if isinstance(event, AppointmentBooked | AppointmentMoved):
        ahead = True
    elif isinstance(event, AppointmentCancelled | AppointmentAttended | AppointmentMissed):
        ahead = False
    return Appointment(
        organization=event.organization,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        ahead=ahead,
    )


def next_appointment(appointments: Iterable[Appointment], now: datetime) -> Appointment | None:
    """The appointment that comes next, or is just being held."""
    coming = [one for one in appointments if one.ahead and now < one.ends_at]
    return min(coming, key=lambda one: one.starts_at, default=None)
