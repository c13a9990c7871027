"""The terms of care planning follow from the state of the case.

Each state has at most one term, counted from one moment. So whatever order the facts come in, and
whoever brings them, the same term runs in the end. A term that was broken off because the citizen
declined is counted anew from their return.
"""

from __future__ import annotations

from contracts.careplan import TermDueSoon, TermMissed
from contracts.context import Context
from contracts.event import Event, sound
from contracts.terms import ClosedTerm, Deadline
from services.careplan.domain.case import Case, Status

TERM_OF: dict[Status, str] = {
    Status.PLANNING: "care-plan",
    Status.DRAFTED: "care-plan",
    Status.SUBMITTED: "decision",
    Status.DECIDED_REFUSE: "refusal-notice",
}
"""What has to be done in a state within a term (R 3.5.5, 3.6.5, 3.6.4)."""

Moved = tuple[tuple[Deadline, ...], tuple[ClosedTerm, ...]]


def settle_terms(case: Case, at: Context) -> Moved:
    """Make the term of the present state run, and no other; what was opened, what was closed."""
    wanted = _wanted(case, at)
    kept = {
        term.deadline.code
        for term in case.terms.running
        if wanted is not None
        and (term.deadline.code, term.deadline.started_at) == (wanted.code, wanted.started_at)
    }
    ended = [t.deadline.code for t in case.terms.running if t.deadline.code not in kept]
    closed = case.terms.close(*ended, at=at.now)
    return case.terms.open(*([wanted] if wanted is not None else [])), closed


def _wanted(case: Case, at: Context) -> Deadline | None:
    code = TERM_OF.get(case.status)
    if code is None or case.counts_from is None:
        return None
    start = max(case.counts_from, case.resumed_at or case.counts_from)
    return at.deadline(case.pack, code, start)


def sound_terms(case: Case, at: Context) -> list[Event]:
    """The alarms that are due (R 3.5.5, 3.6.4, 3.6.5)."""
    institution = case.ref.institution if case.ref else None
    return sound(case.terms, TermDueSoon, TermMissed, at, institution=institution)
