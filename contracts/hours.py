"""When an organization is open on a day: the arithmetic of printed hours, for several services.

Hours are told in the organization's own time zone. An opening minute is open, a closing minute is
closed, and so for a break (K, M, S).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from contracts.directory import Closure, OpeningHours
from contracts.terms import WorkingCalendar
from contracts.territory import regions

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKWEEK = WEEKDAYS[:5]
LOOK_AHEAD_DAYS = 31
"""Longer than any run of holidays."""

DAY = 24 * 60
"""Minutes of a day."""
PUBLIC_HOLIDAYS = frozenset(
    {*((1, day) for day in range(1, 9)), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)}
)
"""Month and day of the public holidays (Labour Code, art. 112); a moved day off is none."""

Span = tuple[time, time]
Minutes = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What departs from the hours: days it is closed, and shorter days before public holidays."""

    closures: tuple[Closure, ...] = ()
    preholiday_minutes: int = 0

    def closure_on(self, day: date) -> Closure | None:
        """The closure that holds on a day."""
        return next((item for item in self.closures if item.first <= day <= item.last), None)

    def days_to_look(self, day: date) -> int:
        """How far ahead an opening is looked for: a month, beyond what it is closed for."""
        until = max((item.last for item in self.closures), default=day)
        return LOOK_AHEAD_DAYS + min(max((until - day).days, 0), 366)


NONE = Exceptions()


def zone_of(region: str | None) -> ZoneInfo | None:
    """The time zone of a region by its ISO 3166-2 code; None where it is not known."""
    name = next((item.time_zone for item in regions() if item.code == region), None)
    return ZoneInfo(name) if name is not None else None


def is_public_holiday(day: date) -> bool:
    """Whether the Labour Code names the day, be it a Saturday or a Sunday (art. 112)."""
    return (day.month, day.day) in PUBLIC_HOLIDAYS


def spans_on(
    day: date,
    hours: Sequence[OpeningHours],
    calendar: WorkingCalendar,
    exceptions: Exceptions = NONE,
) -> tuple[Span, ...]:
    """When it is open between a day's two midnights, breaks taken out, in order.

    What the day before left open past midnight is the first span; a span that runs on into the
    next day ends with this one.
    """
    around = Timetable(hours, calendar, exceptions).around(day)
    return tuple(
        (time_of(max(start, 0)), time_of(end) if end < DAY else time.max)
        for start, end in around
        if end > 0
    )


class Timetable:
    """Hours laid out on days, as minutes from the day's midnight; past 1440 is the next day."""

    def __init__(
        self,
        hours: Sequence[OpeningHours],
        calendar: WorkingCalendar,
        exceptions: Exceptions,
    ) -> None:
        self._hours = hours
        self._calendar = calendar
        self._exceptions = exceptions

    def minutes_on(self, day: date) -> tuple[Minutes, ...]:
        """The spans that begin on a day.

        A public holiday, on whichever day of the week, or a day off moved to a weekday closes all
        but those who work every day of the week («без выходных», M). On a working Saturday, whose
        hours nobody prints, the hours hold that all of its working days have in common: never
        "open" when it may be closed. What runs past midnight ends there when the next day is
        closed.
        """
        if self._exceptions.closure_on(day) is not None:
            return ()
        hours = in_season(self._hours, day)
        listed = {weekday for entry in hours for weekday in entry.days}
        weekday, working = WEEKDAYS[day.weekday()], self._calendar.is_working(day)
        if weekday in listed:
            off = not working and (weekday in WORKWEEK or is_public_holiday(day))
            if off and listed != set(WEEKDAYS):
                return ()
            return self._shortened(day, _spans_of(weekday, hours))
        if weekday in WORKWEEK or not working:
            return ()
        workdays = [_spans_of(name, hours) for name in WORKWEEK if name in listed]
        return self._shortened(day, reduce(_in_both, workdays)) if workdays else ()

    def around(self, day: date) -> list[Minutes]:
        """The spans that touch a day in their order, what began yesterday too."""
        return sorted(span for spans in self._shifts_around(day) for span in spans)

    def in_break(self, local: datetime) -> bool:
        """Whether a moment at which it is closed lies between two spans that began on one day."""
        now = minutes_of(local)
        shifts = self._shifts_around(local.date())
        return any(spans[0][0] <= now < spans[-1][1] for spans in shifts if spans)

    def next_opening(self, local: datetime, zone: ZoneInfo) -> datetime | None:
        """The first moment after this one at which it opens."""
        now = minutes_of(local)
        for ahead in range(self._exceptions.days_to_look(local.date()) + 1):
            day = local.date() + timedelta(days=ahead)
            for start, _ in self.around(day):
                if 0 <= start < DAY and (ahead or start > now):
                    return moment_of(day, start, zone)
        return None

    def open_until(self, local: datetime) -> tuple[date, int] | None:
        """The day and minute at which it closes, spans that meet being one; None if never."""
        day = local.date()
        now = minutes_of(local)
        end = max(end for start, end in self.around(day) if start <= now < end)
        for ahead in range(LOOK_AHEAD_DAYS):
            base = ahead * DAY
            for start, later in self.minutes_on(day + timedelta(days=ahead)):
                if start + base <= end < later + base:
                    end = later + base
            if end < base + DAY:
                return day, end
        return None

    def _shifts_around(self, day: date) -> tuple[tuple[Minutes, ...], tuple[Minutes, ...]]:
        before = self.minutes_on(day - timedelta(days=1))
        return tuple((start - DAY, end - DAY) for start, end in before), self.minutes_on(day)

    def _shortened(self, day: date, spans: tuple[Minutes, ...]) -> tuple[Minutes, ...]:
        """Without what the eve of a public holiday, or a closure of the next day, takes off."""
        tomorrow = day + timedelta(days=1)
        cut = self._exceptions.preholiday_minutes
        if spans and cut and is_public_holiday(tomorrow):
            spans = _until(spans, spans[-1][1] - cut)
        return spans if self._exceptions.closure_on(tomorrow) is None else _until(spans, DAY)


def in_season(hours: Sequence[OpeningHours], day: date) -> list[OpeningHours]:
    """The entries dated for a day; where there are none, those without dates."""
    dated = [
        entry
        for entry in hours
        if is_dated(entry) and season_of(entry)[0] <= day <= season_of(entry)[1]
    ]
    return dated or [entry for entry in hours if not is_dated(entry)]


def is_dated(entry: OpeningHours) -> bool:
    """Whether an entry holds in a season only."""
    return bool(entry.valid_from or entry.valid_to)


def season_of(entry: OpeningHours) -> tuple[date, date]:
    """The first and the last day of an entry; those of the calendar where there is none."""
    return entry.valid_from or date.min, entry.valid_to or date.max


def without_breaks(entry: OpeningHours) -> list[Minutes]:
    """The spans of an entry on a day of its, in minutes from the day's midnight."""
    opens = minutes_of(entry.opens)
    closes = not_before(minutes_of(entry.closes), opens + 1)
    breaks = [(minutes_of(item.begins), minutes_of(item.ends)) for item in entry.all_breaks]
    spans, begun = [], opens
    for start, end in sorted((not_before(begins, opens), ends) for begins, ends in breaks):
        spans.append((begun, start))
        begun = not_before(end, start)
    return [span for span in (*spans, (begun, closes)) if span[0] < span[1]]


def not_before(minute: int, least: int) -> int:
    """A minute of a day, or the same of the next one if it comes before `least`."""
    return minute if minute >= least else minute + DAY


def minutes_of(clock: time | datetime) -> int:
    """Minutes since midnight."""
    return clock.hour * 60 + clock.minute


def time_of(minutes: int) -> time:
    """The time of day so many minutes after a midnight."""
    return time(minutes % DAY // 60, minutes % 60)


def moment_of(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The moment so many minutes after a day's midnight."""
    return datetime.combine(day + timedelta(days=minutes // DAY), time_of(minutes), zone)


def _spans_of(weekday: str, hours: Sequence[OpeningHours]) -> tuple[Minutes, ...]:
    spans = (span for entry in hours if weekday in entry.days for span in without_breaks(entry))
    return tuple(sorted(spans))


def _until(spans: tuple[Minutes, ...], last: int) -> tuple[Minutes, ...]:
    return tuple((start, min(end, last)) for start, end in spans if start < last)


def _in_both(one: tuple[Minutes, ...], other: tuple[Minutes, ...]) -> tuple[Minutes, ...]:
    shared = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return tuple(sorted((start, end) for start, end in shared if start < end))
