"""The district's calendar: transferred days, working Saturdays, and the local midnight."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chassis.calendar import Calendars, DistrictCalendar
from contracts.terms import WorkingCalendar

KEMEROVO = ZoneInfo("Asia/Novokuznetsk")  # UTC+7

WORKING = {
    "an ordinary Monday": date(2024, 2, 5),
    "working Saturday in April": date(2024, 4, 27),
    "working Saturday in November": date(2024, 11, 2),
    "working Saturday in December": date(2024, 12, 28),
    "working Saturday of 2025": date(2025, 11, 1),
    "working Saturday of 2027": date(2027, 2, 20),
}
NOT_WORKING = {
    "an ordinary Sunday": date(2024, 2, 4),
    "an ordinary Saturday": date(2024, 2, 3),
    "New Year's Day": date(2025, 1, 1),
    "the last New Year holiday": date(2026, 1, 9),
    "a Monday swapped for a Saturday": date(2024, 4, 29),
    "New Year's Eve transferred": date(2024, 12, 31),
    "Victory Day": date(2025, 5, 9),
    "May day transferred": date(2026, 5, 11),
    "day off for 20 February 2027": date(2027, 2, 22),
}


def calendar_of(zone: ZoneInfo = KEMEROVO) -> WorkingCalendar:
    """As the protocol, so that mypy checks the class against it."""
    return DistrictCalendar(zone)


@pytest.mark.parametrize("day", WORKING.values(), ids=WORKING.keys())
def test_official_working_day_is_working(day: date) -> None:
    assert calendar_of().is_working(day)


@pytest.mark.parametrize("day", NOT_WORKING.values(), ids=NOT_WORKING.keys())
def test_official_day_off_is_not_working(day: date) -> None:
    assert not calendar_of().is_working(day)


@pytest.mark.parametrize(("year", "expected"), [(2024, 248), (2025, 247), (2026, 247)])
def test_year_has_the_working_days_of_the_production_calendar(year: int, expected: int) -> None:
    calendar, first = calendar_of(), date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range(366))
    assert sum(calendar.is_working(day) for day in days if day.year == year) == expected


def test_override_wins_in_both_directions_and_leaves_other_days_alone() -> None:
    holiday_on_saturday, monday_after = date(2028, 11, 4), date(2028, 11, 6)
    bare = DistrictCalendar(KEMEROVO)
    assert bare.is_working(monday_after), "the data know no transfers of 2028"
    told = DistrictCalendar(KEMEROVO, {monday_after: False, date(2028, 4, 29): True})
    assert not told.is_working(monday_after)
    assert told.is_working(date(2028, 4, 29))
    assert not told.is_working(holiday_on_saturday)
    assert told.is_working(date(2028, 11, 7))


def test_year_without_decreed_transfers_is_known_as_one() -> None:
    bare, told = DistrictCalendar(KEMEROVO), DistrictCalendar(KEMEROVO, {date(2028, 11, 6): False})
    assert [bare.knows_transfers(year) for year in (2024, 2027, 2028)] == [True, True, False]
    assert [told.knows_transfers(year) for year in (2028, 2029)] == [True, False]


def test_later_change_of_the_given_overrides_changes_nothing() -> None:
    overrides = {date(2028, 11, 6): False}
    calendar = DistrictCalendar(KEMEROVO, overrides)
    overrides.clear()
    assert not calendar.is_working(date(2028, 11, 6))


def test_every_calendar_of_a_service_knows_the_moved_days() -> None:
    """Calendars of other regions were made without them."""
    monday_after = date(2028, 11, 6)
    calendars = Calendars(KEMEROVO, {monday_after: False})
    for region, zone in ((None, "Asia/Novokuznetsk"), ("RU-KEM", "Asia/Novokuznetsk"),
                         ("RU-MOW", "Europe/Moscow"), ("RU-QQQ", "Asia/Novokuznetsk")):  # fmt: skip
        calendar = calendars.of(region)
        assert (calendar.zone.key, calendar.is_working(monday_after)) == (zone, False)
    assert calendars.of("RU-KEM") is calendars.of(None)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2024, 2, 5, 16, 59, 59, tzinfo=UTC), date(2024, 2, 5)),
        (datetime(2024, 2, 5, 17, 0, tzinfo=UTC), date(2024, 2, 6)),
        (datetime(2024, 2, 5, 23, 30, tzinfo=UTC), date(2024, 2, 6)),
        (datetime(2024, 2, 5, 23, 30, tzinfo=ZoneInfo("Europe/Moscow")), date(2024, 2, 6)),
    ],
    ids=["last second", "local midnight", "late evening in UTC", "late evening in Moscow"],
)
def test_local_date_follows_the_district(moment: datetime, expected: date) -> None:
    assert calendar_of().local_date(moment) == expected


def test_local_date_of_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar_of().local_date(datetime(2024, 2, 5, 12, 0, tzinfo=UTC).replace(tzinfo=None))


def test_day_ends_at_the_next_local_midnight_in_utc() -> None:
    end = calendar_of().end_of_day(date(2024, 2, 5))
    assert end == datetime(2024, 2, 5, 17, 0, tzinfo=UTC)
    assert end.utcoffset() == timedelta(0)
    moscow = calendar_of(ZoneInfo("Europe/Moscow"))
    assert moscow.end_of_day(date(2024, 2, 5)) == datetime(2024, 2, 5, 21, 0, tzinfo=UTC)
