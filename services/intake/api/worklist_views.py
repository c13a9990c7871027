"""Answers about worklists: the lists themselves, and the cases in them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from contracts.regulation import UnknownTerm
from contracts.terms import Deadline
from contracts.triage import TriageCode
from services.intake.domain.case import Case
from services.intake.domain.priority import Priority
from services.intake.domain.urgent import danger_reported
from services.intake.domain.worklists import (
    Follows,
    NextTerm,
    Row,
    TermSource,
    Worklist,
    place_of,
)


class DueState(StrEnum):
    """How a next term stands at a moment."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    IN_TIME = "in_time"


def due_state(term: Deadline, now: datetime) -> DueState:
    """Overdue from the due moment on, due soon from the warning on."""
    if now >= term.due_at:
        return DueState.OVERDUE
    return DueState.DUE_SOON if now >= term.warn_at else DueState.IN_TIME


class OwnerView(BaseModel):
    """Whose case it is: a person's by name, else the role's that acts next."""

    role: str = Field(description="the role that acts next in this list")
    assignee: str | None = Field(description="subject of the person it is assigned to")


class NextTermView(BaseModel):
    """The term that runs out first, and who set it."""

    code: str
    title_ru: str
    title_en: str
    clause: str = Field(description="the clause that sets it; `ours` for a follow-up")
    source: TermSource
    reason_ru: str | None = Field(default=None, description="why there is a follow-up of ours")
    reason_en: str | None = None
    due_on: date
    due_at: AwareDatetime
    warn_at: AwareDatetime = Field(description="from here on it counts as due soon")


class PlaceView(BaseModel):
    """Where an open case is."""

    worklist: Worklist
    owner: OwnerView
    next_term: NextTermView | None


class WorklistItem(BaseModel):
    """A case in a list: what one needs to take it up, and nobody's name."""

    id: str
    version: int
    number: str
    citizen_id: str
    institution: str
    status: str
    code: TriageCode | None
    received_at: AwareDatetime | None
    in_hospital: bool
    priority: Priority | None = Field(
        description="how pressing a sender says it is; null where none did"
    )
    danger_reported: bool = Field(
        description="a referral reports danger, and neither a triage nor a review has decided on it"
    )
    worklist: Worklist
    owner: OwnerView
    next_term: NextTermView | None
    state: DueState | None


class WorklistView(BaseModel):
    """One of the lists, and what presses in it."""

    worklist: Worklist
    title_ru: str
    title_en: str
    clause: str
    role: str = Field(description="who acts next")
    follows: Follows | None = Field(description="the service that works on its cases, if not we")
    overdue: int
    due_soon: int


class Worklists(BaseModel):
    """All lists. What presses is counted, the earliest first, up to a bound; what lies in time is
    not: counting everything is slow."""

    items: list[WorklistView]
    all_counted: bool = Field(description="false: there is more that presses than was counted")


def place_view(case: Case) -> PlaceView | None:
    """Where a case is, for staff; None where nothing is to be done any more."""
    place = place_of(case)
    if place is None:
        return None
    return PlaceView(
        worklist=place.row.worklist,
        owner=OwnerView(role=place.role, assignee=place.assignee),
        next_term=_term_view(case, place.row, place.term) if place.term is not None else None,
    )


def _term_view(case: Case, row: Row, term: NextTerm) -> NextTermView:
    due = term.deadline
    follow_up = case.pack.follow_up(row.worklist) if term.source is TermSource.FOLLOW_UP else None
    title_ru = title_en = due.code
    if follow_up is not None:
        title_ru, title_en = follow_up.title_ru, follow_up.title_en
    else:
        try:
            rule = case.pack.term(due.code)
            title_ru, title_en = rule.title_ru, rule.title_en
        except UnknownTerm:
            pass  # a newer service runs a term that this pack does not know: its code is shown
    return NextTermView(
        code=due.code,
        title_ru=title_ru,
        title_en=title_en,
        clause=due.clause,
        source=term.source,
        reason_ru=follow_up.reason_ru if follow_up else None,
        reason_en=follow_up.reason_en if follow_up else None,
        due_on=due.due_on,
        due_at=due.due_at,
        warn_at=due.warn_at,
    )


def worklist_item(document: Document[Case], now: datetime) -> WorklistItem:
    """A case of a list."""
    case = document.state
    place, shown = place_of(case), place_view(case)
    if place is None or shown is None:
        raise LookupError(f"{document.id} is listed and in no list")
    return WorklistItem(
        id=document.id,
        version=document.version,
        number=case.reference.number,
        citizen_id=case.reference.citizen_id,
        institution=case.reference.institution,
        status=case.status,
        code=case.code,
        received_at=case.received_at,
        in_hospital=case.in_hospital,
        priority=case.priority,
        danger_reported=danger_reported(case),
        worklist=shown.worklist,
        owner=shown.owner,
        next_term=shown.next_term,
        state=due_state(place.term.deadline, now) if place.term is not None else None,
    )
