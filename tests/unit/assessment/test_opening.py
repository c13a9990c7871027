"""Assessment opens with its terms, is set aside, and is taken up again (R 3.3)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from contracts.assessment import AssessmentDeclined, AssessmentOpened, TermDueSoon, TermMissed
from contracts.errors import NotAllowedInState
from contracts.event import CaseEvent, Event
from contracts.triage import TriageCode
from services.assessment.domain.case import Case, Status
from services.assessment.domain.opening import (
    decline_at_intake,
    open_assessment,
    reopen,
    return_at_intake,
    sound_terms,
)
from tests.unit.assessment import stages
from tests.unit.assessment.stages import NOW, RECEIVED, at

HOLIDAYS = (date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9))


def terms(events: list[Event]) -> dict[str, date]:
    """Due days of the terms these events opened."""
    return {
        term.code: term.due_on
        for event in events
        if isinstance(event, CaseEvent)
        for term in event.opened
    }


@pytest.mark.parametrize(
    "code", [TriageCode.IMMEDIATE, TriageCode.INITIAL_ASSESSMENT, TriageCode.REASSESSMENT]
)
def test_code_that_asks_for_it_opens_the_assessment_r_3_1_6(code: TriageCode) -> None:
    case = stages.registered()
    events = open_assessment(case, code, at())
    assert [type(event) for event in events] == [AssessmentOpened]
    assert case.status is Status.OPEN
    assert case.code is code


def test_consultation_opens_none_r_3_1_6() -> None:
    case = stages.registered()
    assert open_assessment(case, TriageCode.CONSULTATION, at()) == []
    assert case.status is Status.AWAITED
    assert case.terms.running == []


@pytest.mark.parametrize(
    ("in_hospital", "survey", "clause", "due", "skipped"),
    [
        (False, "primary-survey", "R 3.3.2", date(2026, 3, 10), HOLIDAYS),
        (True, "primary-survey-hospital", "R 3.3.3", date(2026, 3, 6), ()),
    ],
)
def test_survey_has_its_term_from_the_referral_on(
    in_hospital: bool, survey: str, clause: str, due: date, skipped: tuple[date, ...]
) -> None:
    case = stages.registered(in_hospital=in_hospital)
    late = RECEIVED + timedelta(days=1)  # triage came the next day: no day is won by it
    (event,) = open_assessment(case, TriageCode.INITIAL_ASSESSMENT, at(now=late))
    assert isinstance(event, AssessmentOpened)
    assert event.case == stages.REF
    assert not event.reopened
    visit_term, stage_term = event.opened
    assert (visit_term.code, visit_term.clause, visit_term.due_on) == (survey, clause, due)
    assert visit_term.skipped == skipped
    assert (stage_term.code, stage_term.clause) == ("survey-stage", "R 3.3.16")
    assert stage_term.due_on == date(2026, 3, 12)
    assert visit_term.started_at == stage_term.started_at == RECEIVED


def test_second_code_opens_nothing_twice() -> None:
    case = stages.opened()
    assert open_assessment(case, TriageCode.REASSESSMENT, at()) == []
    assert len(case.terms.running) == 2


@pytest.mark.parametrize(
    ("make", "closed"),
    [
        (stages.opened, {"primary-survey", "survey-stage"}),
        (stages.surveyed, {"survey-stage"}),
        (stages.signed, {"commission"}),
    ],
)
def test_decline_at_intake_ends_what_runs_here_r_3_3_7_2(
    make: Callable[[], Case], closed: set[str]
) -> None:
    case = make()
    (event,) = decline_at_intake(case, at())
    assert isinstance(event, AssessmentDeclined)
    assert not event.during_survey
    assert {term.code for term in event.closed} == closed
    assert case.status is Status.DECLINED
    assert case.terms.running == []


@pytest.mark.parametrize("make", [stages.registered, stages.assessed])
def test_decline_at_intake_is_no_news_where_nothing_runs(make: Callable[[], Case]) -> None:
    case = make()
    assert decline_at_intake(case, at()) == []
    assert case.status is Status.DECLINED


@pytest.mark.parametrize(
    ("make", "begun"),
    [
        (stages.registered, {}),
        (
            stages.opened,
            {"primary-survey": date(2026, 3, 23), "survey-stage": date(2026, 3, 25)},
        ),
        (
            stages.scheduled,
            {"primary-survey": date(2026, 3, 23), "survey-stage": date(2026, 3, 25)},
        ),
        (stages.surveyed, {"survey-stage": date(2026, 3, 25)}),
        (stages.organized, {"commission": date(2026, 4, 1)}),
        (stages.filled, {"commission": date(2026, 4, 1)}),
        (stages.signed, {"commission": date(2026, 4, 1)}),
        (stages.assessed, {}),
    ],
)
def test_return_at_intake_goes_on_at_the_same_stage_with_its_terms_anew_r_3_3_7_2(
    make: Callable[[], Case], begun: dict[str, date]
) -> None:
    case = make()
    stage = case.status
    decline_at_intake(case, at())
    back = datetime(2026, 3, 18, 9, 0, tzinfo=stages.ZONE)
    events = return_at_intake(case, at(now=back))
    assert case.status is stage
    assert terms(events) == begun
    assert all(isinstance(event, AssessmentOpened) and event.reopened for event in events)


def test_return_of_one_who_never_declined_changes_no_term() -> None:
    case = stages.opened()
    before = case.model_copy(deep=True)
    assert return_at_intake(case, at()) == []
    assert case == before


def test_case_triaged_while_declined_begins_when_the_citizen_returns() -> None:
    case = stages.registered()
    decline_at_intake(case, at())
    assert open_assessment(case, TriageCode.INITIAL_ASSESSMENT, at()) == []
    assert set(terms(return_at_intake(case, at()))) == {"primary-survey", "survey-stage"}
    assert case.status is Status.OPEN


def test_reopening_begins_the_survey_anew_r_3_3_7_2() -> None:
    case = stages.declined()
    assert case.terms.running == []
    back = datetime(2026, 3, 18, 9, 0, tzinfo=stages.ZONE)
    (event,) = reopen(case, at(stages.SPECIALIST, back))
    assert isinstance(event, AssessmentOpened)
    assert event.reopened
    assert terms([event]) == {
        "primary-survey": date(2026, 3, 23),
        "survey-stage": date(2026, 3, 25),
    }
    assert case.status is Status.OPEN
    assert case.visit is None  # the next visit is announced anew


def test_decline_at_intake_is_not_undone_here() -> None:
    case = stages.declined()
    decline_at_intake(case, at())
    with pytest.raises(NotAllowedInState) as refused:
        reopen(case, at(stages.SPECIALIST))
    assert refused.value.code == "declined-at-intake"
    assert return_at_intake(case, at()) == []
    assert case.status is Status.DECLINED  # what was said at the survey still stands


def test_terms_sound_once_each_and_name_the_institution_r_3_3_16() -> None:
    case = stages.opened()
    due_soon = datetime(2026, 3, 10, 0, 0, tzinfo=stages.ZONE)
    assert sound_terms(case, at(now=due_soon - timedelta(seconds=1))) == []
    (soon,) = sound_terms(case, at(now=due_soon))
    assert isinstance(soon, TermDueSoon)
    assert (soon.term.code, soon.institution) == ("primary-survey", stages.INSTITUTION)
    assert sound_terms(case, at(now=due_soon)) == []
    (missed,) = sound_terms(case, at(now=due_soon + timedelta(days=1)))
    assert isinstance(missed, TermMissed)
    assert missed.term.code == "primary-survey"
    after = sound_terms(case, at(now=NOW + timedelta(days=30)))
    assert [(type(event), event.term.code) for event in after] == [(TermMissed, "survey-stage")]  # type: ignore[attr-defined]
