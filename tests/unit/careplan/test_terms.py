"""Terms follow from the state (R 3.5.5, 3.6.4, 3.6.5); the citizen declines and returns."""

from datetime import date, timedelta

import pytest

from contracts.assessment import Proposal
from contracts.careplan import PlanningOpened, TermDueSoon, TermMissed
from services.careplan.domain import opening
from services.careplan.domain.case import Case, Status
from services.careplan.domain.terms import TERM_OF, sound_terms
from tests.unit.careplan.made import (
    INSTITUTION,
    MONDAY,
    ORGANIZER,
    REF,
    assessment,
    at,
    in_status,
    opened,
)

DAY = timedelta(days=1)


def running(case: Case) -> list[tuple[str, object]]:
    return [(term.deadline.code, term.deadline.started_at) for term in case.terms.running]


def test_planning_is_due_three_working_days_after_the_commission_concluded() -> None:
    """R 3.5.5."""
    case = Case(id="C1")
    (event,) = opening.open_planning(case, REF, ORGANIZER, assessment(), at())
    assert isinstance(event, PlanningOpened)
    assert (event.case, event.organizer) == (REF, ORGANIZER)
    (term,) = event.opened
    assert (term.code, term.clause, term.due_on) == ("care-plan", "R 3.5.5", date(2026, 3, 5))
    assert case.status is Status.PLANNING


def test_a_proposal_to_refuse_opens_planning_without_a_term() -> None:
    """R 3.4.8: there is nothing to plan; the package goes straight to the head."""
    case = Case(id="C1")
    (event,) = opening.open_planning(
        case, REF, ORGANIZER, assessment(Proposal.REFUSAL, None, 0, 0), at()
    )
    assert isinstance(event, PlanningOpened)
    assert event.opened == ()
    assert case.status is Status.REFUSAL_PROPOSED


@pytest.mark.parametrize("status", Status)
def test_each_state_has_its_own_term_and_no_other(status: Status) -> None:
    code = TERM_OF.get(status)
    assert [name for name, _ in running(in_status(status))] == ([code] if code else [])


@pytest.mark.parametrize("status", TERM_OF)
def test_nothing_is_due_while_the_citizen_has_declined_and_the_term_begins_anew_after(
    status: Status,
) -> None:
    """R 3.3.7.2: the case goes on where it stood."""
    case = in_status(status)
    opening.decline(case, at(moment=MONDAY + DAY))
    assert (case.status, running(case)) == (Status.DECLINED, [])
    (event,) = opening.resume(case, at(moment=MONDAY + 9 * DAY))
    assert isinstance(event, PlanningOpened)
    assert [term.code for term in event.opened] == [TERM_OF[status]]
    assert running(case) == [(TERM_OF[status], MONDAY + 9 * DAY)]
    assert case.stage is status


def test_what_has_ended_is_not_declined() -> None:
    """R 3.6.3: the order ends the procedure."""
    case = in_status(Status.ENROLLED)
    opening.decline(case, at())
    assert case.status is Status.ENROLLED


def test_a_return_that_starts_no_term_tells_nothing() -> None:
    case = in_status(Status.AGREED)
    opening.decline(case, at())
    assert opening.resume(case, at()) == []
    assert case.status is Status.AGREED


@pytest.mark.parametrize(("reason", "closed"), [("refused", False), ("citizen_died", True)])
def test_a_case_that_intake_closes_ends_unless_it_is_our_own_refusal(
    reason: str, closed: bool
) -> None:
    case = in_status(Status.SUBMITTED)
    opening.close(case, reason, at())
    assert (case.status is Status.CLOSED) is closed
    assert (running(case) == []) is closed


def test_a_new_assessment_begins_planning_anew_until_the_package_is_submitted() -> None:
    """R 3.5.4: the old version is kept; what lies before the head is left alone."""
    case = in_status(Status.PROGRAMME_ISSUED)
    found = assessment(level=3, minutes=28 * 60, moment=MONDAY + DAY)
    (event,) = opening.open_planning(case, REF, "U-new", found, at(moment=MONDAY + DAY))
    assert isinstance(event, PlanningOpened)
    assert (case.status, case.plan, len(case.plans)) == (Status.PLANNING, None, 1)
    assert running(case) == [("care-plan", MONDAY + DAY)]
    submitted = in_status(Status.SUBMITTED)
    assert opening.open_planning(submitted, REF, ORGANIZER, found, at()) == []
    assert (submitted.status, submitted.assessed.level) == (Status.SUBMITTED, 3)


def test_alarms_sound_once_and_not_early() -> None:
    """R 3.5.5: due on Thursday, 5 March; said on that day, and when it is over."""
    case = opened()
    (term,) = [watched.deadline for watched in case.terms.running]
    assert case.terms.next_alarm() == term.warn_at
    moment = timedelta(microseconds=1)
    assert sound_terms(case, at(moment=term.warn_at - moment)) == []
    (soon,) = sound_terms(case, at(moment=term.warn_at))
    assert isinstance(soon, TermDueSoon)
    assert (soon.term, soon.institution) == (term, INSTITUTION)
    assert sound_terms(case, at(moment=term.due_at - moment)) == []
    (missed,) = sound_terms(case, at(moment=term.due_at))
    assert isinstance(missed, TermMissed)
    assert sound_terms(case, at(moment=term.due_at + DAY)) == []
    assert case.terms.next_alarm() is None
