"""What intake does on others' events: it learns how its case goes on, and tells the requester.

Every fact stands alone, so the order in which the other services are heard is no matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.document import Handler
from contracts import assessment, careplan
from contracts.assessment import (
    AssessmentDeclined,
    AssessmentOpened,
    CommissionConvened,
    NeedsAssessed,
    OrganizerAssigned,
    SurveyCompleted,
    SurveyOutcome,
)
from contracts.careplan import (
    CaseReopened,
    Decided,
    Enrolled,
    PackageSubmitted,
    PlanDrafted,
    Refused,
)
from contracts.context import Context
from contracts.event import REGISTERED, CaseEvent, Event
from contracts.intake import REFUSED, CaseClosed
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.declining import resume
from services.intake.domain.dispatching import hold_request
from services.intake.domain.documents import add_from_agency, complete_package
from services.intake.domain.further import set_aside_terms
from services.intake.domain.notices import tell_requester
from services.intake.domain.worklists import follow, settle


def _heard(handler: Handler | None) -> Handler:
    """Before the handler, take over the other service's terms; after it, tell the requester if
    their referral's state has changed, and find the case's place in the worklists."""

    def handle(case: Case, event: Any, at: Context) -> Sequence[Event]:
        service = event.stream.split(".", maxsplit=1)[0]
        follow(case, service, event.opened, event.closed)
        events: Sequence[Event] = ()
        if handler is not None:
            events = handler(case, event, at)
            tell_requester(case, at)
        settle(case, at, moved=True)
        return events

    return handle


def on_survey_completed(case: Case, event: SurveyCompleted, at: Context) -> list[Event]:
    """The information sheet is there: it belongs to the package (R 3.3.8)."""
    case.progress.surveyed = True
    case.progress.declined = event.outcome is SurveyOutcome.DECLINED
    if event.outcome is SurveyOutcome.URGENT_HELP:
        case.progress.urgent_help_at = at.now
    add_from_agency(case, "information_sheet", None, at)
    return complete_package(case, at)


def on_assessment_declined(case: Case, event: AssessmentDeclined, at: Context) -> list[Event]:
    """The citizen declined at the survey (R 3.3.7.2); what they declined here, we know."""
    case.progress.declined = case.progress.declined or event.during_survey
    return []


def on_assessment_opened(case: Case, event: AssessmentOpened, at: Context) -> list[Event]:
    """A citizen who had declined at the survey came back, and is surveyed anew (R 3.3.7.2)."""
    if event.reopened and case.progress.declined:
        case.progress.declined = case.progress.surveyed = False
    return []


def on_organizer_assigned(case: Case, event: OrganizerAssigned, at: Context) -> list[Event]:
    """The package is with its care organizer (R 3.3.12)."""
    case.progress.organizer = event.organizer
    return []


def on_commission_convened(case: Case, event: CommissionConvened, at: Context) -> list[Event]:
    """The commission is called together (R 3.4.2)."""
    case.progress.convened = True
    return []


def on_needs_assessed(case: Case, event: NeedsAssessed, at: Context) -> list[Event]:
    """The level is found."""
    case.progress.assessed, case.progress.assessed_level = True, event.level
    return []


def on_plan_drafted(case: Case, event: PlanDrafted, at: Context) -> list[Event]:
    """Care is being planned."""
    case.progress.planned = True
    return []


def on_package_submitted(case: Case, event: PackageSubmitted, at: Context) -> list[Event]:
    """The package lies before the head of the authorised body (R 3.6.1)."""
    case.progress.submitted = True
    return []


def on_decided(case: Case, event: Decided, at: Context) -> list[Event]:
    """The head of the authorised body has decided."""
    case.progress.decided = event.outcome
    return []


def on_enrolled(case: Case, event: Enrolled, at: Context) -> list[Event]:
    """The procedure has ended with an enrolment order (R 3.6.3)."""
    case.progress.order_number, case.progress.provider = event.order_number, event.provider
    return []


def on_refused(case: Case, event: Refused, at: Context) -> list[Event]:
    """The refusal notice was sent: intake closes the case (R 3.6.4).

    A further referral that nobody has looked at stays listed, with its terms (R 3.1.3).
    """
    case.progress.refusal_grounds = list(event.grounds)
    if case.status in {Status.CLOSED, Status.AWAITED}:
        return []
    if case.status is not Status.DECLINED:  # a declined one remembers where it stood before that
        case.status_before = case.status
    case.status, case.closed_for = Status.CLOSED, REFUSED
    hold_request(case)
    return [CaseClosed(by=at.by, reason=REFUSED, closed=set_aside_terms(case, at))]


def on_case_reopened(case: Case, event: CaseReopened, at: Context) -> list[Event]:
    """A satisfied complaint annulled the refusal (R 5.8). Has its citizen got another case since,
    that one is joined to it (`uniting.py`)."""
    case.progress.refusal_grounds, case.progress.decided = [], None
    if case.status is not Status.CLOSED or case.status_before is None or case.joined_to:
        return []
    case.closed_for, case.reunite_at = None, at.now
    return resume(case, at)


HANDLERS: dict[type[Event], Handler] = {
    SurveyCompleted: on_survey_completed,
    AssessmentOpened: on_assessment_opened,
    AssessmentDeclined: on_assessment_declined,
    CommissionConvened: on_commission_convened,
    OrganizerAssigned: on_organizer_assigned,
    NeedsAssessed: on_needs_assessed,
    PlanDrafted: on_plan_drafted,
    PackageSubmitted: on_package_submitted,
    Decided: on_decided,
    Enrolled: on_enrolled,
    Refused: on_refused,
    CaseReopened: on_case_reopened,
}

FOLLOWED = {assessment.CASE, careplan.CASE}

CASE_HANDLERS: dict[type[Event], Handler] = {
    event: _heard(HANDLERS.get(event))
    for event in REGISTERED.values()
    if issubclass(event, CaseEvent) and event.stream in FOLLOWED
}
"""Every event of a case in a service whose work is followed: each may start and end terms."""
