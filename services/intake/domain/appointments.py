"""An appointment with a specialist of a district bureau: its states, and what may happen in which.

The appointment says itself which slot it holds, so taking another slot and leaving the one before
is one write. The desk's day (`slots.py`) holds claims, numbered by the appointment's attempts; a
claim with a number that was used for nothing else may still become a booking.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel

from contracts.appointments import (
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentMoved,
    CancelReason,
)
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, require_allowed
from contracts.event import Event
from contracts.roles import Role
from contracts.values import Actor, Line, Phone, Text, Value
from services.intake.domain.slots import Claim, Slot


class Status(StrEnum):
    """States of an appointment. `unbooked`: none yet, or one whose booking was given up."""

    UNBOOKED = "unbooked"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    ATTENDED = "attended"
    MISSED = "missed"


class Action(StrEnum):
    """What can be done with an appointment."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    RECORD_ATTENDED = "record_attended"
    RECORD_MISSED = "record_missed"


ALLOWED: dict[Action, frozenset[Status]] = {
    Action.BOOK: frozenset({Status.UNBOOKED}),
    Action.MOVE: frozenset({Status.BOOKED}),
    Action.CANCEL: frozenset({Status.BOOKED}),
    Action.RECORD_ATTENDED: frozenset({Status.BOOKED, Status.MISSED}),
    Action.RECORD_MISSED: frozenset({Status.BOOKED}),
}
"""What may happen in which state; one test walks every state × action. Who was entered as not
come and then came late is put right; nobody who came is made one who did not."""

HOLDING = frozenset({Status.BOOKED, Status.ATTENDED, Status.MISSED})
"""States in which the appointment has its slot."""


class Person(Value):
    """Who calls for the first time: kept with the booking, never in an event."""

    name: Line
    phone: Phone


class CaseKey(Value):
    """The case an appointment is about."""

    case_id: str
    citizen_id: str
    number: str
    institution: str


class Cancellation(Value):
    """By whom an appointment was cancelled, and why."""

    at: AwareDatetime
    by: Actor
    reason: CancelReason
    note: Text | None = None


class Appointment(BaseModel):
    """Everything intake keeps of one appointment."""

    id: str
    status: Status = Status.UNBOOKED
    slot: Slot | None = None
    claim: int = 0
    claims_used: int = 0
    """The highest claim that became a booking or was given up: none up to it can become one."""
    case: CaseKey | None = None
    person: Person | None = None
    topic: Text | None = None
    booked_by: Actor | None = None
    by_citizen: bool = False
    remind_at: AwareDatetime | None = None
    reminded_at: AwareDatetime | None = None
    over: bool = False
    """Whether its time has passed, or it will not be: the citizen may book another one."""
    cancellation: Cancellation | None = None
    recorded_by: Actor | None = None
    note: Text | None = None

    @property
    def held(self) -> Slot:
        """The slot; every appointment that was ever booked has one."""
        if self.slot is None:
            raise NotAllowedInState("appointment-not-booked", "the appointment is not booked")
        return self.slot

    @property
    def holds(self) -> bool:
        """Whether nobody else may have its slot."""
        return self.status in HOLDING

    def stands(self, claim: Claim) -> bool:
        """Whether a claim made for this appointment is the one it holds its slot by."""
        return self.holds and (claim.number, claim.slot) == (self.claim, self.slot)

    def may_become(self, claim: Claim) -> bool:
        """Whether a claim may still become a booking: somebody may be about to store it."""
        return self.status in {Status.UNBOOKED, Status.BOOKED} and claim.number > self.claims_used


class Purpose(Value):
    """Whom an appointment is for and what about."""

    case: CaseKey | None = None
    person: Person | None = None
    topic: Text | None = None


def check_purpose(purpose: Purpose) -> None:
    """Refuse an appointment for nobody: a case, or who calls and how to reach them (S)."""
    if purpose.case is None and purpose.person is None:
        raise InvalidInput(
            "nobody-to-receive",
            "name the case, or the person and their phone",
            field="person",
            clause="S",
        )


def require(appointment: Appointment, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, appointment.status, what="appointment", clause="S")


def require_movable(appointment: Appointment, now: datetime) -> None:
    """Refuse to move what is not ahead any more (S)."""
    require(appointment, Action.MOVE)
    _require_ahead(appointment, now)


def take(
    appointment: Appointment, slot: Slot, number: int, remind_at: datetime, now: datetime
) -> None:
    """Hold a slot by the claim of that number; the slot before is free with that."""
    appointment.slot, appointment.claim, appointment.claims_used = slot, number, number
    appointment.remind_at = remind_at if remind_at > now else None


def give_up(appointment: Appointment, claim: Claim) -> None:
    """Nobody may store a booking on this claim any more."""
    appointment.claims_used = max(appointment.claims_used, claim.number)


def book(
    appointment: Appointment,
    slot: Slot,
    number: int,
    purpose: Purpose,
    remind_at: datetime,
    at: Context,
) -> list[Event]:
    """Book a claimed slot (S)."""
    require(appointment, Action.BOOK)
    take(appointment, slot, number, remind_at, at.now)
    appointment.status, appointment.booked_by = Status.BOOKED, at.by
    appointment.by_citizen = at.by.role == CITIZEN_ROLE
    appointment.case, appointment.person = purpose.case, purpose.person
    appointment.topic = purpose.topic
    return [AppointmentBooked(**facts(appointment, at))]


def move(
    appointment: Appointment, slot: Slot, number: int, remind_at: datetime, at: Context
) -> list[Event]:
    """Take another slot, claimed before, and with that leave the one held so far (S)."""
    require_movable(appointment, at.now)
    before = appointment.held
    take(appointment, slot, number, remind_at, at.now)
    appointment.reminded_at = None
    return [
        AppointmentMoved(
            organization_before=before.organization,
            starts_before=before.starts_at,
            **facts(appointment, at),
        )
    ]


def cancel(
    appointment: Appointment, reason: CancelReason, note: str | None, at: Context
) -> list[Event]:
    """The appointment will not be; its slot is free with that (S)."""
    require(appointment, Action.CANCEL)
    _require_ahead(appointment, at.now)
    appointment.status, appointment.over, appointment.remind_at = Status.CANCELLED, True, None
    appointment.cancellation = Cancellation(at=at.now, by=at.by, reason=reason, note=note)
    return [AppointmentCancelled(reason=reason, **facts(appointment, at))]


def record_attended(appointment: Appointment, note: str | None, at: Context) -> list[Event]:
    """The specialist records that the citizen came; not before the time it was booked for (S)."""
    require(appointment, Action.RECORD_ATTENDED)
    _require_reached(appointment.held.starts_at, at.now)
    _record(appointment, Status.ATTENDED, note, at)
    return [AppointmentAttended(**facts(appointment, at))]


def record_missed(appointment: Appointment, note: str | None, at: Context) -> list[Event]:
    """The specialist records that nobody came; not before the time was over (S)."""
    require(appointment, Action.RECORD_MISSED)
    _require_reached(appointment.held.ends_at, at.now)
    _record(appointment, Status.MISSED, note, at)
    return [AppointmentMissed(**facts(appointment, at))]


def _record(appointment: Appointment, status: Status, note: str | None, at: Context) -> None:
    appointment.status, appointment.over, appointment.remind_at = status, True, None
    appointment.recorded_by, appointment.note = at.by, note


def _require_ahead(appointment: Appointment, now: datetime) -> None:
    if appointment.held.starts_at <= now:
        raise NotAllowedInState(
            "appointment-has-begun",
            "its time has come; record whether the citizen came, and book another one",
            clause="S",
        )


def _require_reached(moment: datetime, now: datetime) -> None:
    if now < moment:
        raise NotAllowedInState(
            "appointment-still-ahead",
            "whether the citizen came is recorded afterwards",
            clause="S",
        )


def involves(appointment: Appointment, actor: Actor) -> bool:
    """Whether the caller may know of it: the call centre, and the bureau it is at."""
    if appointment.slot is None:
        return False
    if actor.role == Role.CALL_CENTRE:
        return True
    return actor.organization == appointment.slot.organization


CITIZEN_ROLE = "citizen"


def citizen_of(case: CaseKey) -> Actor:
    """The citizen who shows the case's number and code: acts by no token."""
    return Actor(id=case.citizen_id, role=CITIZEN_ROLE)


def facts(appointment: Appointment, at: Context) -> dict[str, Any]:
    """What every event of an appointment says."""
    slot, case = appointment.held, appointment.case
    return {
        "by": at.by,
        "case_id": case.case_id if case else None,
        "citizen_id": case.citizen_id if case else None,
        "organization": slot.organization,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
    }
