"""Open now? Opening hours with lunch breaks, weekends, public holidays and working Saturdays.

Hours are told in the organization's own time zone. An opening minute is open, a closing minute is
closed, and so for the break: it begins on its first minute and is over on its last (K, M, S).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from contracts.directory import OpeningHours
from contracts.hours import WEEKDAYS, WORKWEEK, spans_on
from contracts.terms import WorkingCalendar
from contracts.values import Value

LOOK_AHEAD_DAYS = 31
"""Longer than any run of holidays."""


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
) -> Opening:
    """Whether it is open at a moment, until when, and when it opens next."""
    local = at.astimezone(zone)
    day, now = local.date(), local.time()
    if not hours:
        return _without_hours(reception_days, day, calendar)
    today = spans_on(day, hours, calendar)
    for start, end in today:
        if start <= now < end:
            until = datetime.combine(day, end, zone)
            return Opening(
                state=State.OPEN,
                until=until,
                statement_en=f"Open until {end:%H:%M}.",
                statement_ru=f"Открыто до {end:%H:%M}.",
            )
    upcoming = _next_opening(local, hours, calendar, zone)
    in_break = bool(today) and today[0][0] <= now < today[-1][1]
    return _closed(upcoming, in_break=in_break)


def _next_opening(
    local: datetime, hours: Sequence[OpeningHours], calendar: WorkingCalendar, zone: ZoneInfo
) -> datetime | None:
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        day = local.date() + timedelta(days=ahead)
        for start, _ in spans_on(day, hours, calendar):
            if ahead or start > local.time():
                return datetime.combine(day, start, zone)
    return None


def _closed(upcoming: datetime | None, *, in_break: bool) -> Opening:
    if upcoming is None:
        return Opening(
            state=State.CLOSED,
            statement_en="Closed; no opening within a month.",
            statement_ru="Закрыто; в ближайший месяц не откроется.",
        )
    english, russian = ("Break", "Перерыв") if in_break else ("Closed", "Закрыто")
    return Opening(
        state=State.BREAK if in_break else State.CLOSED,
        until=upcoming,
        next_opening=upcoming,
        statement_en=f"{english}; opens on {upcoming:%Y-%m-%d at %H:%M}.",
        statement_ru=f"{russian}; откроется {upcoming:%d.%m.%Y в %H:%M}.",
    )


def _without_hours(reception_days: Sequence[str], day: date, calendar: WorkingCalendar) -> Opening:
    """R 1.3 prints the days of reception and no hours: more than the days cannot be said."""
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
        russian = f"; приёмные дни: {', '.join(_RUSSIAN[name] for name in reception_days)}"
    return Opening(
        state=State.UNKNOWN,
        statement_en=f"The hours are not known{english}.",
        statement_ru=f"Часы работы не указаны{russian}.",
    )


def _may_receive(reception_days: Sequence[str], day: date, calendar: WorkingCalendar) -> bool:
    weekday, working = WEEKDAYS[day.weekday()], calendar.is_working(day)
    if weekday in WORKWEEK:
        return working and weekday in reception_days
    return working or weekday in reception_days


_RUSSIAN = dict(zip(WEEKDAYS, ("пн", "вт", "ср", "чт", "пт", "сб", "вс"), strict=True))
