"""What care planning does on others' events. Every fact stands alone, so the order in which the
other services are heard is no matter."""

from __future__ import annotations

from chassis.document import Handler
from contracts.assessment import NeedsAssessed, OrganizerAssigned
from contracts.complaints import Remedy, RemedyOrdered
from contracts.context import Context
from contracts.documents import PackageCompleted
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.intake import CaseClosed, CaseDeclined, CaseReopened
from services.careplan.domain import opening
from services.careplan.domain.case import Case
from services.careplan.domain.decision import annul_refusal
from services.careplan.domain.records import Assessment


def complained_case(envelope: Envelope) -> str | None:
    """Every event of a complaint names the case it is about; that never changes."""
    case_id = envelope.data.get("case_id")
    return case_id if isinstance(case_id, str) else None


def on_organizer_assigned(case: Case, event: OrganizerAssigned, at: Context) -> list[Event]:
    """The named person of this case (R 3.3.12)."""
    opening.assign_organizer(case, event.organizer)
    return []


def on_needs_assessed(case: Case, event: NeedsAssessed, at: Context) -> list[Event]:
    """Planning opens (R 3.5.5)."""
    assessment = Assessment(
        proposal=event.proposal,
        assessed_at=at.now,
        group=event.group,
        level=event.level,
        weekly_minutes=event.weekly_minutes_to,
        days_per_week=event.days_per_week,
    )
    return opening.open_planning(case, event.case, event.organizer, assessment, at)


def on_package_completed(case: Case, event: PackageCompleted, at: Context) -> list[Event]:
    """The citizen's documents are with intake (R 3.3.9)."""
    opening.complete_package(case, event.documents)
    return []


def on_case_declined(case: Case, event: CaseDeclined, at: Context) -> list[Event]:
    """The citizen declined (R 3.3.7.2)."""
    opening.decline(case, at)
    return []


def on_case_closed(case: Case, event: CaseClosed, at: Context) -> list[Event]:
    """Intake has nothing more to do."""
    opening.close(case, event.reason, at)
    return []


def on_case_reopened(case: Case, event: CaseReopened, at: Context) -> list[Event]:
    """The citizen thought better of it (R 3.3.7.2)."""
    return opening.resume(case, at)


def on_remedy_ordered(case: Case, event: RemedyOrdered, at: Context) -> list[Event]:
    """A satisfied complaint changes the case (R 5.8); here only an annulled decision does."""
    if event.remedy is not Remedy.DECISION_ANNULLED:
        return []
    return annul_refusal(case, at.about, at)


CASE_HANDLERS: dict[type[Event], Handler] = {
    OrganizerAssigned: on_organizer_assigned,
    NeedsAssessed: on_needs_assessed,
    PackageCompleted: on_package_completed,
    CaseDeclined: on_case_declined,
    CaseClosed: on_case_closed,
    CaseReopened: on_case_reopened,
    RemedyOrdered: on_remedy_ordered,
}
