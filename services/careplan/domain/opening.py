"""What the other services' facts do to a case: planning opens, the citizen declines and returns."""

from __future__ import annotations

from contracts.assessment import Proposal
from contracts.careplan import PlanningOpened
from contracts.case import CaseRef
from contracts.context import Context
from contracts.event import Event
from contracts.intake import REFUSED
from services.careplan.domain.case import BEFORE_SUBMISSION, Case, Status
from services.careplan.domain.records import Assessment
from services.careplan.domain.terms import Moved, settle_terms


def open_planning(
    case: Case, ref: CaseRef, organizer: str, assessment: Assessment, at: Context
) -> list[Event]:
    """The commission has concluded; planning may take three working days from then (R 3.5.5).

    A proposal to refuse needs no plan: its package goes straight to the decision. A new assessment
    begins planning anew, unless the package lies before the head already.
    """
    case.ref, case.organizer, case.assessment = ref, organizer, assessment
    if case.stage not in BEFORE_SUBMISSION | {Status.AWAITED}:
        return []
    refusal = assessment.proposal is Proposal.REFUSAL
    case.stage = Status.REFUSAL_PROPOSED if refusal else Status.PLANNING
    case.plan_version, case.counts_from = 0, assessment.assessed_at
    return [_opened(case, settle_terms(case, at), at)]


def assign_organizer(case: Case, organizer: str) -> None:
    """Who guards the citizen's interests from here on (R 3.3.12)."""
    case.organizer = organizer


def complete_package(case: Case, documents: tuple[str, ...]) -> None:
    """Intake has these documents of the citizen (R 3.3.9)."""
    case.documents = list(documents)


def decline(case: Case, at: Context) -> None:
    """The citizen declined: nothing is due any more (R 3.3.7.2)."""
    case.declined = True
    settle_terms(case, at)


def close(case: Case, reason: str, at: Context) -> None:
    """Intake closed the case for a reason of its own."""
    if reason != REFUSED:
        case.closed_for = reason
        settle_terms(case, at)


def resume(case: Case, at: Context) -> list[Event]:
    """The citizen thought better of it: the case goes on where it stood (R 3.3.7.2)."""
    case.declined, case.closed_for, case.resumed_at = False, None, at.now
    moved = settle_terms(case, at)
    return [_opened(case, moved, at)] if moved[0] else []


def _opened(case: Case, moved: Moved, at: Context) -> PlanningOpened:
    opened, closed = moved
    return PlanningOpened(
        by=at.by, case=case.reference, organizer=case.organizer, opened=opened, closed=closed
    )
