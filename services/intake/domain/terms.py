"""The terms of a case: those that run at a stage, and the alarms when one runs out (R 3.1.8)."""

from __future__ import annotations

from datetime import datetime

from contracts.context import Context
from contracts.event import Event, sound
from contracts.intake import TermDueSoon, TermMissed, ThinkingTimeEnded
from contracts.terms import Deadline
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.dispatching import (
    overdue_event,
    record_overdue,
    running_terms,
)
from services.intake.domain.term_codes import URGENT_TERM
from services.intake.domain.urgent import needs_help_today, terms_until_triage
from services.intake.domain.worklists import settle


def next_wake(case: Case) -> datetime | None:
    """When this case wants to be looked at: a term's alarm, a notice to send.

    A request to send is found by the queue of its gateway (`sending.py`), but for one that was
    stored before there was a queue.
    """
    unqueued = [r.next_attempt_at for r in case.sendable if r.send_by is None]
    notices = [case.notice, *case.linked_notices.values()]
    moments = [case.terms.next_alarm(), *(n.next_attempt_at for n in notices), *unqueued]
    moments += [case.think_until, case.pass_on_at, case.reunite_at]
    return min((moment for moment in moments if moment is not None), default=None)


def terms_of_stage(case: Case, at: Context) -> tuple[Deadline, ...]:
    """Begin the terms of the stage a case stands at anew (R 3.1.8, 3.2.4)."""
    codes = set(terms_until_triage(case)) if case.code is None else set[str]()
    if needs_help_today(case):
        codes.add(URGENT_TERM)
    if case.status is Status.APPLICATION_REGISTERED:
        codes.update(running_terms(case))
    return case.terms.open(*[at.deadline(case.pack, code) for code in sorted(codes)])


def sound_terms(case: Case, at: Context) -> list[Event]:
    """The alarms that are due; an overdue answer of another body is said by its own name."""
    institution = case.ref.institution if case.ref else None
    events: list[Event] = []
    for alarm in sound(case.terms, TermDueSoon, TermMissed, at, institution=institution):
        events.append(alarm)
        overdue = record_overdue(case, alarm.term.code) if isinstance(alarm, TermMissed) else None
        if overdue is not None:
            events.append(overdue_event(case, overdue, at))
    thought_over = case.think_until is not None and at.now >= case.think_until
    asks = thought_over and case.status is Status.DECLINED
    if thought_over and (asks or case.declined_before):
        case.ask_again_at = case.think_until
    if asks:
        events.append(ThinkingTimeEnded(by=at.by))
    if thought_over:
        case.think_until = None
    settle(case, at, moved=asks)
    return events
