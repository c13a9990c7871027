"""Slots of a bureau: hours with breaks, holidays, its own schedule, and which rule refuses (S)."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.errors import InvalidInput
from services.intake.domain.slot_rules import WORDS, Rule
from services.intake.domain.slots import (
    Bureau,
    Desk,
    check_time,
    closed_for_good,
    conflict_of,
    day_before,
    desk_day_id,
    free_slots,
)
from tests.unit.intake.bureau import HOURS, MONDAY, at, bureau_of, slot_at
from tests.unit.intake.sample import ZONE

FRIDAY, SATURDAY, DAY_OFF = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 9)
SUNDAY_EVENING = at("20:00", date(2026, 3, 1))


def starts(bureau: Bureau, day: date) -> list[str]:
    return [f"{start.astimezone(bureau.zone):%H:%M}" for start, _ in bureau.grid(day)]


def test_slots_fill_the_opening_hours_and_leave_the_lunch_break_out_s() -> None:
    found = starts(bureau_of(slot_minutes=45), MONDAY)
    assert found[:5] == ["09:00", "09:45", "10:30", "11:15", "12:00"]
    assert found[5:] == ["13:45", "14:30", "15:15", "16:00", "16:45"]


def test_slots_of_friday_end_with_its_shorter_hours_s() -> None:
    assert starts(bureau_of(slot_minutes=60), FRIDAY)[-1] == "16:00"
    assert starts(bureau_of(slot_minutes=60), MONDAY)[-1] == "16:45"


@pytest.mark.parametrize("day", [SATURDAY, date(2026, 3, 8), DAY_OFF, date(2026, 1, 1)])
def test_weekend_and_holiday_have_no_slots_s(day: date) -> None:
    assert starts(bureau_of(), day) == []


def test_working_saturday_has_slots_and_the_bureau_s_closed_day_none_s() -> None:
    working = bureau_of(overrides={SATURDAY: True}, slot_minutes=60)
    assert starts(working, SATURDAY)[0] == "09:00"
    assert starts(working, SATURDAY)[-1] == "15:45"
    assert starts(bureau_of(closed_days=[MONDAY]), MONDAY) == []


def test_bureau_open_on_saturdays_has_no_slots_on_one_that_is_a_public_holiday_s() -> None:
    bureau = bureau_of(hours=(*HOURS, HOURS[1].model_copy(update={"days": ("SA",)})))
    assert starts(bureau, date(2026, 5, 2))
    assert starts(bureau, date(2026, 5, 9)) == []


def test_slots_are_told_in_the_bureau_s_own_zone_s() -> None:
    moscow = ZoneInfo("Europe/Moscow")
    first, _ = bureau_of(moscow).grid(MONDAY)[0]
    assert (first.utcoffset(), f"{first:%H:%M}") == (timedelta(hours=3), "09:00")


@pytest.mark.parametrize(
    ("bureau", "rule"),
    [
        (bureau_of(), None),
        (bureau_of(desks=[]), Rule.NO_SCHEDULE),
        (bureau_of(hours=()), Rule.HOURS_UNKNOWN),
        (bureau_of(retired=True), Rule.BUREAU_RETIRED),
    ],
)
def test_bureau_that_has_said_nothing_has_no_slots_and_says_why_s(
    bureau: Bureau, rule: Rule | None
) -> None:
    assert closed_for_good(bureau) == rule
    assert bool(bureau.grid(MONDAY)) is (rule is None)


@pytest.mark.parametrize(
    ("time", "day", "rule"),
    [
        ("09:00", MONDAY, None),
        ("17:25", MONDAY, None),
        ("09:10", MONDAY, Rule.OFF_GRID),
        ("08:40", MONDAY, Rule.OUTSIDE_HOURS),
        ("13:00", MONDAY, Rule.OUTSIDE_HOURS),
        ("13:44", MONDAY, Rule.OUTSIDE_HOURS),
        ("13:45", MONDAY, None),
        ("17:45", MONDAY, Rule.OFF_GRID),
        ("18:00", MONDAY, Rule.OUTSIDE_HOURS),
        ("17:00", FRIDAY, Rule.OUTSIDE_HOURS),
        ("10:00", SATURDAY, Rule.NOT_WORKING),
        ("10:00", DAY_OFF, Rule.NOT_WORKING),
        ("10:00", date(2026, 2, 27), Rule.PAST),
        ("10:00", date(2026, 3, 31), None),
        ("10:00", date(2026, 4, 1), Rule.TOO_FAR),
        ("10:00", date(2026, 3, 4), Rule.CLOSED_DAY),
    ],
)
def test_time_is_refused_with_the_rule_it_breaks_s(time: str, day: date, rule: Rule | None) -> None:
    bureau = bureau_of(closed_days=[date(2026, 3, 4)])
    if rule is None:
        check_time(bureau, at(time, day), SUNDAY_EVENING)
        return
    with pytest.raises(InvalidInput) as refused:
        check_time(bureau, at(time, day), SUNDAY_EVENING)
    assert (refused.value.code, refused.value.field) == (rule, "starts_at")
    assert (refused.value.clause, refused.value.detail) == ("S", WORDS[rule].en)


def test_slot_that_begins_this_moment_is_past_s() -> None:
    with pytest.raises(InvalidInput, match=Rule.PAST):
        check_time(bureau_of(), at("10:00"), at("10:00"))
    check_time(bureau_of(), at("10:00"), at("09:59"))


def test_unknown_desk_and_bureau_without_schedule_name_their_fields_s() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_time(bureau_of(), at("10:00"), SUNDAY_EVENING, "D9")
    assert refused.value.field == "desk"
    with pytest.raises(InvalidInput) as refused:
        check_time(bureau_of(desks=[]), at("10:00"), SUNDAY_EVENING)
    assert refused.value.field == "organization"


def test_every_rule_has_words_in_both_languages() -> None:
    assert set(WORDS) == set(Rule)
    assert all(words.ru and words.en for words in WORDS.values())


def test_free_is_what_no_appointment_holds_and_is_ahead_s() -> None:
    taken = [slot_at("10:00"), slot_at("10:00", desk="D2"), slot_at("10:20")]
    free = free_slots(bureau_of(), [MONDAY], taken, at("09:30"))
    told = {f"{slot.starts_at:%H:%M}": slot.desks for slot in free}
    assert "09:20" not in told
    assert "10:00" not in told
    assert (told["09:40"], told["10:20"]) == (["D1", "D2"], ["D2"])


def test_free_of_one_desk_is_what_that_desk_has_s() -> None:
    free = free_slots(bureau_of(), [MONDAY], [slot_at("10:00")], SUNDAY_EVENING, "D1")
    told = {f"{slot.starts_at:%H:%M}": slot.desks for slot in free}
    assert "10:00" not in told
    assert told["10:20"] == ["D1"]


def test_appointment_of_another_length_takes_every_slot_it_overlaps_s() -> None:
    """Slots of an hour since the bureau changed its mind; one of twenty minutes is booked."""
    bureau = bureau_of(slot_minutes=60, desks=[Desk(id="D1")])
    free = free_slots(bureau, [MONDAY], [slot_at("10:40")], SUNDAY_EVENING)
    assert [f"{slot.starts_at:%H:%M}" for slot in free][:3] == ["09:00", "11:00", "12:00"]


def test_nothing_is_free_beyond_the_last_day_s() -> None:
    days = [MONDAY + timedelta(days=number) for number in range(60)]
    free = free_slots(bureau_of(days_ahead=3), days, [], SUNDAY_EVENING)
    assert {slot.starts_at.date() for slot in free} == set(days[:3])


@pytest.mark.parametrize(
    ("bureau", "rule"),
    [
        (bureau_of(), None),
        (bureau_of(slot_minutes=45), None),
        (bureau_of(closed_days=[MONDAY]), Rule.CLOSED_DAY),
        (bureau_of(overrides={MONDAY: False}), Rule.NOT_WORKING),
        (bureau_of(hours=(HOURS[1],)), Rule.NOT_WORKING),
        (bureau_of(desks=[Desk(id="D2")]), Rule.NO_SUCH_DESK),
        (bureau_of(desks=[]), Rule.NO_SCHEDULE),
        (bureau_of(retired=True), Rule.BUREAU_RETIRED),
        (
            bureau_of(hours=(HOURS[0].model_copy(update={"opens": HOURS[0].lunch_to}),)),
            Rule.OUTSIDE_HOURS,
        ),
    ],
)
def test_booked_slot_is_in_conflict_once_the_bureau_cannot_receive_then_s(
    bureau: Bureau, rule: Rule | None
) -> None:
    assert conflict_of(bureau, slot_at("10:00")) == rule


@pytest.mark.parametrize(
    ("day", "reminder"),
    [
        (date(2026, 3, 3), MONDAY),
        (MONDAY, date(2026, 2, 27)),
        (date(2026, 3, 10), FRIDAY),
        (date(2026, 1, 12), date(2025, 12, 30)),
    ],
)
def test_reminder_is_on_the_working_day_before_at_the_same_hour_s(
    day: date, reminder: date
) -> None:
    bureau = bureau_of()
    assert day_before(slot_at("10:20", day), ZONE, bureau.calendar) == at("10:20", reminder)


def test_desk_s_day_is_one_document_whatever_the_ids_look_like() -> None:
    slot = slot_at("10:00")
    names = [("a.b", "c"), ("a", "b-c"), ("a-b", "c"), ("a", "b")]
    ids = {
        desk_day_id(slot.model_copy(update={"organization": org, "desk": desk}), ZONE)
        for org, desk in names
    }
    assert len(ids) == len(names)
    assert desk_day_id(slot, ZONE) == desk_day_id(slot_at("17:25"), ZONE)
    assert desk_day_id(slot, ZONE).startswith("S")
