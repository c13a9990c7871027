"""A case's timeline, line by line, read off the events themselves.

An event that this register does not know yet (a newer writer's) is a line too, named by its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from contracts.envelope import Envelope
from contracts.event import PREFIX
from contracts.terms import ClosedTerm, Deadline
from services.registry.domain.log import DECLARED
from services.registry.domain.terms import title_of

M = TypeVar("M", bound=BaseModel)


class Who(BaseModel):
    """Who did it: the role and the organization, never the person."""

    role: str
    organization: str | None = None


class LineTerm(BaseModel):
    """A term that an event started, ended, or spoke of."""

    code: str
    title_ru: str
    title_en: str
    clause: str | None = None
    due_on: date | None = None
    due_at: AwareDatetime


class LineClosedTerm(LineTerm):
    """A term that an event ended: in time, or late and by how long."""

    closed_at: AwareDatetime
    in_time: bool
    late_by_seconds: int = Field(ge=0)


class Line(BaseModel):
    """One line of a timeline."""

    time: AwareDatetime
    stream: str
    sequence: int
    type: str
    title_ru: str
    title_en: str
    clause: str | None
    who: Who
    opened: list[LineTerm] = []
    closed: list[LineClosedTerm] = []
    term: LineTerm | None = Field(default=None, description="the term that is due soon or missed")


def moment(envelope: Envelope) -> int:
    """Where in the timeline an event stands: its time in microseconds; then stream, sequence."""
    seconds = int(envelope.time.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + envelope.time.microsecond


def line_of(envelope: Envelope, pack: str | None = None) -> Line:
    """The line of an event; what cannot be read of it is left out, never guessed."""
    declared = DECLARED.get(envelope.type)
    name = envelope.type.removeprefix(PREFIX)
    term = _read(Deadline, envelope.data.get("term"))
    return Line(
        time=envelope.time,
        stream=envelope.stream,
        sequence=envelope.number,
        type=envelope.type,
        title_ru=declared.ru if declared else name,
        title_en=declared.en if declared else name,
        clause=declared.clause if declared else None,
        who=_who(envelope.data.get("by")),
        opened=[_opened(term) for term in _read_all(Deadline, envelope.data.get("opened"))],
        closed=[_closed(term, pack) for term in _read_all(ClosedTerm, envelope.data.get("closed"))],
        term=_opened(term) if term else None,
    )


def _who(by: Any) -> Who:
    if not isinstance(by, Mapping) or not isinstance(by.get("role"), str):
        return Who(role="unknown")
    organization = by.get("organization")
    return Who(
        role=by["role"], organization=organization if isinstance(organization, str) else None
    )


def _opened(deadline: Deadline) -> LineTerm:
    title = title_of(deadline.code, deadline.pack)
    return LineTerm(
        code=deadline.code,
        title_ru=title.ru,
        title_en=title.en,
        clause=deadline.clause,
        due_on=deadline.due_on,
        due_at=deadline.due_at,
    )


def _closed(ended: ClosedTerm, pack: str | None) -> LineClosedTerm:
    title = title_of(ended.code, pack)
    late = ended.closed_at - ended.due_at
    return LineClosedTerm(
        code=ended.code,
        title_ru=title.ru,
        title_en=title.en,
        clause=title.clause,
        due_at=ended.due_at,
        closed_at=ended.closed_at,
        in_time=ended.met,
        late_by_seconds=0 if ended.met else max(1, round(late.total_seconds())),
    )


def _read(kind: type[M], data: Any) -> M | None:
    try:
        return kind.model_validate(data, extra="ignore")
    except ValidationError:
        return None


def _read_all(kind: type[M], data: Any) -> list[M]:
    listed = data if isinstance(data, list) else []
    return [read for item in listed if (read := _read(kind, item)) is not None]
