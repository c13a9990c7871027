"""HSDS schedules, read as their readers do, say of every day what «open?» says (K, M, S)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chassis.calendar import DistrictCalendar
from contracts.directory import OpeningHours
from contracts.errors import InvalidInput
from contracts.hours import NONE, WEEKDAYS, WORKWEEK, Timetable, is_public_holiday
from services.directory.api.hsds_models import Schedule
from services.directory.api.hsds_schedules import EVERY_DAY, HOLIDAYS, schedules
from services.directory.domain.card_hours import check_hours
from services.directory.domain.hours_pattern import HoursPattern
from tests.unit.directory.builders import KEMEROVO, NOW

CALENDAR = DistrictCalendar(KEMEROVO)
YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]


def entry(days: str, opens: str, closes: str, **more: Any) -> OpeningHours:
    item = {"days": days.split(","), "opens": opens, "closes": closes, **more}
    return OpeningHours.model_validate(item)


def said(*hours: OpeningHours) -> list[Schedule]:
    pattern = HoursPattern(region="RU-KEM", hours=hours, reception_days=())
    return schedules("service", "s", pattern, KEMEROVO, NOW)


def told(*hours: OpeningHours) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(one.byday, one.valid_from, one.valid_to, one.notes) for one in said(*hours)]


WORKDAYS = entry("MO,TU,WE,TH,FR", "09:00", "18:00")
WEEKEND = entry("SA,SU", "10:00", "16:00")
SUMMER = {"valid_from": "2026-06-01", "valid_to": "2026-08-31"}


def test_entries_that_leave_no_weekday_free_together_know_no_holidays() -> None:
    """M: «без выходных», be it printed in two lines."""
    assert told(WORKDAYS, WEEKEND) == [
        ("MO,TU,WE,TH,FR", None, None, EVERY_DAY),
        ("SA,SU", None, None, EVERY_DAY),
    ]
    assert told(WORKDAYS) == [("MO,TU,WE,TH,FR", None, None, HOLIDAYS)]


def test_hours_without_dates_are_said_for_the_days_outside_the_season() -> None:
    summer = entry("MO,WE", "10:00", "16:00", **SUMMER)
    assert told(WORKDAYS, summer) == [
        ("MO,TU,WE,TH,FR", None, "2026-05-31", HOLIDAYS),
        ("MO,TU,WE,TH,FR", "2026-09-01", None, HOLIDAYS),
        ("MO,WE", "2026-06-01", "2026-08-31", HOLIDAYS),
    ]
    assert len({one.id for one in said(WORKDAYS, summer)}) == 3


def test_season_without_end_leaves_the_days_before_it() -> None:
    assert told(WORKDAYS, entry("SA", "10:00", "16:00", valid_from="2026-06-01")) == [
        ("MO,TU,WE,TH,FR", None, "2026-05-31", HOLIDAYS),
        ("SA", "2026-06-01", None, HOLIDAYS),
    ]
    assert told(WORKDAYS, entry("SA", "10:00", "16:00", valid_to="2026-06-01")) == [
        ("MO,TU,WE,TH,FR", "2026-06-02", None, HOLIDAYS),
        ("SA", None, "2026-06-01", HOLIDAYS),
    ]


def test_season_that_another_joins_is_cut_where_the_week_becomes_full() -> None:
    summer = entry("MO,TU,WE,TH,FR", "09:00", "18:00", **SUMMER)
    july = entry("SA,SU", "10:00", "16:00", valid_from="2026-07-01", valid_to="2026-07-31")
    assert told(summer, july) == [
        ("MO,TU,WE,TH,FR", "2026-06-01", "2026-06-30", HOLIDAYS),
        ("MO,TU,WE,TH,FR", "2026-07-01", "2026-07-31", EVERY_DAY),
        ("MO,TU,WE,TH,FR", "2026-08-01", "2026-08-31", HOLIDAYS),
        ("SA,SU", "2026-07-01", "2026-07-31", EVERY_DAY),
    ]


def test_dates_at_the_ends_of_the_calendar_are_no_ends() -> None:
    ever = entry("SA", "10:00", "16:00", valid_from="0001-01-01", valid_to="9999-12-31")
    assert told(WORKDAYS, ever) == [("SA", None, None, HOLIDAYS)]


def as_read(found: list[Schedule], day: date) -> list[tuple[int, int]]:
    """What a reader that unites what is valid, and heeds the notes, takes for open on a day."""
    weekday, text = WEEKDAYS[day.weekday()], day.isoformat()
    off = not CALENDAR.is_working(day) and (weekday in WORKWEEK or is_public_holiday(day))
    spans = []
    for one in found:
        valid = (one.valid_from or "") <= text <= (one.valid_to or "9")
        if valid and weekday in one.byday.split(",") and not (off and one.notes == HOLIDAYS):
            opens, closes = (_minutes(clock) for clock in (one.opens_at, one.closes_at))
            spans.append((opens, closes if closes > opens else closes + 24 * 60))
    return sorted(spans)


def _minutes(clock: str) -> int:
    hours, minutes = clock[:5].split(":")
    return int(hours) * 60 + int(minutes)


@st.composite
def entries(draw: st.DrawFn) -> OpeningHours:
    days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True))
    opens, closes = draw(
        st.sampled_from([("09:00", "12:00"), ("12:00", "18:00"), ("20:00", "06:00"),
                         ("00:00", "00:00")])
    )  # fmt: skip
    first, last = (
        draw(st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))) for _ in range(2)
    )
    made = entry(",".join(days), opens, closes)
    return made.model_copy(update={"valid_from": first, "valid_to": last})


@settings(max_examples=150, deadline=None)
@given(st.lists(entries(), min_size=1, max_size=5))
def test_schedules_say_of_every_day_what_open_says(hours: list[OpeningHours]) -> None:
    try:
        check_hours(hours)
    except InvalidInput:
        assume(False)
    found, week = said(*hours), Timetable(hours, CALENDAR, NONE)
    assert len({one.id for one in found}) == len(found)
    for day in YEAR:
        assert as_read(found, day) == list(week.minutes_on(day)), day
