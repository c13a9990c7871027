"""Events of an appointment with a specialist of a district bureau (S); people by id only."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.values import Identifier

APPOINTMENT = "intake.appointment"


class CancelReason(StrEnum):
    """Why an appointment was cancelled; what was said in words stays with intake."""

    CITIZEN_ASKED = "citizen_asked"
    BUREAU_CLOSED = "bureau_closed"
    BOOKED_BY_MISTAKE = "booked_by_mistake"
    OTHER = "other"


class AppointmentEvent(Event):
    """An event about one appointment. Every event of a stream names the same case, or none: who
    calls for the first time has no case, and their name and phone stay with the booking."""

    case_id: Identifier | None = None
    citizen_id: Identifier | None = None
    organization: Identifier
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class AppointmentBooked(
    AppointmentEvent,
    stream=APPOINTMENT,
    clause="S",
    ru="Назначен приём у специалиста",
    en="Appointment booked",
):
    """A slot of a district bureau was booked."""


class AppointmentMoved(
    AppointmentEvent,
    stream=APPOINTMENT,
    clause="S",
    ru="Приём перенесён",
    en="Appointment moved",
):
    """Another slot was taken, and with that the one before is free again."""

    organization_before: Identifier
    starts_before: AwareDatetime


class AppointmentCancelled(
    AppointmentEvent,
    stream=APPOINTMENT,
    clause="S",
    ru="Приём отменён",
    en="Appointment cancelled",
):
    """The appointment will not be; its slot is free again."""

    reason: CancelReason


class AppointmentReminderDue(
    AppointmentEvent,
    stream=APPOINTMENT,
    clause="S",
    ru="Пора напомнить о приёме",
    en="Appointment reminder due",
):
    """The working day before: whoever reminds citizens does it now."""


class AppointmentAttended(
    AppointmentEvent,
    stream=APPOINTMENT,
    clause="S",
    ru="Приём состоялся",
    en="Appointment attended",
):
    """The citizen came."""


class AppointmentMissed(
    AppointmentEvent,
    stream=APPOINTMENT,
    clause="S",
    ru="Гражданин не пришёл на приём",
    en="Appointment missed",
):
    """The citizen did not come."""
