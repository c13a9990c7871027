"""Statutory terms as facts: a deadline that explains itself, and how it ended."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, Field

from contracts.values import Identifier, Line, Value


class Unit(StrEnum):
    """What a term is counted in."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


class WorkingCalendar(Protocol):
    """The district's working days, in its time zone."""

    def local_date(self, moment: datetime) -> date:
        """Calendar date of a moment in the district."""

    def is_working(self, day: date) -> bool:
        """Whether the day is a working day, transferred days included."""

    def end_of_day(self, day: date) -> datetime:
        """The moment in UTC at which the district's day ends."""


class Deadline(Value):
    """A due date with its reasons: the rule, the clause, the start and the days passed over."""

    code: Identifier
    clause: Line
    length: int = Field(ge=0)
    unit: Unit
    started_at: AwareDatetime
    due_on: date
    due_at: AwareDatetime = Field(description="end of the due day in the district")
    warn_at: AwareDatetime = Field(description="from here on the term counts as due soon")
    skipped: tuple[date, ...] = Field(default=(), description="non-working days passed over")
    pack: Identifier = Field(description="the regulation pack the rule was taken from")


class ClosedTerm(Value):
    """A deadline that is over: what had to be done was done, or lost its object."""

    code: Identifier
    due_at: AwareDatetime
    closed_at: AwareDatetime

    @property
    def met(self) -> bool:
        """Whether it was closed in time."""
        return self.closed_at <= self.due_at


class WatchedTerm(Value):
    """A term that is running, and which alarms it has given."""

    deadline: Deadline
    warned: bool = False
    missed: bool = False

    def next_alarm(self) -> datetime | None:
        """When it has to be looked at again; None after the last alarm."""
        if self.missed:
            return None
        return self.deadline.due_at if self.warned else self.deadline.warn_at


class Alarm(StrEnum):
    """The two things a watched term can say."""

    DUE_SOON = "due_soon"
    MISSED = "missed"


class TermBook(BaseModel):
    """The running terms of one document. Every alarm sounds once, never before its time."""

    running: list[WatchedTerm] = Field(default_factory=list)

    def open(self, *deadlines: Deadline) -> tuple[Deadline, ...]:
        """Start terms; one that already runs keeps its first start."""
        codes = {running.code for running in self.deadlines}
        fresh = tuple(deadline for deadline in deadlines if deadline.code not in codes)
        self.running += [WatchedTerm(deadline=deadline) for deadline in fresh]
        return fresh

    def recount(self, *deadlines: Deadline) -> tuple[Deadline, ...]:
        """Count running terms anew, from another moment; those that do not run are passed over.

        The alarms of another due moment sound anew. Whoever hears that a term started anew takes
        its earlier start as lapsed, so one that ran out by mistake is not late any more.
        """
        anew = {deadline.code: deadline for deadline in deadlines}
        recounted = []
        for index, term in enumerate(self.running):
            deadline = anew.get(term.deadline.code)
            if deadline is None:
                continue
            stays = deadline.due_at == term.deadline.due_at
            rung = {"warned": term.warned, "missed": term.missed} if stays else {}
            self.running[index] = WatchedTerm(deadline=deadline, **rung)
            recounted.append(deadline)
        return tuple(recounted)

    def close(self, *codes: str, at: datetime) -> tuple[ClosedTerm, ...]:
        """End terms that run; those that do not run are passed over."""
        ended = [deadline for deadline in self.deadlines if deadline.code in codes]
        self.running = [term for term in self.running if term.deadline.code not in codes]
        return tuple(ClosedTerm(code=term.code, due_at=term.due_at, closed_at=at) for term in ended)

    def close_all(self, at: datetime) -> tuple[ClosedTerm, ...]:
        """End every running term."""
        return self.close(*[deadline.code for deadline in self.deadlines], at=at)

    @property
    def deadlines(self) -> list[Deadline]:
        """The deadlines that run."""
        return [term.deadline for term in self.running]

    def next_due(self) -> datetime | None:
        """When the first of them runs out."""
        return min((deadline.due_at for deadline in self.deadlines), default=None)

    def next_alarm(self) -> datetime | None:
        """The earliest moment at which `ring` has something to say."""
        return min((alarm for t in self.running if (alarm := t.next_alarm())), default=None)

    def ring(self, now: datetime) -> list[tuple[Alarm, Deadline]]:
        """Sound every alarm that is due; one missed while nobody looked is said as missed only."""
        rung: list[tuple[Alarm, Deadline]] = []
        for index, term in enumerate(self.running):
            if not term.missed and now >= term.deadline.due_at:
                rung.append((Alarm.MISSED, term.deadline))
                self.running[index] = term.model_copy(update={"warned": True, "missed": True})
            elif not term.warned and now >= term.deadline.warn_at:
                rung.append((Alarm.DUE_SOON, term.deadline))
                self.running[index] = term.model_copy(update={"warned": True})
        return rung
