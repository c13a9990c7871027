"""The primary survey and the hand-over to the care organizer (R 3.3)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from contracts.assessment import (
    AssessmentDeclined,
    OrganizerAssigned,
    SurveyCompleted,
    SurveyOutcome,
    SurveyScheduled,
    VisitPlace,
)
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.values import Actor
from services.assessment.domain.case import Status, involves
from services.assessment.domain.records import Visit
from services.assessment.domain.survey import assign_organizer, complete_survey, schedule_survey
from tests.unit.assessment import stages
from tests.unit.assessment.stages import NOW, at

BY = stages.SPECIALIST
OF_ANOTHER_HOUSE = Actor(id="w-of-home-care", role="care_organizer", organization="r-department-2")


@pytest.mark.parametrize(
    ("seconds", "announced", "has_phone", "refused"),
    [
        (-1, True, True, "visit-in-past"),
        (-1, False, True, "visit-in-past"),
        (0, True, True, None),
        (1, True, True, None),
        (1, False, True, "visit-not-announced"),
        (1, False, False, None),
        (1, True, False, None),
    ],
)
def test_visit_is_ahead_and_announced_where_there_is_a_phone_r_3_3_4(
    seconds: int, announced: bool, has_phone: bool, refused: str | None
) -> None:
    case = stages.opened()
    visit = Visit(
        visit_at=NOW + timedelta(seconds=seconds), place=VisitPlace.HOME, announced=announced
    )
    if refused is None:
        (event,) = schedule_survey(case, visit, at(BY), has_phone=has_phone)
        assert isinstance(event, SurveyScheduled)
        assert (event.visit_at, event.place, event.announced) == (
            visit.visit_at,
            VisitPlace.HOME,
            announced,
        )
        assert case.status is Status.VISIT_SCHEDULED
        return
    with pytest.raises(InvalidInput) as failure:
        schedule_survey(case, visit, at(BY), has_phone=has_phone)
    assert (failure.value.code, failure.value.clause) == (refused, "R 3.3.4")
    assert failure.value.field == {"visit-in-past": "visit_at"}.get(refused, "announced")


def test_visit_can_be_set_anew_before_the_survey_r_3_3_4() -> None:
    case = stages.scheduled()
    later = Visit(visit_at=NOW + timedelta(hours=30), place=VisitPlace.HOSPITAL, announced=True)
    schedule_survey(case, later, at(BY), has_phone=True)
    assert case.visit == later


@pytest.mark.parametrize("section", [entry.code for entry in stages.PACK.survey_sections])
def test_sheet_that_lacks_a_section_names_it_r_3_3_5_3_3_8(section: str) -> None:
    case = stages.scheduled()
    lacking = {code: text for code, text in stages.SHEET.items() if code != section}
    with pytest.raises(InvalidInput) as refused:
        complete_survey(case, stages.sheet(sections=lacking), at(BY), has_phone=True)
    assert refused.value.code == "survey-section-missing"
    assert refused.value.field == f"sections.{section}"
    assert refused.value.clause == "R 3.3.5, 3.3.8"
    assert case.status is Status.VISIT_SCHEDULED


def test_sheet_that_lacks_several_sections_names_all() -> None:
    lacking = {"problems": stages.SHEET["problems"]}
    with pytest.raises(InvalidInput) as refused:
        complete_survey(stages.scheduled(), stages.sheet(sections=lacking), at(BY), has_phone=True)
    assert all(code in refused.value.detail for code in stages.SHEET if code != "problems")


def test_sheet_with_a_section_of_its_own_is_refused_r_3_3_8() -> None:
    more = {**stages.SHEET, "horoscope": "Рыбы"}
    with pytest.raises(InvalidInput) as refused:
        complete_survey(stages.scheduled(), stages.sheet(sections=more), at(BY), has_phone=True)
    assert refused.value.code == "unknown-survey-section"


@pytest.mark.parametrize("in_hospital", [False, True])
def test_complete_sheet_meets_the_survey_term_only_r_3_3_2_3_3_3(in_hospital: bool) -> None:
    case = stages.scheduled(in_hospital=in_hospital)
    (event,) = complete_survey(case, stages.sheet(), at(BY), has_phone=True)
    assert isinstance(event, SurveyCompleted)
    assert event.outcome is SurveyOutcome.COMMISSION
    survey = "primary-survey-hospital" if in_hospital else "primary-survey"
    assert [(term.code, term.closed_at, term.met) for term in event.closed] == [(survey, NOW, True)]
    assert [term.deadline.code for term in case.terms.running] == ["survey-stage"]
    assert case.status is Status.SURVEYED


@pytest.mark.parametrize(
    ("scheduled", "has_phone", "refused"),
    [(True, True, False), (False, False, False), (False, True, True)],
)
def test_survey_without_a_visit_set_is_for_those_without_a_phone_r_3_3_4(
    scheduled: bool, has_phone: bool, refused: bool
) -> None:
    case = stages.scheduled() if scheduled else stages.opened()
    if not refused:
        complete_survey(case, stages.sheet(), at(BY), has_phone=has_phone)
        assert case.status is Status.SURVEYED
        return
    with pytest.raises(NotAllowedInState) as failure:
        complete_survey(case, stages.sheet(), at(BY), has_phone=has_phone)
    assert (failure.value.code, failure.value.clause) == ("visit-not-announced", "R 3.3.4")


@pytest.mark.parametrize("asked", [True, False])
def test_survey_and_commission_are_combined_where_home_care_was_asked_for_r_3_3_10(
    asked: bool,
) -> None:
    case = stages.scheduled(home_care_asked=asked)
    combined = stages.sheet(SurveyOutcome.COMBINED_WITH_COMMISSION)
    if asked:
        complete_survey(case, combined, at(BY), has_phone=True)
        assert case.status is Status.SURVEYED
        return
    with pytest.raises(InvalidInput) as refused:
        complete_survey(case, combined, at(BY), has_phone=True)
    assert (refused.value.code, refused.value.clause) == ("home-care-not-asked", "R 3.3.10")
    assert refused.value.field == "outcome"


@pytest.mark.parametrize(
    ("said", "refused", "field"),
    [
        ({}, "consequences-not-explained", "consequences_explained"),
        ({"contact_left": True}, "consequences-not-explained", "consequences_explained"),
        ({"consequences_explained": True}, "contact-not-left", "contact_left"),
    ],
)
def test_decline_needs_consequences_explained_and_a_contact_left_r_3_3_7_2(
    said: dict[str, Any], refused: str, field: str
) -> None:
    case = stages.scheduled()
    before = case.model_copy(deep=True)
    with pytest.raises(InvalidInput) as failure:
        complete_survey(case, stages.sheet(SurveyOutcome.DECLINED, **said), at(BY), has_phone=True)
    assert (failure.value.code, failure.value.field) == (refused, field)
    assert failure.value.clause == "R 3.3.7.2"
    assert case == before


def test_decline_ends_every_term_r_3_3_7_2() -> None:
    case = stages.scheduled()
    informed = stages.sheet(SurveyOutcome.DECLINED, consequences_explained=True, contact_left=True)
    completed, declined = complete_survey(case, informed, at(BY), has_phone=True)
    assert isinstance(completed, SurveyCompleted)
    assert isinstance(declined, AssessmentDeclined)
    assert declined.during_survey
    assert [term.code for term in completed.closed] == ["primary-survey"]
    assert [term.code for term in declined.closed] == ["survey-stage"]
    assert case.terms.running == []
    assert case.status is Status.DECLINED


@pytest.mark.parametrize("outcome", [SurveyOutcome.COMMISSION, SurveyOutcome.URGENT_HELP])
def test_organizer_ends_the_survey_stage_and_begins_the_commission_r_3_3_16_3_4_10(
    outcome: SurveyOutcome,
) -> None:
    case = stages.surveyed(outcome)
    handed_over = datetime(2026, 3, 6, 16, 0, tzinfo=stages.ZONE)
    (event,) = assign_organizer(case, "w-organizer", None, at(stages.HEAD, handed_over))
    assert isinstance(event, OrganizerAssigned)
    assert event.organizer == "w-organizer"
    assert [term.code for term in event.closed] == ["survey-stage"]
    (term,) = event.opened
    assert (term.code, term.clause, term.length) == ("commission", "R 3.4.10", 10)
    assert term.started_at == handed_over
    assert term.due_on == date(2026, 3, 23)  # 10 working days, over 7–9, 14–15 and 21–22 March
    assert case.status is Status.ORGANIZER_ASSIGNED


def test_package_goes_to_the_organizer_once_it_is_prepared_r_3_3_11() -> None:
    """Before the information sheet is there, there is no package to hand over."""
    unprepared = stages.scheduled()
    with pytest.raises(NotAllowedInState) as refused:
        assign_organizer(unprepared, "w-organizer", None, at(stages.HEAD))
    assert refused.value.code == "not-allowed-in-state"
    assert unprepared.organizer is None
    prepared = stages.surveyed()
    assert not involves(prepared, OF_ANOTHER_HOUSE)
    assign_organizer(prepared, OF_ANOTHER_HOUSE.id, None, at(stages.HEAD))
    assert prepared.care_organizer == OF_ANOTHER_HOUSE.id
    assert involves(prepared, OF_ANOTHER_HOUSE)  # the package, with its sheet, is theirs to read
    assert prepared.survey is not None


def test_another_organizer_wins_no_time_r_3_4_10() -> None:
    case = stages.organized()
    before = case.terms.model_copy(deep=True)
    (event,) = assign_organizer(case, "w-deputy", None, at(stages.HEAD, NOW + timedelta(days=1)))
    assert isinstance(event, OrganizerAssigned)
    assert (event.opened, event.closed) == ((), ())
    assert case.terms == before
    assert case.organizer == "w-deputy"
