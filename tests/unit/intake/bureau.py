"""A bureau and appointments at it, as the unit tests start from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from chassis.calendar import DistrictCalendar
from contracts.directory import OpeningHours
from services.intake.domain.appointments import Appointment, CaseKey, Person, Purpose, Status
from services.intake.domain.appointments import book as book_slot
from services.intake.domain.slots import Bureau, Desk, Schedule, Slot, day_before
from tests.unit.intake.sample import INSTITUTION, ZONE, when

MONDAY = date(2026, 3, 2)
"""Working; so are the days after it. 9 March is a day off for Sunday, 8 March."""

HOURS = (
    OpeningHours(
        days=("MO", "TU", "WE", "TH"),
        opens=time(9),
        closes=time(18),
        lunch_from=time(13),
        lunch_to=time(13, 45),
    ),
    OpeningHours(days=("FR",), opens=time(9), closes=time(17)),
)
CASE = CaseKey(
    case_id="C1", citizen_id="P1", number=f"{INSTITUTION}/2026/000001", institution=INSTITUTION
)
CALLER = Person(name="Сомова Галина", phone="+73845600002")


def schedule_of(**changed: Any) -> Schedule:
    """Twenty minutes, two desks, thirty days ahead, but for what is changed."""
    values: dict[str, Any] = {
        "id": INSTITUTION,
        "slot_minutes": 20,
        "desks": [Desk(id="D1"), Desk(id="D2")],
        "days_ahead": 30,
    }
    return Schedule(**values | changed)


def bureau_of(
    zone: ZoneInfo = ZONE, overrides: Mapping[date, bool] | None = None, **changed: Any
) -> Bureau:
    """The bureau, but for what is changed of its schedule, hours or calendar."""
    hours = changed.pop("hours", HOURS)
    retired = changed.pop("retired", False)
    made = Bureau(
        organization=INSTITUTION,
        hours=hours,
        schedule=schedule_of(**changed),
        zone=zone,
        calendar=DistrictCalendar(zone, overrides or {}),
    )
    return replace(made, retired=retired)


def at(text: str, day: date = MONDAY, zone: ZoneInfo = ZONE) -> datetime:
    """A time of a day in the bureau's zone."""
    return datetime.combine(day, time.fromisoformat(text), zone)


def slot_at(text: str, day: date = MONDAY, desk: str = "D1") -> Slot:
    """A slot of the bureau."""
    return bureau_of().slot(desk, at(text, day))


BOOKED_AT = at("12:00", date(2026, 2, 20))


def booked(
    slot: Slot | None = None, purpose: Purpose | None = None, role: str = "call_centre"
) -> Appointment:
    """An appointment booked in time."""
    made = Appointment(id="A1")
    taken, bureau = slot or slot_at("10:00"), bureau_of()
    reminder = day_before(taken, bureau.zone, bureau.calendar)
    book_slot(made, taken, 1, purpose or Purpose(case=CASE), reminder, when(BOOKED_AT, role))
    return made


def in_status(status: Status) -> Appointment:
    """An appointment in each of its states, the slot there whatever the state."""
    made = booked()
    made.status = status
    made.over = status not in {Status.BOOKED, Status.UNBOOKED}
    return made
