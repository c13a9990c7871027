"""Assessment takes a case over, sets it aside and takes it up again; terms sound."""

from __future__ import annotations

from datetime import datetime

from contracts.assessment import (
    AssessmentDeclined,
    AssessmentOpened,
    SurveyTermCorrected,
    SurveyTermShortened,
    TermDueSoon,
    TermMissed,
)
from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.event import Event, sound
from contracts.referral import CorrectedReceipt
from contracts.terms import Deadline
from contracts.triage import TriageCode
from services.assessment.domain.case import Action, Case, Status, require

HOME_TERM, HOSPITAL_TERM = "primary-survey", "primary-survey-hospital"
SURVEY_TERMS = (HOME_TERM, HOSPITAL_TERM)
STAGE_TERM = "survey-stage"
COMMISSION_TERM = "commission"


def survey_term(case: Case) -> str:
    """Which term the survey has: two calendar days in a hospital (R 3.3.3), else R 3.3.2."""
    return HOSPITAL_TERM if case.in_hospital else HOME_TERM


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
        _survey_deadline(case, at), at.deadline(case.pack, STAGE_TERM, case.received_at)
    )
    return [AssessmentOpened(by=at.by, case=case.reference, opened=opened)]


def _survey_deadline(case: Case, at: Context) -> Deadline:
    """Two calendar days since it is known that the citizen lies in a hospital (R 3.3.3), unless
    the term of a survey at home runs out before that (R 3.3.2)."""
    since = case.in_hospital_since or case.received_at
    in_hospital = at.deadline(case.pack, HOSPITAL_TERM, since)
    if case.in_hospital and since == case.received_at:
        return in_hospital
    at_home = at.deadline(case.pack, HOME_TERM, case.received_at)
    shorter = case.in_hospital and in_hospital.due_at < at_home.due_at
    return in_hospital if shorter else at_home


def shorten_survey(case: Case, since: datetime, at: Context) -> list[Event]:
    """A further referral says that the citizen lies in a hospital: a survey that waits is due
    within two calendar days of it, if that is earlier (R 3.3.3)."""
    if case.in_hospital:
        return []
    case.in_hospital, case.in_hospital_since = True, since
    running = [term for term in case.terms.deadlines if term.code == HOME_TERM]
    shorter = at.deadline(case.pack, HOSPITAL_TERM, since)
    if not running or shorter.due_at >= running[0].due_at:
        return []
    closed = case.terms.close(HOME_TERM, at=at.now)
    return [SurveyTermShortened(by=at.by, opened=case.terms.open(shorter), closed=closed)]


def correct_circumstances(
    case: Case, at: Context, *, in_hospital: bool, home_care_asked: bool
) -> list[Event]:
    """The case said wrongly where the citizen is, or what was asked for: a survey that waits is due
    by the right term, counted from the same moment (R 3.3.2, 3.3.3)."""
    case.home_care_asked = home_care_asked
    if case.in_hospital is in_hospital:
        return []
    since = case.received_at
    running = [term for term in case.terms.deadlines if term.code in SURVEY_TERMS]
    if running and running[0].started_at != case.in_hospital_since:
        since = running[0].started_at  # the citizen thought better of it: it runs from there
    case.in_hospital, case.in_hospital_since = in_hospital, since if in_hospital else None
    if not running:
        return []
    closed = case.terms.close(*SURVEY_TERMS, at=at.now)
    opened = case.terms.open(at.deadline(case.pack, survey_term(case), since))
    return [SurveyTermCorrected(by=at.by, opened=opened, closed=closed)]


def correct_receipt(case: Case, receipt: CorrectedReceipt, at: Context) -> list[Event]:
    """A referral was received at another time than was said: the terms that ran from there run from
    the right moment (R 3.3.2, 3.3.3, 3.3.16). One that ran out by mistake has lapsed."""
    counted = {case.received_at, case.in_hospital_since}
    if receipt.opened_case and case.received_at == receipt.before:
        case.received_at = receipt.received_at
    if case.in_hospital_since == receipt.before:
        case.in_hospital_since = receipt.received_at
    terms = [term for term in case.terms.deadlines if term.code in (*SURVEY_TERMS, STAGE_TERM)]
    running = [term for term in terms if term.started_at in counted]
    right = [_right(case, term, at) for term in running]
    codes = {term.code for term in right}
    closed = case.terms.close(*[term.code for term in running if term.code not in codes], at=at.now)
    anew = [term for term in right if term not in running]
    opened = (*case.terms.recount(*anew), *case.terms.open(*anew))
    return [SurveyTermCorrected(by=at.by, opened=opened, closed=closed)] if opened else []


def _right(case: Case, term: Deadline, at: Context) -> Deadline:
    """A term that runs from a receipt, as it is to run."""
    if term.code in SURVEY_TERMS:
        return _survey_deadline(case, at)
    return at.deadline(case.pack, term.code, case.received_at)


def begin_anew(case: Case, at: Context) -> None:
    """A further referral has the case analysed anew, and no survey was called for before it: the
    terms run from there, not from the first one (R 3.3.2), in a hospital too (R 3.3.3)."""
    if case.stage is Status.AWAITED:
        case.received_at = at.now
        case.in_hospital_since = at.now if case.in_hospital else None


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
