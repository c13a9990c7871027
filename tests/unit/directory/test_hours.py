"""Open now? K, M and S print hours, R 1.3 prints days of reception only."""

from datetime import date, datetime, time
from typing import Any

import pytest

from chassis.calendar import DistrictCalendar
from contracts.directory import OpeningHours
from contracts.hours import spans_on
from services.directory.domain.hours import State, opening
from tests.unit.directory.builders import KEMEROVO, PlainCalendar

WORKDAYS = ("MO", "TU", "WE", "TH", "FR")


def entry(days: tuple[str, ...], opens: str, closes: str, *lunch: str) -> OpeningHours:
    return OpeningHours(
        days=days,
        opens=time.fromisoformat(opens),
        closes=time.fromisoformat(closes),
        lunch_from=time.fromisoformat(lunch[0]) if lunch else None,
        lunch_to=time.fromisoformat(lunch[1]) if lunch else None,
    )


K = (entry(WORKDAYS, "08:30", "17:30", "12:00", "13:00"),)
M = (entry((*WORKDAYS, "SA", "SU"), "08:00", "20:00"),)
S = (entry(WORKDAYS[:4], "09:00", "18:00"), entry(("FR",), "09:00", "17:00"))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KEMEROVO)


def ask(hours: Any, moment: str, calendar: Any = None, days: tuple[str, ...] = ()) -> Any:
    return opening(hours, days, local(moment), KEMEROVO, calendar or PlainCalendar())


@pytest.mark.parametrize(
    ("moment", "state", "until"),
    [
        ("2026-03-02T08:29:59", State.CLOSED, "2026-03-02T08:30"),
        ("2026-03-02T08:30", State.OPEN, "2026-03-02T12:00"),
        ("2026-03-02T11:59:59", State.OPEN, "2026-03-02T12:00"),
        ("2026-03-02T12:00", State.BREAK, "2026-03-02T13:00"),
        ("2026-03-02T12:59:59", State.BREAK, "2026-03-02T13:00"),
        ("2026-03-02T13:00", State.OPEN, "2026-03-02T17:30"),
        ("2026-03-02T17:29:59", State.OPEN, "2026-03-02T17:30"),
        ("2026-03-02T17:30", State.CLOSED, "2026-03-03T08:30"),
        ("2026-03-06T17:30", State.CLOSED, "2026-03-09T08:30"),  # Friday evening
        ("2026-03-07T10:00", State.CLOSED, "2026-03-09T08:30"),  # Saturday
        ("2026-03-08T23:59", State.CLOSED, "2026-03-09T08:30"),  # Sunday
    ],
)
def test_k_hours_with_lunch_at_their_boundaries(moment: str, state: State, until: str) -> None:
    answer = ask(K, moment)
    assert (answer.state, answer.until) == (state, local(until))
    assert answer.next_opening == (None if state is State.OPEN else local(until))


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-05T17:00", State.OPEN),  # Thursday
        ("2026-03-05T17:59:59", State.OPEN),
        ("2026-03-05T18:00", State.CLOSED),
        ("2026-03-06T16:59:59", State.OPEN),  # Friday
        ("2026-03-06T17:00", State.CLOSED),
    ],
)
def test_s_closes_earlier_on_friday_and_has_no_break(moment: str, state: State) -> None:
    assert ask(S, moment).state is state


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-07T07:59:59", State.CLOSED),
        ("2026-03-07T08:00", State.OPEN),  # Saturday
        ("2026-03-08T19:59:59", State.OPEN),  # Sunday and a public holiday
        ("2026-01-01T12:00", State.OPEN),
        ("2026-01-01T20:00", State.CLOSED),
    ],
)
def test_m_hotline_without_days_off_is_open_on_holidays(moment: str, state: State) -> None:
    assert ask(M, moment, DistrictCalendar(KEMEROVO)).state is state


def test_k_public_holiday_on_a_weekday_is_closed_until_the_next_working_day() -> None:
    answer = ask(K, "2026-02-23T10:00", DistrictCalendar(KEMEROVO))  # Monday
    assert (answer.state, answer.next_opening) == (State.CLOSED, local("2026-02-24T08:30"))


def test_k_new_year_holidays_are_skipped_as_a_whole() -> None:
    answer = ask(K, "2025-12-31T10:00", DistrictCalendar(KEMEROVO))
    assert answer.next_opening == local("2026-01-12T08:30")


def test_k_working_saturday_is_open_and_the_day_off_it_pays_for_is_not() -> None:
    calendar = DistrictCalendar(KEMEROVO)
    assert ask(K, "2024-04-27T10:00", calendar).state is State.OPEN
    assert ask(K, "2024-04-27T12:30", calendar).state is State.BREAK
    assert ask(K, "2024-04-29T10:00", calendar).state is State.CLOSED


def test_s_working_saturday_has_the_hours_common_to_all_working_days() -> None:
    calendar = PlainCalendar(d2026_03_07=True)
    assert spans_on(date(2026, 3, 7), S, calendar) == ((time(9), time(17)),)
    assert ask(S, "2026-03-07T17:00", calendar).state is State.CLOSED


def test_working_saturday_keeps_every_break_of_the_week() -> None:
    hours = (
        entry(WORKDAYS[:4], "08:00", "17:00", "12:00", "13:00"),
        entry(("FR",), "09:00", "16:00"),
    )
    spans = spans_on(date(2026, 3, 7), hours, PlainCalendar(d2026_03_07=True))
    assert spans == ((time(9), time(12)), (time(13), time(16)))


def test_saturday_that_is_printed_is_open_though_no_working_day() -> None:
    hours = (entry((*WORKDAYS, "SA"), "10:00", "14:00"),)
    assert ask(hours, "2026-03-07T10:00").state is State.OPEN
    assert ask(hours, "2026-03-08T10:00").next_opening == local("2026-03-09T10:00")


SIX_DAYS = (entry((*WORKDAYS, "SA"), "10:00", "14:00"),)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-05-09T11:00", "2026-05-12T10:00"),  # a Saturday; Monday 11 May is a moved day off
        ("2026-01-03T11:00", "2026-01-10T10:00"),  # a Saturday of the New Year holidays
    ],
)
def test_public_holiday_closes_a_printed_saturday_too(moment: str, opens: str) -> None:
    """S, K: state holidays are days off; «без выходных» (M) alone knows none."""
    calendar = DistrictCalendar(KEMEROVO)
    answer = ask(SIX_DAYS, moment, calendar)
    assert (answer.state, answer.next_opening) == (State.CLOSED, local(opens))
    assert spans_on(date.fromisoformat(moment[:10]), SIX_DAYS, calendar) == ()
    assert ask(M, moment, calendar).state is State.OPEN


def test_saturday_that_is_no_holiday_is_open_beside_one() -> None:
    calendar = DistrictCalendar(KEMEROVO)
    assert ask(SIX_DAYS, "2026-05-02T11:00", calendar).state is State.OPEN
    assert ask(SIX_DAYS, "2026-01-10T11:00", calendar).state is State.OPEN


def test_sunday_night_into_a_holiday_is_what_sunday_left_open() -> None:
    hours = (entry(("SU",), "20:00", "06:00"),)
    spans = spans_on(date(2026, 2, 23), hours, DistrictCalendar(KEMEROVO))
    assert spans == ((time(0), time(6)),)


def test_weekday_that_is_not_printed_is_closed() -> None:
    hours = (entry(("TU", "TH"), "10:00", "14:00"),)
    assert ask(hours, "2026-03-02T11:00").next_opening == local("2026-03-03T10:00")


def test_two_entries_of_one_day_are_one_day_with_a_break() -> None:
    hours = (entry(("MO",), "14:00", "18:00"), entry(("MO",), "09:00", "12:00"))
    assert ask(hours, "2026-03-02T12:00").state is State.BREAK
    assert ask(hours, "2026-03-02T14:00").state is State.OPEN


def test_never_open_again_within_a_month_is_said_so() -> None:
    closed = {f"d2026_03_{day:02}": False for day in range(1, 32)}
    closed |= {f"d2026_04_{day:02}": False for day in (1, 2)}
    answer = ask(K, "2026-03-02T10:00", PlainCalendar(**closed))
    assert (answer.state, answer.next_opening) == (State.CLOSED, None)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-02T10:00", State.UNKNOWN),  # Monday: received, the hours are not printed
        ("2026-03-02T03:00", State.UNKNOWN),
        ("2026-03-07T10:00", State.CLOSED),  # Saturday
        ("2026-02-23T10:00", State.CLOSED),  # a holiday on a Monday
        ("2024-04-27T10:00", State.UNKNOWN),  # a working Saturday
    ],
)
def test_r_1_3_days_of_reception_without_hours_are_not_guessed(moment: str, state: State) -> None:
    answer = ask((), moment, DistrictCalendar(KEMEROVO), WORKDAYS)
    assert (answer.state, answer.until, answer.next_opening) == (state, None, None)
    assert "hours are not known" in answer.statement_en
    assert "Часы работы не указаны" in answer.statement_ru


@pytest.mark.parametrize(
    ("days", "state"),
    [((*WORKDAYS, "SA"), State.CLOSED), ((*WORKDAYS, "SA", "SU"), State.UNKNOWN)],
)
def test_r_1_3_public_holiday_is_no_day_of_reception_but_without_days_off(
    days: tuple[str, ...], state: State
) -> None:
    calendar = DistrictCalendar(KEMEROVO)
    assert ask((), "2026-05-09T11:00", calendar, days).state is state  # a Saturday
    assert ask((), "2026-02-23T11:00", calendar, days).state is state  # a Monday


def test_nothing_printed_is_unknown() -> None:
    assert ask((), "2026-03-07T10:00").state is State.UNKNOWN


def test_moment_is_read_in_the_organizations_own_zone() -> None:
    moment = datetime.fromisoformat("2026-03-02T01:30+00:00")  # 08:30 in Kemerovo
    assert opening(K, (), moment, KEMEROVO, PlainCalendar()).state is State.OPEN


def test_answer_is_said_in_both_languages() -> None:
    answer = ask(K, "2026-03-06T18:00")
    assert answer.statement_en == "Closed; opens on 2026-03-09 at 08:30."
    assert answer.statement_ru == "Закрыто; откроется 09.03.2026 в 08:30."
    assert ask(K, "2026-03-06T12:00").statement_ru == "Перерыв; откроется 06.03.2026 в 13:00."
    assert ask(K, "2026-03-06T09:00").statement_ru == "Открыто до 12:00."
