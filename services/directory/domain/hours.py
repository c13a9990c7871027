"""Open now? Opening hours with lunch breaks, weekends, public holidays and working Saturdays.

Hours are told in the organization's own time zone. An opening minute is open, a closing minute is
closed, and so for the break: it begins on its first minute and is over on its last (K, M, S).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from contracts.directory import Closure, OpeningHours
from contracts.hours import (
    NONE,
    WEEKDAYS,
    WORKWEEK,
    Exceptions,
    Timetable,
    is_public_holiday,
    minutes_of,
    moment_of,
)
from contracts.terms import WorkingCalendar
from contracts.values import Value

WEEKDAYS_RU = dict(zip(WEEKDAYS, ("пн", "вт", "ср", "чт", "пт", "сб", "вс"), strict=True))


class State(StrEnum):
    """How an organization stands at a moment."""

    OPEN = "open"
    BREAK = "break"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Opening(Value):
    """The answer, in data and in words. `next_opening` is None while open, and if not known."""

    state: State
    until: datetime | None = None
    next_opening: datetime | None = None
    statement_en: str
    statement_ru: str


def opening(
    hours: Sequence[OpeningHours],
    reception_days: Sequence[str],
    at: datetime,
    zone: ZoneInfo,
    calendar: WorkingCalendar,
    exceptions: Exceptions = NONE,
) -> Opening:
    """Whether it is open at a moment, until when, and when it opens next."""
    local = at.astimezone(zone)
    closure = exceptions.closure_on(local.date())
    if not hours:
        return _without_hours(reception_days, local.date(), calendar, closure)
    week = Timetable(hours, calendar, exceptions)
    now = minutes_of(local)
    if any(start <= now < end for start, end in week.around(local.date())):
        return _open(week, local, zone)
    upcoming = week.next_opening(local, zone)
    return _closed(upcoming, in_break=week.in_break(local), why=closure)


def _open(week: Timetable, local: datetime, zone: ZoneInfo) -> Opening:
    closes = week.open_until(local)
    if closes is None:
        return Opening(
            state=State.OPEN,
            statement_en="Open round the clock.",
            statement_ru="Открыто круглосуточно.",
        )
    until = moment_of(*closes, zone)
    same_day = until.date() == local.date()
    return Opening(
        state=State.OPEN,
        until=until,
        statement_en=f"Open until {until:%H:%M}."
        if same_day
        else f"Open until {until:%Y-%m-%d %H:%M}.",
        statement_ru=f"Открыто до {until:%H:%M}."
        if same_day
        else f"Открыто до {until:%d.%m.%Y %H:%M}.",
    )


def _closed(upcoming: datetime | None, *, in_break: bool, why: Closure | None = None) -> Opening:
    because = f" ({why.reason})" if why else ""
    if upcoming is None:
        return Opening(
            state=State.CLOSED,
            statement_en=f"Closed{because}; no opening within a month.",
            statement_ru=f"Закрыто{because}; в ближайший месяц не откроется.",
        )
    english, russian = ("Break", "Перерыв") if in_break else ("Closed", "Закрыто")
    return Opening(
        state=State.BREAK if in_break else State.CLOSED,
        until=upcoming,
        next_opening=upcoming,
        statement_en=f"{english}{because}; opens on {upcoming:%Y-%m-%d at %H:%M}.",
        statement_ru=f"{russian}{because}; откроется {upcoming:%d.%m.%Y в %H:%M}.",
    )


def _without_hours(
    reception_days: Sequence[str], day: date, calendar: WorkingCalendar, closure: Closure | None
) -> Opening:
    """R 1.3 prints the days of reception and no hours: more than the days cannot be said."""
    if closure is not None:
        return Opening(
            state=State.CLOSED,
            statement_en=f"Closed until {closure.last:%Y-%m-%d} ({closure.reason}).",
            statement_ru=f"Закрыто по {closure.last:%d.%m.%Y} ({closure.reason}).",
        )
    if reception_days and not _may_receive(reception_days, day, calendar):
        return Opening(
            state=State.CLOSED,
            statement_en="Closed: not a day of reception. The hours are not known.",
            statement_ru="Закрыто: не приёмный день. Часы работы не указаны.",
        )
    if not reception_days:
        english, russian = "", ""
    else:
        english = f"; days of reception: {', '.join(reception_days)}"
        russian = f"; приёмные дни: {', '.join(WEEKDAYS_RU[name] for name in reception_days)}"
    return Opening(
        state=State.UNKNOWN,
        statement_en=f"The hours are not known{english}.",
        statement_ru=f"Часы работы не указаны{russian}.",
    )


def _may_receive(reception_days: Sequence[str], day: date, calendar: WorkingCalendar) -> bool:
    """Holidays close as they do where hours are printed; a working Saturday may be one."""
    weekday, working = WEEKDAYS[day.weekday()], calendar.is_working(day)
    if set(reception_days) == set(WEEKDAYS):
        return True
    if weekday in WORKWEEK or is_public_holiday(day):
        return working and weekday in reception_days
    return working or weekday in reception_days
