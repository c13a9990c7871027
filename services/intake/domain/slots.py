"""Slots of a district bureau: its opening hours with their breaks, its working calendar, and what
the bureau says of itself, cut into pieces of one length (S).

A desk's day is one document, so that no two bookings of a desk overlap, also where the length of
the slots was changed in between. What it holds is a claim; whether the claim still stands, the
appointment itself says (`stands`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from contracts.directory import OpeningHours
from contracts.errors import InvalidInput
from contracts.hours import NONE, Exceptions, spans_on
from contracts.terms import WorkingCalendar
from contracts.values import Line, Value
from services.intake.domain.slot_rules import WORDS, Rule

DeskId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]


class Desk(Value):
    """Where one person is received at a time: a desk, or a specialist by name."""

    id: DeskId
    name: Line | None = Field(default=None, description="of the specialist, as people are told it")


class Schedule(BaseModel):
    """How a bureau receives by appointment; without desks it does not."""

    id: str
    slot_minutes: int = 0
    desks: list[Desk] = Field(default_factory=list)
    days_ahead: int = 0
    closed_days: list[date] = Field(default_factory=list)


class Slot(Value):
    """A time at a desk of a bureau."""

    organization: str
    desk: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    def overlaps(self, other: Slot) -> bool:
        """Whether both, of one desk, take some of the same time."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


class Claim(Value):
    """A slot taken for an appointment; `number` counts the appointment's claims."""

    slot: Slot
    appointment: str
    number: int
    since: AwareDatetime


class DeskDay(BaseModel):
    """One day of one desk: who has claimed which piece of it."""

    id: str
    claims: list[Claim] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bureau:
    """A bureau with all that decides its slots, its own time zone and calendar among it."""

    organization: str
    hours: Sequence[OpeningHours]
    schedule: Schedule
    zone: ZoneInfo
    calendar: WorkingCalendar
    exceptions: Exceptions = NONE
    retired: bool = False

    def day_of(self, moment: datetime) -> date:
        """The bureau's day on which a moment falls."""
        return moment.astimezone(self.zone).date()

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """When it is open on a day, breaks taken out."""
        return [
            (datetime.combine(day, start, self.zone), datetime.combine(day, end, self.zone))
            for start, end in spans_on(day, self.hours, self.calendar, self.exceptions)
        ]

    def grid(self, day: date) -> list[tuple[datetime, datetime]]:
        """The slots of a day, booked or not; what is left of a span and too short is none."""
        if closed_for_good(self) is not None or day in self.schedule.closed_days:
            return []
        length = timedelta(minutes=self.schedule.slot_minutes)
        return [
            (start + number * length, start + (number + 1) * length)
            for start, end in self.spans(day)
            for number in range((end - start) // length)
        ]

    def last_day(self, now: datetime) -> date:
        """The last day for which appointments are booked by now."""
        return self.day_of(now) + timedelta(days=self.schedule.days_ahead)

    def slot(self, desk: str, starts_at: datetime) -> Slot:
        """The slot of a desk that begins at a moment, told in the bureau's own time."""
        local = starts_at.astimezone(self.zone)
        return Slot(
            organization=self.organization,
            desk=desk,
            starts_at=local,
            ends_at=local + timedelta(minutes=self.schedule.slot_minutes),
        )


def closed_for_good(bureau: Bureau) -> Rule | None:
    """Why nothing at all can be booked at a bureau; None if something can."""
    if bureau.retired:
        return Rule.BUREAU_RETIRED
    if not bureau.schedule.desks:
        return Rule.NO_SCHEDULE
    return None if bureau.hours else Rule.HOURS_UNKNOWN


def _closed_at(bureau: Bureau, starts_at: datetime, ends_at: datetime) -> Rule | None:
    """Why the bureau does not receive at a time, whoever has booked it."""
    day = bureau.day_of(starts_at)
    if day in bureau.schedule.closed_days:
        return Rule.CLOSED_DAY
    spans = bureau.spans(day)
    if not spans:
        return Rule.NOT_WORKING
    if not any(start <= starts_at and ends_at <= end for start, end in spans):
        return Rule.OUTSIDE_HOURS
    return None


def check_time(bureau: Bureau, starts_at: datetime, now: datetime, desk: str | None = None) -> None:
    """Refuse a time for which nothing can be booked, with the rule it breaks (S)."""
    rule = _broken(bureau, starts_at, now, desk)
    if rule is not None:
        field = "desk" if rule is Rule.NO_SUCH_DESK else "starts_at"
        if closed_for_good(bureau) is rule:
            field = "organization"
        raise InvalidInput(rule, WORDS[rule].en, field=field, clause="S")


def _broken(bureau: Bureau, starts_at: datetime, now: datetime, desk: str | None) -> Rule | None:
    rule = closed_for_good(bureau)
    if rule is not None:
        return rule
    if desk is not None and desk not in {known.id for known in bureau.schedule.desks}:
        return Rule.NO_SUCH_DESK
    if starts_at <= now:
        return Rule.PAST
    if _too_far(bureau, starts_at, now):
        return Rule.TOO_FAR
    # That it begins in the opening hours is asked first: a time in the break is no matter of grid.
    rule = _closed_at(bureau, starts_at, starts_at + timedelta(minutes=1))
    if rule is None and not _on_grid(bureau, starts_at):
        return Rule.OFF_GRID
    return rule


def _too_far(bureau: Bureau, starts_at: datetime, now: datetime) -> bool:
    # a moment at the end of all calendars has no day in every zone, so it is not asked for one
    if starts_at > now + timedelta(days=bureau.schedule.days_ahead + 2):
        return True
    return bureau.day_of(starts_at) > bureau.last_day(now)


def _on_grid(bureau: Bureau, starts_at: datetime) -> bool:
    return any(start == starts_at for start, _ in bureau.grid(bureau.day_of(starts_at)))


def conflict_of(bureau: Bureau, slot: Slot) -> Rule | None:
    """Why a booked appointment cannot be where it is any more, since hours or schedule changed.

    One that began on another grid stays where it is, as long as the bureau receives at that time.
    """
    rule = closed_for_good(bureau)
    if rule is not None:
        return rule
    if slot.desk not in {desk.id for desk in bureau.schedule.desks}:
        return Rule.NO_SUCH_DESK
    return _closed_at(bureau, slot.starts_at, slot.ends_at)


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A time at which somebody can still be received, and the desks that are free then."""

    starts_at: datetime
    ends_at: datetime
    desks: list[str]


def free_slots(
    bureau: Bureau,
    days: Iterable[date],
    taken: Sequence[Slot],
    now: datetime,
    desk: str | None = None,
) -> list[FreeSlot]:
    """The slots of some days that begin after now and have a free desk (or have that one free),
    in order of time."""
    found: list[FreeSlot] = []
    by_day: dict[date, list[Slot]] = {}
    for slot in taken:
        by_day.setdefault(bureau.day_of(slot.starts_at), []).append(slot)
    receiving = [known.id for known in bureau.schedule.desks if desk in {None, known.id}]
    for day in days:
        if day > bureau.last_day(now):
            break
        for start, end in bureau.grid(day):
            busy = {
                slot.desk
                for slot in by_day.get(day, ())
                if slot.starts_at < end and start < slot.ends_at
            }
            desks = [known for known in receiving if known not in busy]
            if start > now and desks:
                found.append(FreeSlot(start, end, desks))
    return found


def day_before(slot: Slot, zone: ZoneInfo, calendar: WorkingCalendar) -> datetime:
    """The working day before, at the same hour: when to remind the citizen of an appointment."""
    local = slot.starts_at.astimezone(zone)
    day = local.date() - timedelta(days=1)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return datetime.combine(day, local.timetz().replace(tzinfo=None), zone)


def desk_day_id(slot: Slot, zone: ZoneInfo) -> str:
    """Id of the document of a desk's day: no id of an organization or of a desk holds a tilde."""
    day = slot.starts_at.astimezone(zone).date()
    return f"S{slot.organization}~{slot.desk}~{day:%Y%m%d}"
