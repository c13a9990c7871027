"""Assessment takes a case over, sets it aside and takes it up again; terms sound."""

from __future__ import annotations

from contracts.assessment import AssessmentDeclined, AssessmentOpened, TermDueSoon, TermMissed
from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.event import Event, sound
from contracts.triage import TriageCode
from services.assessment.domain.case import Action, Case, Status, require

SURVEY_TERMS = ("primary-survey", "primary-survey-hospital")
STAGE_TERM = "survey-stage"
COMMISSION_TERM = "commission"


def survey_term(case: Case) -> str:
    """Which term the survey has: two calendar days in a hospital (R 3.3.3), else R 3.3.2."""
    return "primary-survey-hospital" if case.in_hospital else "primary-survey"


def open_assessment(case: Case, code: TriageCode, at: Context) -> list[Event]:
    """Triage gave a code that asks for an assessment (R 3.1.6); advice alone asks for none.

    The terms run from the referral, however late triage or we were (R 3.3.2, 3.3.3, 3.3.16).
    """
    case.code = code
    if code is TriageCode.CONSULTATION or case.stage is not Status.AWAITED:
        return []
    case.stage = Status.OPEN
    if case.status is not Status.OPEN:  # declined or closed meanwhile: no term may run
        return []
    opened = case.terms.open(
        at.deadline(case.pack, survey_term(case), case.received_at),
        at.deadline(case.pack, STAGE_TERM, case.received_at),
    )
    return [AssessmentOpened(by=at.by, case=case.reference, opened=opened)]


def decline_at_intake(case: Case, at: Context) -> list[Event]:
    """The citizen declined at the desk: what was running here has lost its object (R 3.3.7.2)."""
    case.declined_at_intake = True
    closed = case.terms.close_all(at.now)
    if not closed:
        return []
    return [AssessmentDeclined(by=at.by, during_survey=False, closed=closed)]


def return_at_intake(case: Case, at: Context) -> list[Event]:
    """The citizen thought better of it at the desk: our work goes on where it stood."""
    case.declined_at_intake, case.closed_for = False, None
    return _take_up(case, at)


def reopen(case: Case, at: Context) -> list[Event]:
    """A citizen who declined at the survey thought better of it: the survey begins anew."""
    require(case, Action.REOPEN)
    if case.declined_at_intake:
        raise NotAllowedInState(
            "declined-at-intake",
            "the citizen declined at intake; the case is re-opened there",
            clause="R 3.3.7.2",
        )
    case.declined_at_survey, case.visit, case.stage = False, None, Status.OPEN
    return _take_up(case, at)


def _take_up(case: Case, at: Context) -> list[Event]:
    """The terms of the stage begin anew: the return is a new call for the same work."""
    codes = {
        Status.OPEN: (survey_term(case), STAGE_TERM),
        Status.VISIT_SCHEDULED: (survey_term(case), STAGE_TERM),
        Status.SURVEYED: (STAGE_TERM,),
        Status.ORGANIZER_ASSIGNED: (COMMISSION_TERM,),
        Status.CONVENED: (COMMISSION_TERM,),
        Status.ACT_SIGNED: (COMMISSION_TERM,),
    }.get(case.status, ())
    opened = case.terms.open(*[at.deadline(case.pack, code) for code in codes])
    if not opened:
        return []
    return [AssessmentOpened(by=at.by, case=case.reference, reopened=True, opened=opened)]


def sound_terms(case: Case, at: Context) -> list[Event]:
    """The alarms that are due."""
    institution = case.ref.institution if case.ref else None
    return sound(case.terms, TermDueSoon, TermMissed, at, institution=institution)
