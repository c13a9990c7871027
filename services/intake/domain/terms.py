"""The terms of a case: those that run at a stage, and the alarms when one runs out (R 3.1.8)."""

from __future__ import annotations

from contracts.context import Context
from contracts.event import Event, sound
from contracts.intake import TermDueSoon, TermMissed, ThinkingTimeEnded
from contracts.terms import Deadline
from contracts.triage import TriageCode
from services.intake.domain.case import Case, Status
from services.intake.domain.dispatching import (
    overdue_event,
    record_overdue,
    running_terms,
)
from services.intake.domain.term_codes import ANALYSIS_TERM, FORWARDING_TERM, URGENT_TERM
from services.intake.domain.worklists import settle


def terms_of_stage(case: Case, at: Context) -> tuple[Deadline, ...]:
    """Begin the terms of the stage a case stands at anew (R 3.1.8, 3.2.4)."""
    if case.waits:
        return case.terms.open(at.deadline(case.pack, FORWARDING_TERM))
    codes = []
    if case.code is None:
        codes.append(ANALYSIS_TERM)
    if case.code is TriageCode.IMMEDIATE and case.urgent_done_at is None:
        codes.append(URGENT_TERM)
    if case.status is Status.APPLICATION_REGISTERED:
        codes += running_terms(case)
    return case.terms.open(*[at.deadline(case.pack, code) for code in codes])


def sound_terms(case: Case, at: Context) -> list[Event]:
    """The alarms that are due; an overdue answer of another body is said by its own name."""
    institution = case.ref.institution if case.ref else None
    events: list[Event] = []
    for alarm in sound(case.terms, TermDueSoon, TermMissed, at, institution=institution):
        events.append(alarm)
        overdue = record_overdue(case, alarm.term.code) if isinstance(alarm, TermMissed) else None
        if overdue is not None:
            events.append(overdue_event(case, overdue, at))
    if case.think_until is not None and at.now >= case.think_until:
        case.think_until = None
        if case.status is Status.DECLINED:
            events.append(ThinkingTimeEnded(by=at.by))
    settle(case, at, moved=False)
    return events
