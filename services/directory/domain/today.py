"""When something is open today, for people: the hours of a day and how it stands now (K, M, S)."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from contracts.hours import spans_on
from contracts.offer import ServiceStatus
from contracts.terms import WorkingCalendar
from contracts.values import Value
from services.directory.domain.hours import Opening, State, opening
from services.directory.domain.hours_pattern import HoursPattern


class Today(Value):
    """How it stands now, and the hours of today, breaks taken out («09:00–12:00»)."""

    state: State
    statement_ru: str
    statement_en: str
    hours: tuple[str, ...]
    next_opening: AwareDatetime | None


NOT_GIVEN = {
    ServiceStatus.INACTIVE: ("Not given at present.", "Сейчас не оказывается."),
    ServiceStatus.TEMPORARILY_CLOSED: ("Temporarily not given.", "Временно не оказывается."),
    ServiceStatus.DEFUNCT: ("Given no longer.", "Больше не оказывается."),
}


def today(
    status: ServiceStatus,
    pattern: HoursPattern,
    at: AwareDatetime,
    zone: ZoneInfo,
    calendar: WorkingCalendar,
) -> Today:
    """Hours of the day and the state of the moment, in the organization's own time.

    A service that is not given now is closed, whoever's door is open.
    """
    if status in NOT_GIVEN:
        english, russian = NOT_GIVEN[status]
        return Today(
            state=State.CLOSED,
            statement_ru=russian,
            statement_en=english,
            hours=(),
            next_opening=None,
        )
    exceptions = pattern.exceptions
    now: Opening = opening(pattern.hours, pattern.reception_days, at, zone, calendar, exceptions)
    day: date = at.astimezone(zone).date()
    return Today(
        state=now.state,
        statement_ru=now.statement_ru,
        statement_en=now.statement_en,
        hours=tuple(
            f"{start:%H:%M}–{end:%H:%M}"
            for start, end in spans_on(day, pattern.hours, calendar, exceptions)
        ),
        next_opening=now.next_opening,
    )
