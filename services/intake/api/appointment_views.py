"""What the API asks and answers of appointments and bureaus."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, StrictBool, StrictInt, model_validator

from chassis.document import Document
from chassis.http import Body
from contracts.appointments import CancelReason
from contracts.errors import NotFound
from contracts.values import Identifier, IsoDate, IsoDateTime, Line, Text
from services.intake.bureaus import get_bureau
from services.intake.domain.appointments import Appointment, Cancellation, Person, Status
from services.intake.domain.slot_rules import WORDS, Rule
from services.intake.domain.slots import (
    Bureau,
    Desk,
    DeskId,
    FreeSlot,
    Schedule,
    closed_for_good,
    conflict_of,
)
from services.intake.intake import Intake

Day = Annotated[IsoDate, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
"""A day that something of ours can lie on."""

DayList = Annotated[list[Day], Field(max_length=366)]


class ScheduleRequest(Body):
    """How a bureau receives by appointment: at so many desks, or by named specialists."""

    slot_minutes: StrictInt = Field(ge=5, le=240, description="length of an appointment")
    desks: StrictInt | None = Field(
        default=None, ge=1, le=50, description="how many desks there are"
    )
    specialists: list[Desk] | None = Field(default=None, min_length=1, max_length=50)
    days_ahead: StrictInt = Field(ge=1, le=180, description="how many days ahead one can book")
    closed_days: DayList = Field(default_factory=list, description="days without reception")

    @model_validator(mode="after")
    def _says_who_receives(self) -> Self:
        if (self.desks is None) == (self.specialists is None):
            raise ValueError("name either the number of desks or the specialists")
        ids = [desk.id for desk in self.specialists or ()]
        if len(set(ids)) != len(ids):
            raise ValueError("specialists: an id stands there twice")
        return self

    def schedule(self, organization: str) -> Schedule:
        """The schedule as the bureau keeps it; desks without names are numbered."""
        numbered = [Desk(id=f"D{number}") for number in range(1, (self.desks or 0) + 1)]
        return Schedule(
            id=organization,
            slot_minutes=self.slot_minutes,
            desks=list(self.specialists or numbered),
            days_ahead=self.days_ahead,
            closed_days=sorted(set(self.closed_days)),
        )


class ScheduleView(BaseModel):
    """How a bureau receives by appointment."""

    organization: str
    configured: bool = Field(description="false: it has not said how, and nothing can be booked")
    slot_minutes: int | None
    desks: list[Desk]
    days_ahead: int | None
    closed_days: list[date]
    statement_ru: str
    statement_en: str


def schedule_view(schedule: Schedule, bureau: Bureau) -> ScheduleView:
    """A schedule; whether anything can be booked with it is said in words."""
    rule = closed_for_good(bureau)
    configured = bool(schedule.desks)
    return ScheduleView(
        organization=schedule.id,
        configured=configured,
        slot_minutes=schedule.slot_minutes if configured else None,
        desks=schedule.desks,
        days_ahead=schedule.days_ahead if configured else None,
        closed_days=schedule.closed_days,
        statement_ru=WORDS[rule].ru if rule else "Запись ведётся.",
        statement_en=WORDS[rule].en if rule else "Appointments are booked here.",
    )


class SlotView(BaseModel):
    """A time at which somebody can be received."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    desks: list[str] = Field(description="ids of the desks or specialists that are free")


class SlotsView(BaseModel):
    """The free times of a bureau."""

    organization: str
    time_zone: str
    statement_ru: str
    statement_en: str
    items: list[SlotView]


def slots_view(bureau: Bureau, free: list[FreeSlot]) -> SlotsView:
    """Free times in the bureau's own time zone; where there are none, why."""
    rule = closed_for_good(bureau)
    russian = f"Свободно: {len(free)}." if free else "В эти дни свободного времени нет."
    english = f"{len(free)} free." if free else "Nothing is free on these days."
    return SlotsView(
        organization=bureau.organization,
        time_zone=bureau.zone.key,
        statement_ru=WORDS[rule].ru if rule else russian,
        statement_en=WORDS[rule].en if rule else english,
        items=[
            SlotView(
                starts_at=slot.starts_at.astimezone(bureau.zone),
                ends_at=slot.ends_at.astimezone(bureau.zone),
                desks=slot.desks,
            )
            for slot in free
        ],
    )


class BookingRequest(Body):
    """An appointment for a case, or for somebody who calls for the first time."""

    organization: Identifier
    starts_at: IsoDateTime
    desk: DeskId | None = Field(default=None, description="else any that is free")
    case_id: Identifier | None = None
    case_number: Line | None = Field(default=None, description="as the citizen tells it")
    person: Person | None = Field(default=None, description="who has no case yet")
    topic: Text | None = None


class MoveRequest(Body):
    """Another time, at the same bureau unless another one is named."""

    starts_at: IsoDateTime
    organization: Identifier | None = None
    desk: DeskId | None = None


class CancellationRequest(Body):
    """Why the appointment will not be."""

    reason: CancelReason
    note: Text | None = None


class AttendanceRequest(Body):
    """Whether the citizen came."""

    came: StrictBool
    note: Text | None = None


class Conflict(BaseModel):
    """Why the bureau cannot receive at the time that was booked: it has to be moved."""

    rule: Rule
    ru: str
    en: str


class AppointmentView(BaseModel):
    """An appointment as staff see it."""

    id: str
    version: int
    status: Status
    organization: str
    desk: str
    desk_name: str | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    case_id: str | None
    case_number: str | None
    person: Person | None = Field(description="who has no case; forgotten 30 days afterwards")
    topic: str | None
    booked_by_role: str
    reminded_at: AwareDatetime | None
    cancellation: Cancellation | None
    note: str | None
    conflict: Conflict | None = Field(description="since hours or schedule changed")


class Bureaus:
    """The bureaus that one answer speaks of, each looked up once."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._found: dict[str, Bureau | None] = {}

    async def of(self, appointment: Appointment) -> Bureau | None:
        """The bureau of an appointment; None if citizens are not received there any more."""
        organization = appointment.held.organization
        if organization not in self._found:
            try:
                self._found[organization] = await get_bureau(self._intake, organization)
            except NotFound:
                self._found[organization] = None
        return self._found[organization]


def conflict_at(appointment: Appointment, bureau: Bureau | None, now: datetime) -> Rule | None:
    """Why an appointment that is ahead cannot be where it is; None if it can."""
    slot = appointment.held
    if appointment.status is not Status.BOOKED or slot.starts_at <= now:
        return None
    return conflict_of(bureau, slot) if bureau is not None else Rule.BUREAU_RETIRED


def appointment_view(
    document: Document[Appointment], bureau: Bureau | None, now: datetime
) -> AppointmentView:
    """An appointment as staff see it, its times in the bureau's own time zone."""
    appointment = document.state
    slot, case = appointment.held, appointment.case
    zone = bureau.zone if bureau is not None else None
    desks = bureau.schedule.desks if bureau is not None else []
    rule = conflict_at(appointment, bureau, now)
    return AppointmentView(
        id=document.id,
        version=document.version,
        status=appointment.status,
        organization=slot.organization,
        desk=slot.desk,
        desk_name=next((desk.name for desk in desks if desk.id == slot.desk), None),
        starts_at=slot.starts_at.astimezone(zone) if zone else slot.starts_at,
        ends_at=slot.ends_at.astimezone(zone) if zone else slot.ends_at,
        case_id=case.case_id if case else None,
        case_number=case.number if case else None,
        person=appointment.person,
        topic=appointment.topic,
        booked_by_role=appointment.booked_by.role if appointment.booked_by else "",
        reminded_at=appointment.reminded_at,
        cancellation=appointment.cancellation,
        note=appointment.note,
        conflict=Conflict(rule=rule, ru=WORDS[rule].ru, en=WORDS[rule].en) if rule else None,
    )
