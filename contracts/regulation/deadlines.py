"""Statutory terms as rules, and the due date that follows from a rule, a start and a calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from contracts.terms import Deadline, Unit, WorkingCalendar
from contracts.values import Identifier, Line, Value

ONE_DAY = timedelta(days=1)


class Owner(StrEnum):
    """The service that opens, watches and closes a term."""

    INTAKE = "intake"
    ASSESSMENT = "assessment"
    CAREPLAN = "careplan"
    COMPLAINTS = "complaints"


class TermRule(Value):
    """How long something may take, counted from which event, by which clause."""

    code: Identifier
    clause: Line
    title_ru: Line
    title_en: Line
    length: int = Field(ge=0, description="0 is the day of the start itself")
    unit: Unit
    starts_with: Identifier = Field(description="event the term runs from, e.g. needs-assessed")
    owner: Owner
    may_pause: bool = Field(description="R 5.6: nothing suspends a term, so far always false")
    note: Line | None = Field(default=None, description="what the clause leaves open")


class Rule(Protocol):
    """Whatever gives a term its length: a clause of the regulation, or a rule of our own."""

    @property
    def code(self) -> str:
        """What the term is called in code."""

    @property
    def clause(self) -> str:
        """Where it stands."""

    @property
    def length(self) -> int:
        """How many; 0 is the day of the start itself."""

    @property
    def unit(self) -> Unit:
        """Of what."""


def deadline(rule: Rule, *, started_at: datetime, calendar: WorkingCalendar, pack: str) -> Deadline:
    """When the term of `rule` runs out, with its reasons.

    The local day of the start is never counted: N days end with the N-th day after it. A term of
    no days ends with the day of the start even when that is not a working day: the regulation
    counts it by the arrival itself ("в день поступления", R 3.1.7, 5.3), and danger to life does
    not wait for Monday. Calendar terms that end on a day off are not moved either: the regulation
    grants no such delay.
    """
    if started_at.tzinfo is None:
        raise ValueError("started_at: a moment without a time zone has no local day")
    start = calendar.local_date(started_at)
    due_on, skipped = start, tuple[date, ...]()
    if rule.unit is Unit.CALENDAR_DAYS:
        due_on = start + rule.length * ONE_DAY
    elif rule.length:
        due_on, skipped = _count_working_days(start, rule.length, calendar)
    due_at = calendar.end_of_day(due_on)
    begins = calendar.end_of_day(due_on - ONE_DAY)
    middle = started_at + (due_at - started_at) / 2
    return Deadline(
        code=rule.code,
        clause=rule.clause,
        length=rule.length,
        unit=rule.unit,
        started_at=started_at.astimezone(UTC),
        due_on=due_on,
        due_at=due_at,
        # A same-day term would else be "due soon" before it has begun.
        warn_at=(max(begins, middle) if due_on == start else begins).astimezone(UTC),
        skipped=skipped,
        pack=pack,
    )


def _count_working_days(
    start: date, length: int, calendar: WorkingCalendar
) -> tuple[date, tuple[date, ...]]:
    left, skipped = length, list[date]()
    for day in _days_after(start):
        if not calendar.is_working(day):
            skipped.append(day)
            continue
        left -= 1
        if left == 0:
            return day, tuple(skipped)
    raise AssertionError("unreachable: days do not end")


def _days_after(start: date) -> Iterator[date]:
    day = start
    while True:
        day += ONE_DAY
        yield day
