"""Hours past midnight, round the clock, with several breaks, seasons and closures (K, M, S, R 1.3).

The sources print none of these; a region that does is served by the same rules.
"""

from datetime import date, datetime, time
from typing import Any

import pytest

from chassis.calendar import DistrictCalendar
from contracts.directory import Closure, OpeningHours
from contracts.errors import InvalidInput
from contracts.hours import Exceptions, spans_on
from services.directory.domain.card_hours import check_closures, check_hours
from services.directory.domain.hours import Opening, State, opening
from tests.unit.directory.builders import KEMEROVO, PlainCalendar

WORKDAYS = ["MO", "TU", "WE", "TH", "FR"]
EVERY_DAY = [*WORKDAYS, "SA", "SU"]


def entry(days: list[str], opens: str, closes: str, **more: Any) -> OpeningHours:
    return OpeningHours.model_validate({"days": days, "opens": opens, "closes": closes, **more})


def ask(
    hours: list[OpeningHours], moment: str, exceptions: Exceptions | None = None, **calendar: bool
) -> Opening:
    at = local(moment)
    plain = PlainCalendar(**calendar)
    return opening(hours, (), at, KEMEROVO, plain, exceptions or Exceptions())


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KEMEROVO)


NIGHT = [entry(WORKDAYS, "20:00", "06:00")]


@pytest.mark.parametrize(
    ("moment", "state", "until"),
    [
        ("2026-03-02T05:59", State.CLOSED, "2026-03-02T20:00"),  # Monday: Sunday had no night
        ("2026-03-02T20:00", State.OPEN, "2026-03-03T06:00"),
        ("2026-03-03T05:59", State.OPEN, "2026-03-03T06:00"),
        ("2026-03-03T06:00", State.CLOSED, "2026-03-03T20:00"),
        ("2026-03-07T05:59", State.OPEN, "2026-03-07T06:00"),  # Friday's night ends on Saturday
        ("2026-03-07T21:00", State.CLOSED, "2026-03-09T20:00"),
    ],
)
def test_night_hours_end_on_the_next_day(moment: str, state: State, until: str) -> None:
    found = ask(NIGHT, moment)
    assert (found.state, found.until) == (state, local(until))


def test_round_the_clock_never_closes() -> None:
    """M: «без перерыва и выходных», here for the whole day."""
    found = ask([entry(EVERY_DAY, "00:00", "00:00")], "2026-01-01T03:00")
    assert (found.state, found.until) == (State.OPEN, None)
    assert found.statement_ru == "Открыто круглосуточно."


def test_whole_day_that_ends_on_friday_says_when() -> None:
    found = ask([entry(WORKDAYS, "00:00", "00:00")], "2026-03-05T03:00")
    assert found.until == local("2026-03-07T00:00")
    assert found.statement_ru == "Открыто до 07.03.2026 00:00."


TWO_BREAKS = [
    entry(
        WORKDAYS, "08:30", "17:30", lunch_from="12:00", lunch_to="13:00",
        breaks=[{"begins": "15:00", "ends": "15:15"}],
    )
]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-02T12:30", State.BREAK),
        ("2026-03-02T14:59", State.OPEN),
        ("2026-03-02T15:00", State.BREAK),
        ("2026-03-02T15:15", State.OPEN),
    ],
)
def test_k_lunch_and_further_breaks_are_told(moment: str, state: State) -> None:
    assert ask(TWO_BREAKS, moment).state is state


NIGHT_WITH_BREAK = [
    entry(EVERY_DAY, "22:00", "06:00", breaks=[{"begins": "02:00", "ends": "02:30"}])
]


@pytest.mark.parametrize(
    ("moment", "state", "until"),
    [
        ("2026-03-03T01:59", State.OPEN, "2026-03-03T02:00"),
        ("2026-03-03T02:00", State.BREAK, "2026-03-03T02:30"),
        ("2026-03-03T02:29", State.BREAK, "2026-03-03T02:30"),
        ("2026-03-03T02:30", State.OPEN, "2026-03-03T06:00"),
        ("2026-03-03T06:00", State.CLOSED, "2026-03-03T22:00"),
    ],
)
def test_break_after_midnight_ends_in_the_same_night(moment: str, state: State, until: str) -> None:
    """«Закрыто; откроется в 22:00» was said a quarter of an hour before it opened."""
    found = ask(NIGHT_WITH_BREAK, moment)
    assert (found.state, found.until) == (state, local(until))


def test_break_of_a_night_is_said_to_be_one() -> None:
    found = ask(NIGHT_WITH_BREAK, "2026-03-03T02:15")
    assert found.statement_ru == "Перерыв; откроется 03.03.2026 в 02:30."


SEASONS = [
    entry(WORKDAYS, "09:00", "18:00"),
    entry(WORKDAYS, "10:00", "16:00", valid_from="2026-06-01", valid_to="2026-08-31"),
]


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-05-29T09:30", State.OPEN),
        ("2026-06-01T09:30", State.CLOSED),
        ("2026-08-31T16:30", State.CLOSED),
        ("2026-09-01T16:30", State.OPEN),
    ],
)
def test_season_holds_instead_of_the_usual_hours(moment: str, state: State) -> None:
    assert ask(SEASONS, moment).state is state


REPAIR = Exceptions(
    closures=(Closure(first=date(2026, 3, 2), last=date(2026, 4, 30), reason="ремонт"),)
)


def test_closure_names_its_reason_and_the_next_opening_beyond_it() -> None:
    found = ask([entry(WORKDAYS, "09:00", "18:00")], "2026-03-02T10:00", REPAIR)
    assert (found.state, found.next_opening) == (State.CLOSED, local("2026-05-01T09:00"))
    assert found.statement_ru == "Закрыто (ремонт); откроется 01.05.2026 в 09:00."


NIGHTLY = [entry(EVERY_DAY, "20:00", "06:00")]


@pytest.mark.parametrize(
    ("moment", "state", "until"),
    [
        ("2026-03-01T23:00", State.OPEN, "2026-03-02T00:00"),  # the night ends with the day
        ("2026-03-02T01:00", State.CLOSED, "2026-05-01T20:00"),
        ("2026-05-01T01:00", State.CLOSED, "2026-05-01T20:00"),  # nobody came the evening before
    ],
)
def test_closure_ends_the_night_before_it(moment: str, state: State, until: str) -> None:
    """Closed whatever the hours say, also those that began the day before."""
    found = ask(NIGHTLY, moment, REPAIR)
    assert (found.state, found.until) == (state, local(until))
    assert spans_on(date(2026, 3, 2), NIGHTLY, PlainCalendar(), REPAIR) == ()


def test_closure_without_known_hours_says_until_when() -> None:
    """R 1.3 prints no hours."""
    assert ask([], "2026-03-02T10:00", REPAIR).statement_ru == "Закрыто по 30.04.2026 (ремонт)."
    assert ask([], "2026-05-02T10:00", REPAIR).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("day", "closes"),
    [
        (date(2026, 4, 30), time(17)),  # before 1 May
        (date(2026, 6, 11), time(17)),  # before 12 June
        (date(2026, 6, 10), time(18)),
        (date(2026, 12, 30), time(18)),  # 31 December 2026 is a moved day off, no public holiday
    ],
)
def test_day_before_a_public_holiday_is_shorter_where_stated(day: date, closes: time) -> None:
    hours = [entry(WORKDAYS, "09:00", "18:00")]
    stated = Exceptions(preholiday_minutes=60)
    calendar = DistrictCalendar(KEMEROVO)
    assert spans_on(day, hours, calendar, stated) == ((time(9), closes),)
    assert spans_on(day, hours, calendar) == ((time(9), time(18)),)


def test_s_and_k_are_not_shortened_for_they_state_nothing() -> None:
    hours = [entry(["FR"], "09:00", "17:00")]
    assert spans_on(date(2026, 5, 8), hours, PlainCalendar()) == ((time(9), time(17)),)


def test_spans_of_a_day_lie_between_its_midnights() -> None:
    assert spans_on(date(2026, 3, 3), NIGHT, PlainCalendar()) == (
        (time(0), time(6)),
        (time(20), time.max),
    )


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ([entry(WORKDAYS, "09:00", "09:00")], "hours-not-in-order"),
        ([entry([], "09:00", "10:00")], "hours-not-in-order"),
        (
            [entry(WORKDAYS, "09:00", "18:00", valid_from="2026-09-01", valid_to="2026-06-01")],
            "season-not-in-order",
        ),
        (
            [entry(WORKDAYS, "09:00", "18:00", breaks=[{"begins": "08:00", "ends": "10:00"}])],
            "lunch-not-in-hours",
        ),
        (
            [
                entry(
                    WORKDAYS, "09:00", "18:00", lunch_from="12:00", lunch_to="13:00",
                    breaks=[{"begins": "12:30", "ends": "13:30"}],
                )
            ],
            "lunch-not-in-hours",
        ),
        ([entry(["MO"], "20:00", "06:00"), entry(["TU"], "05:00", "09:00")], "hours-overlap"),
        ([entry(["SU"], "20:00", "06:00"), entry(["MO"], "05:00", "09:00")], "hours-overlap"),
        ([SEASONS[1], SEASONS[1]], "hours-overlap"),
    ],
)  # fmt: skip
def test_r_1_3_hours_that_contradict_themselves_are_refused(
    hours: list[OpeningHours], code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_hours(hours)
    assert (refused.value.code, refused.value.clause) == (code, "R 1.3")


@pytest.mark.parametrize(
    "wrong",
    [
        {"opens": "09:00+03:00"},
        {"closes": "18:00Z"},
        {"opens": "09:00:30"},
        {"closes": "18:00:00.5"},
        {"lunch_from": "12:00Z", "lunch_to": "13:00"},
        {"lunch_from": "12:00", "lunch_to": "13:00:01"},
        {"breaks": [{"begins": "15:00", "ends": "15:15Z"}]},
        {"breaks": [{"begins": "15:00Z", "ends": "15:15Z"}]},
    ],
)
def test_r_1_3_hours_with_a_zone_or_seconds_are_refused(wrong: dict[str, Any]) -> None:
    hours = [entry(["SA"], "09:00", "12:00"), entry(WORKDAYS, **USUAL | wrong)]
    with pytest.raises(InvalidInput) as refused:
        check_hours(hours)
    assert (refused.value.code, refused.value.field) == ("hours-not-in-minutes", "card.hours")
    assert refused.value.clause == "R 1.3"


USUAL: dict[str, Any] = {"opens": "09:00", "closes": "18:00"}


def test_hours_stored_with_a_zone_or_seconds_hold_as_hours_and_minutes_there() -> None:
    stored = entry(
        WORKDAYS, "09:00:30Z", "18:00+03:00", lunch_from="12:00Z", lunch_to="13:00",
        breaks=[{"begins": "15:00", "ends": "15:15+07:00"}],
    )  # fmt: skip
    clean = [entry(WORKDAYS, **USUAL, lunch_from="12:00", lunch_to="13:00", breaks=PAUSE)]
    day = date(2026, 3, 2)
    assert spans_on(day, [stored], PlainCalendar()) == spans_on(day, clean, PlainCalendar())


PAUSE = [{"begins": "15:00", "ends": "15:15"}]


def test_hours_in_order_pass() -> None:
    for hours in (NIGHT, TWO_BREAKS, SEASONS, [entry(EVERY_DAY, "00:00", "00:00")]):
        check_hours(hours)
    check_hours([entry(["MO"], "20:00", "06:00"), entry(["TU"], "06:00", "09:00")])
    check_hours([entry(["MO"], "20:00", "06:00", breaks=[{"begins": "00:30", "ends": "01:00"}])])


def test_closure_that_ends_before_it_begins_is_refused() -> None:
    closed = Closure(first=date(2026, 3, 2), last=date(2026, 3, 1), reason="ремонт")
    with pytest.raises(InvalidInput) as refused:
        check_closures([closed])
    assert refused.value.code == "closure-not-in-order"
