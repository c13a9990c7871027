"""Answers of the register's API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from contracts.values import Actor, CitizenCard
from services.registry.domain.case import CaseRecord, Result
from services.registry.domain.log import LogEntry, as_seen_by
from services.registry.domain.stages import Owner, Stage
from services.registry.domain.terms import Term, TermState, title_of
from services.registry.domain.timeline import Line
from services.registry.domain.words import words_of


class TermView(BaseModel):
    """A term: which, where, since when, until when, and how it stands now."""

    service: str = Field(description="where it runs")
    code: str
    title_ru: str
    title_en: str
    clause: str | None
    state: TermState
    started_at: AwareDatetime | None
    due_on: date | None = Field(description="the last day, in the district")
    due_at: AwareDatetime
    skipped: list[date] = Field(description="non-working days passed over")
    closed_at: AwareDatetime | None
    late_by_seconds: int | None


def term_view(term: Term, pack: str | None, now: datetime) -> TermView:
    """A term as it stands at a moment."""
    deadline, late = term.deadline, term.late_by(now)
    title = title_of(term.code, deadline.pack if deadline else pack)
    return TermView(
        service=term.service,
        code=term.code,
        title_ru=title.ru,
        title_en=title.en,
        clause=deadline.clause if deadline else title.clause,
        state=term.state(now),
        started_at=deadline.started_at if deadline else None,
        due_on=term.due_on,
        due_at=term.due_at,
        skipped=list(deadline.skipped) if deadline else [],
        closed_at=term.closed_at,
        late_by_seconds=None if late is None else round(late.total_seconds()),
    )


class CaseView(BaseModel):
    """A case as the register knows it."""

    id: str
    version: int
    number: str | None
    citizen_id: str | None
    institution: str | None
    authorised_body: str | None
    regulation: str | None
    received_at: AwareDatetime | None
    code: str | None = Field(description="triage code")
    stage: Stage
    stage_ru: str
    stage_en: str
    next_ru: str
    next_en: str
    owner: Owner | None = Field(description="the service that has the case; none once it is over")
    turn: str | None = Field(description="the role whose turn it is")
    organizer: str | None
    next_due: TermView | None = Field(description="the running term that is due first")
    terms: list[TermView]
    result: Result
    waiting_events: int = Field(description="events that came too early or failed here")


def case_view(document: Document[CaseRecord], now: datetime) -> CaseView:
    """A case as it stands at a moment."""
    case, ref = document.state, document.state.ref
    pack = ref.pack if ref else None
    stage, owner = case.standing
    words, due = words_of(stage, case.code, case.result.proposal), case.next_due()
    return CaseView(
        id=document.id,
        version=document.version,
        number=ref.number if ref else None,
        citizen_id=ref.citizen_id if ref else None,
        institution=ref.institution if ref else None,
        authorised_body=ref.authorised_body if ref else None,
        regulation=pack,
        received_at=case.received_at,
        code=case.code,
        stage=stage,
        stage_ru=words.title.ru,
        stage_en=words.title.en,
        next_ru=words.next.ru,
        next_en=words.next.en,
        owner=owner,
        turn=words.turn,
        organizer=case.organizer.id if case.organizer else None,
        next_due=term_view(due, pack, now) if due else None,
        terms=[term_view(term, pack, now) for term in case.terms()],
        result=case.result,
        waiting_events=len(document.parked),
    )


class DueCase(BaseModel):
    """A case in the list of terms: what runs, where, and whose it is."""

    id: str
    number: str | None
    institution: str | None
    organizer: str | None
    stage: Stage
    owner: Owner | None
    due_at: AwareDatetime = Field(description="of the term that is due first")
    terms: list[TermView] = Field(description="every running term, the earliest due first")


def due_case(document: Document[CaseRecord], now: datetime) -> DueCase:
    """A case with its running terms."""
    case, ref = document.state, document.state.ref
    running = case.running()
    stage, owner = case.standing
    return DueCase(
        id=document.id,
        number=ref.number if ref else None,
        institution=ref.institution if ref else None,
        organizer=case.organizer.id if case.organizer else None,
        stage=stage,
        owner=owner,
        due_at=running[0].due_at,
        terms=[term_view(term, ref.pack if ref else None, now) for term in running],
    )


class TimelineLine(Line):
    """A line of the timeline with the organization's name, where the directory has it."""

    organization_name: str | None = None


class Waiting(BaseModel):
    """An event that is kept but not taken over yet."""

    event: str
    reason: str | None = Field(description="why it failed; none where an earlier one is missing")


class Positions(BaseModel):
    """How far the record has read each stream, to compare with what the services issued."""

    id: str
    positions: dict[str, int] = Field(description="last sequence taken over, by stream")
    waiting: list[Waiting]


def positions_of(document: Document[CaseRecord]) -> Positions:
    """How far a record has read."""
    return Positions(
        id=document.id,
        positions=dict(sorted(document.streams.items())),
        waiting=[
            Waiting(event=entry.envelope.id, reason=entry.reason) for entry in document.parked
        ],
    )


class CitizenView(BaseModel):
    """One citizen: the card as intake last said, and the cases."""

    id: str
    version: int
    card: CitizenCard | None
    consented: bool
    erased: bool
    erase_by: AwareDatetime | None = Field(description="consent was taken back (152-FZ 21.5)")
    joined: list[str] = Field(description="citizens who turned out to be this one (L 5.1)")
    cases: list[CaseView]


class EventView(BaseModel):
    """An entry of the log."""

    id: str
    received_at: AwareDatetime
    erased: bool = Field(description="personal data were erased from it (152-FZ 21)")
    event: dict[str, Any] = Field(
        description="the CloudEvent as it came; to an operator, a citizen's without its data"
    )


def event_view(document: Document[LogEntry], by: Actor) -> EventView:
    """An entry of the log, as the caller may see it."""
    entry = document.state
    return EventView(
        id=document.id,
        received_at=entry.received_at,
        erased=entry.erased,
        event=as_seen_by(by, entry.envelope).model_dump(mode="json", exclude_none=True),
    )


class Gap(BaseModel):
    """Sequences that are missing, first and last."""

    first: int
    last: int


class StreamView(BaseModel):
    """What the log has of one stream."""

    stream: str
    last: int = Field(description="the highest sequence seen")
    seen: int = Field(description="how many events of it are in the log")
    gaps: list[Gap]


class InstitutionFigures(BaseModel):
    """Figures of one institution."""

    institution: str
    name: str | None = None
    cases: int = 0
    open: int = 0
    with_late_terms: int = 0


class Summary(BaseModel):
    """Figures of the district at a moment."""

    as_of: AwareDatetime
    cases: int = 0
    open: int = 0
    by_stage: dict[Stage, int] = {}
    citizens: int = 0
    events: int = Field(default=0, description="events taken over by records")
    events_waiting: int = Field(default=0, description="kept, but not taken over yet")
    terms: dict[TermState, int] = {}
    institutions: list[InstitutionFigures] = []
