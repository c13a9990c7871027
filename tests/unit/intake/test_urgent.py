"""The urgent measures plan of an immediate case, on the day it arrived (R 3.1.7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from contracts.assessment import SurveyCompleted, SurveyOutcome
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.triage import (
    CaseTriaged,
    TriageCode,
    UrgentMeasuresDone,
    UrgentMeasuresFailed,
    UrgentMeasuresPlanned,
)
from services.intake.domain.case import Case
from services.intake.domain.records import Entered
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.domain.urgent import (
    MeasureResult,
    PlannedMeasure,
    needs_urgent_help,
    plan_urgent_measures,
    record_urgent_results,
)
from services.intake.handlers import on_survey_completed
from tests.unit.intake.sample import DANGER, local, registered, triaged, when

MEASURES = [
    PlannedMeasure(
        measure="Вызвать скорую помощь",
        responsible="Орлова",
        persons=("Яшин",),
        organization="hospital-03",
    ),
    PlannedMeasure(measure="Привезти горячий обед", responsible="Кузьмин"),
]
RESULT = "Бригада приехала в 23:10"
SUNDAY = local(2026, 2, 1, 22, 30)


def immediate(received: datetime = SUNDAY) -> Case:
    case = registered(received_at=received, at=when(received))
    answer_questions(case, DANGER, False, when(received), applicant_informed=True)
    triage_case(case, TriageCode.IMMEDIATE, None, when(received, "urgent_head"))
    return case


@pytest.mark.parametrize(
    ("received", "due_on"),
    [
        (local(2026, 2, 2, 0, 0), date(2026, 2, 2)),
        (local(2026, 2, 2, 23, 59), date(2026, 2, 2)),
        (SUNDAY, date(2026, 2, 1)),
        (local(2027, 1, 1, 9), date(2027, 1, 1)),
    ],
)
def test_term_is_the_day_of_arrival_even_on_a_day_off_r_3_1_7(
    received: datetime, due_on: date
) -> None:
    case = registered(received_at=received, at=when(received))
    answer_questions(case, DANGER, False, when(received), applicant_informed=True)
    (event,) = triage_case(case, TriageCode.IMMEDIATE, None, when(received))
    assert isinstance(event, CaseTriaged)
    (term,) = event.opened
    assert (term.code, term.clause, term.due_on) == ("urgent-measures", "R 3.1.7", due_on)
    assert term.skipped == ()


@pytest.mark.parametrize("code", [code for code in TriageCode if code is not TriageCode.IMMEDIATE])
def test_only_an_immediate_case_has_a_plan_r_3_1_7(code: TriageCode) -> None:
    case = triaged(code)
    assert case.terms.running == []
    with pytest.raises(NotAllowedInState) as refused:
        plan_urgent_measures(case, MEASURES, when())
    assert (refused.value.code, refused.value.clause) == ("not-immediate", "R 3.1.7")


def plan(case: Case, *measures: PlannedMeasure, at: Context | None = None) -> list[Event]:
    return plan_urgent_measures(
        case, measures or MEASURES, at or when(SUNDAY, "urgent_head"), {"hospital-03"}
    )


def record(case: Case, *given: tuple[int, bool], at: Context | None = None) -> list[Event]:
    results = [MeasureResult(measure=n, done=done, result=RESULT) for n, done in given]
    return record_urgent_results(case, results, at or when(SUNDAY, "specialist"))


def test_plan_names_the_organizations_drawn_in_and_no_person_r_3_1_7() -> None:
    case = immediate()
    (event,) = plan(case)
    assert isinstance(event, UrgentMeasuresPlanned)
    assert (event.measures, event.organizations) == (2, ("hospital-03",))
    assert "Орлова" not in event.model_dump_json()


def test_plan_holds_what_by_whom_with_whom_and_by_when_r_3_1_7() -> None:
    case = immediate()
    by_when = SUNDAY.replace(hour=23)
    plan(case, PlannedMeasure(**MEASURES[0].model_dump(exclude={"by_when"}), by_when=by_when))
    (kept,) = case.urgent_measures
    assert (kept.measure, kept.responsible) == ("Вызвать скорую помощь", "Орлова")
    assert (kept.persons, kept.organization) == (("Яшин",), "hospital-03")
    assert (kept.by_when, kept.result, kept.recorded) == (by_when, None, None)
    assert kept.planned == Entered(at=when(SUNDAY).now, by="test:urgent_head")


def test_measure_without_an_hour_is_due_by_the_end_of_the_day_r_3_1_7() -> None:
    case = immediate()
    plan(case)
    assert {measure.by_when for measure in case.urgent_measures} == {local(2026, 2, 2, 0)}


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"organization": "nobody-01"}, "organization-takes-no-part", "measures.0.organization"),
        ({"by_when": local(2026, 2, 2, 0, 1)}, "after-the-same-day", "measures.0.by_when"),
        ({"by_when": local(2026, 2, 1, 22, 29)}, "before-the-referral", "measures.0.by_when"),
        ({"instead_of": 1}, "not-a-failed-measure", "measures.0.instead_of"),
    ],
)
def test_measure_that_breaks_a_rule_is_named_and_nothing_is_planned_r_3_1_7(
    changed: dict[str, Any], code: str, field: str
) -> None:
    case = immediate()
    before = case.model_copy(deep=True)
    with pytest.raises(InvalidInput) as refused:
        plan(case, MEASURES[0].model_copy(update=changed))
    raised = refused.value
    assert (raised.code, raised.field, raised.clause) == (code, field, "R 3.1.7")
    assert case == before


@pytest.mark.parametrize("by_when", [local(2026, 2, 2, 0), local(2026, 2, 1, 22, 30)])
def test_day_of_a_measure_ends_with_the_day_itself_r_3_1_7(by_when: datetime) -> None:
    case = immediate()
    plan(case, MEASURES[0].model_copy(update={"by_when": by_when}))
    assert case.urgent_measures[0].by_when == by_when


def test_results_come_one_by_one_each_with_its_time_and_person_r_3_1_7() -> None:
    case = immediate()
    plan(case)
    assert record(case, (2, True)) == []
    assert case.urgent_done_at is None
    assert [term.code for term in case.terms.deadlines] == ["urgent-measures"]
    later = when(SUNDAY.replace(hour=23), "registrar")
    (event,) = record(case, (1, True), at=later)
    assert isinstance(event, UrgentMeasuresDone)
    assert event.failed == 0
    assert [(term.code, term.met) for term in event.closed] == [("urgent-measures", True)]
    first, second = case.urgent_measures
    assert first.recorded == Entered(at=later.now, by="test:registrar")
    assert second.recorded == Entered(at=when(SUNDAY).now, by="test:specialist")
    assert {first.result, second.result} == {RESULT}


def test_failed_measure_is_said_and_help_is_not_given_until_another_was_r_3_1_7() -> None:
    case = immediate()
    plan(case)
    (failed,) = record(case, (1, False), (2, True))
    assert isinstance(failed, UrgentMeasuresFailed)
    assert (failed.measures, failed.organizations) == ((1,), ("hospital-03",))
    assert needs_urgent_help(case)
    assert [term.code for term in case.terms.deadlines] == ["urgent-measures"]
    plan(case, PlannedMeasure(measure="Отвезти самим", responsible="Яшин", instead_of=1))
    (done,) = record(case, (3, True))
    assert isinstance(done, UrgentMeasuresDone)
    assert done.failed == 1
    assert case.urgent_measures[0].failed
    assert case.urgent_measures[0].result == RESULT
    assert not needs_urgent_help(case)


def test_measure_that_stands_in_may_fail_too_r_3_1_7() -> None:
    case = immediate()
    plan(case, MEASURES[0])
    record(case, (1, False))
    plan(case, PlannedMeasure(measure="Отвезти самим", responsible="Яшин", instead_of=1))
    (failed,) = record(case, (2, False))
    assert isinstance(failed, UrgentMeasuresFailed)
    plan(case, PlannedMeasure(measure="Вызвать МЧС", responsible="Яшин", instead_of=2))
    (done,) = record(case, (3, True))
    assert isinstance(done, UrgentMeasuresDone)
    assert done.failed == 2


def test_plan_is_added_to_while_it_is_open_and_on_its_own_day_r_3_1_7() -> None:
    case = immediate()
    plan(case, MEASURES[0])
    (added,) = plan(case, MEASURES[1])
    assert isinstance(added, UrgentMeasuresPlanned)
    assert (added.measures, added.opened, len(case.urgent_measures)) == (1, (), 2)
    record(case, (1, True), (2, True))
    same_day = when(SUNDAY.replace(hour=23, minute=59))
    (again,) = plan(case, MEASURES[1], at=same_day)
    assert isinstance(again, UrgentMeasuresPlanned)
    assert [(term.code, term.due_on) for term in again.opened] == [
        ("urgent-measures", date(2026, 2, 1))
    ]
    assert needs_urgent_help(case)
    record(case, (3, True), at=same_day)
    with pytest.raises(NotAllowedInState) as refused:
        plan(case, MEASURES[1], at=when(local(2026, 2, 2, 0, 0)))
    assert (refused.value.code, refused.value.clause) == ("plan-of-another-day", "R 3.1.7")


def test_open_plan_is_added_to_after_its_day_too_r_3_1_7() -> None:
    case = immediate()
    plan(case, MEASURES[0])
    plan(case, MEASURES[1], at=when(local(2026, 2, 3)))
    (done,) = record(case, (1, True), (2, True), at=when(local(2026, 2, 3)))
    assert isinstance(done, UrgentMeasuresDone)
    assert [term.met for term in done.closed] == [False]


@pytest.mark.parametrize(("number", "code"), [(3, "unknown-measure"), (2, "result-is-recorded")])
def test_result_of_no_measure_or_a_second_one_is_refused_r_3_1_7(number: int, code: str) -> None:
    case = immediate()
    plan(case)
    record(case, (2, True))
    before = case.model_copy(deep=True)
    with pytest.raises(InvalidInput) as refused:
        record(case, (1, True), (number, True))
    assert (refused.value.code, refused.value.field) == (code, "results.1.measure")
    assert case == before


def test_results_without_a_plan_or_after_it_are_refused_r_3_1_7() -> None:
    case = immediate()
    with pytest.raises(NotAllowedInState) as refused:
        record(case, (1, True))
    assert refused.value.code == "no-open-plan"
    plan(case, MEASURES[1])
    record(case, (1, True))
    with pytest.raises(NotAllowedInState):
        record(case, (1, False))
    assert not case.urgent_measures[0].failed


def test_survey_that_finds_urgent_help_needed_calls_for_a_plan_r_3_3_8() -> None:
    """R 3.3.8: the head of the urgent department settles it, whatever the code was."""
    case = triaged()
    at = when(local(2026, 2, 3))
    on_survey_completed(case, SurveyCompleted(by=at.by, outcome=SurveyOutcome.URGENT_HELP), at)
    assert needs_urgent_help(case)
    (event,) = plan(case, MEASURES[1], at=at)
    assert isinstance(event, UrgentMeasuresPlanned)
    assert event.opened == ()  # R 3.1.7 sets its term for the code alone
    record(case, (1, True), at=when(local(2026, 2, 3, 15)))
    assert not needs_urgent_help(case)


def test_help_given_before_the_survey_does_not_answer_what_the_survey_finds_r_3_3_8() -> None:
    case = immediate()
    plan(case, MEASURES[1])
    record(case, (1, True))
    at = when(local(2026, 2, 4))
    on_survey_completed(case, SurveyCompleted(by=at.by, outcome=SurveyOutcome.URGENT_HELP), at)
    assert needs_urgent_help(case)
    plan(case, MEASURES[1], at=at)
    (done,) = record(case, (2, True), at=when(local(2026, 2, 4, 18)))
    assert isinstance(done, UrgentMeasuresDone)
    assert not needs_urgent_help(case)
