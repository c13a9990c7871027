"""The rules by which nothing can be booked at a time, and what people are told of each (S)."""

from __future__ import annotations

from enum import StrEnum

from contracts.values import Value


class Rule(StrEnum):
    """Why an appointment cannot be at a time; the stable code of the refusal."""

    BUREAU_RETIRED = "bureau-retired"
    NO_SCHEDULE = "bureau-has-no-schedule"
    HOURS_UNKNOWN = "bureau-hours-unknown"
    NO_SUCH_DESK = "no-such-desk"
    PAST = "slot-in-the-past"
    TOO_FAR = "too-far-ahead"
    CLOSED_DAY = "bureau-closed-that-day"
    NOT_WORKING = "not-a-working-day"
    OUTSIDE_HOURS = "outside-hours"
    OFF_GRID = "not-on-the-grid"


class RuleWords(Value):
    """What a rule is called in both languages."""

    ru: str
    en: str


WORDS: dict[Rule, RuleWords] = {
    Rule.BUREAU_RETIRED: RuleWords(
        ru="Организация больше не ведёт приём.", en="The organization no longer takes part."
    ),
    Rule.NO_SCHEDULE: RuleWords(
        ru="Запись сюда не ведётся: расписание приёма не задано.",
        en="No appointments are booked here: the bureau has set no schedule.",
    ),
    Rule.HOURS_UNKNOWN: RuleWords(
        ru="Часы работы в справочнике не указаны, поэтому записать нельзя.",
        en="The directory does not know the opening hours, so nothing can be booked.",
    ),
    Rule.NO_SUCH_DESK: RuleWords(
        ru="Такого места приёма или специалиста в расписании нет.",
        en="The schedule has no such desk or specialist.",
    ),
    Rule.PAST: RuleWords(ru="Это время уже прошло.", en="That time has passed."),
    Rule.TOO_FAR: RuleWords(
        ru="Так далеко вперёд запись ещё не открыта.",
        en="Appointments are not booked that far ahead yet.",
    ),
    Rule.CLOSED_DAY: RuleWords(
        ru="В этот день приёма не будет.", en="The bureau does not receive on that day."
    ),
    Rule.NOT_WORKING: RuleWords(
        ru="Это нерабочий день.", en="That day is a holiday or a day off there."
    ),
    Rule.OUTSIDE_HOURS: RuleWords(
        ru="Это время вне часов работы или в перерыв.",
        en="That time is outside the opening hours, or in the break.",
    ),
    Rule.OFF_GRID: RuleWords(
        ru="В это время приём не начинается; выберите время из свободных.",
        en="No slot begins at that time; choose one of the free ones.",
    ),
}
