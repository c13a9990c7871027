"""When an organization is open on a day: the arithmetic of printed hours, for whoever needs it.

Hours are told in the organization's own time zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from functools import reduce
from zoneinfo import ZoneInfo

from contracts.directory import OpeningHours
from contracts.terms import WorkingCalendar
from contracts.territory import regions

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKWEEK = WEEKDAYS[:5]

Span = tuple[time, time]


def zone_of(region: str | None) -> ZoneInfo | None:
    """The time zone of a region by its ISO 3166-2 code; None where it is not known."""
    name = next((item.time_zone for item in regions() if item.code == region), None)
    return ZoneInfo(name) if name is not None else None


def spans_on(
    day: date, hours: Sequence[OpeningHours], calendar: WorkingCalendar
) -> tuple[Span, ...]:
    """When it is open on a day, breaks taken out, in order.

    A public holiday or a day off moved to a weekday closes all but those who work every day of
    the week («без выходных», M). On a working Saturday, whose hours nobody prints, the hours hold
    that all of its working days have in common: never "open" when it may be closed.
    """
    listed = {weekday for entry in hours for weekday in entry.days}
    weekday, working = WEEKDAYS[day.weekday()], calendar.is_working(day)
    if weekday in listed:
        every_day = listed == set(WEEKDAYS)
        if weekday in WORKWEEK and not working and not every_day:
            return ()
        return _spans_of(weekday, hours)
    if weekday in WORKWEEK or not working:
        return ()
    workdays = [_spans_of(name, hours) for name in WORKWEEK if name in listed]
    return reduce(_in_both, workdays) if workdays else ()


def _spans_of(weekday: str, hours: Sequence[OpeningHours]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for entry in hours:
        if weekday not in entry.days:
            continue
        if entry.lunch_from is not None and entry.lunch_to is not None:
            spans += [(entry.opens, entry.lunch_from), (entry.lunch_to, entry.closes)]
        else:
            spans.append((entry.opens, entry.closes))
    return tuple(sorted(spans))


def _in_both(one: tuple[Span, ...], other: tuple[Span, ...]) -> tuple[Span, ...]:
    shared = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return tuple(sorted((start, end) for start, end in shared if start < end))
