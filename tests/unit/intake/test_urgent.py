"""The urgent measures plan of an immediate case, on the day it arrived (R 3.1.7)."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from contracts.errors import InvalidInput, NotAllowedInState
from contracts.intake import CaseTriaged, TriageCode, UrgentMeasuresDone, UrgentMeasuresPlanned
from services.intake.domain.case import Case
from services.intake.domain.records import UrgentMeasure
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.domain.urgent import complete_urgent_measures, plan_urgent_measures
from tests.unit.intake.sample import DANGER, local, registered, triaged, when

MEASURES = [
    UrgentMeasure(
        measure="Вызвать скорую помощь", responsible="Орлова", organization="hospital-03"
    ),
    UrgentMeasure(measure="Привезти горячий обед", responsible="Кузьмин"),
]
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


def test_plan_names_the_organizations_drawn_in_and_no_person_r_3_1_7() -> None:
    case = immediate()
    (event,) = plan_urgent_measures(case, MEASURES, when(SUNDAY))
    assert isinstance(event, UrgentMeasuresPlanned)
    assert (event.measures, event.organizations) == (2, ("hospital-03",))
    assert "Орлова" not in event.model_dump_json()


def test_second_plan_is_refused_r_3_1_7() -> None:
    case = immediate()
    plan_urgent_measures(case, MEASURES, when(SUNDAY))
    with pytest.raises(NotAllowedInState) as refused:
        plan_urgent_measures(case, MEASURES[:1], when(SUNDAY))
    assert refused.value.code == "already-planned"
    assert len(case.urgent_measures) == 2


@pytest.mark.parametrize(("results", "done"), [(1, False), (2, True), (3, False)])
def test_every_measure_needs_its_result_r_3_1_7(results: int, done: bool) -> None:
    case = immediate()
    plan_urgent_measures(case, MEASURES, when(SUNDAY))
    given = ["выполнено"] * results
    if not done:
        with pytest.raises(InvalidInput) as refused:
            complete_urgent_measures(case, given, when(SUNDAY))
        assert (refused.value.code, refused.value.field) == ("result-missing", "results")
        return
    (event,) = complete_urgent_measures(case, given, when(SUNDAY))
    assert isinstance(event, UrgentMeasuresDone)
    assert [(term.code, term.met) for term in event.closed] == [("urgent-measures", True)]
    assert [measure.result for measure in case.urgent_measures] == given


def test_results_without_a_plan_or_twice_are_refused_r_3_1_7() -> None:
    case = immediate()
    with pytest.raises(NotAllowedInState) as refused:
        complete_urgent_measures(case, ["да"], when(SUNDAY))
    assert refused.value.code == "no-open-plan"
    plan_urgent_measures(case, MEASURES[:1], when(SUNDAY))
    complete_urgent_measures(case, ["да"], when(SUNDAY))
    with pytest.raises(NotAllowedInState):
        complete_urgent_measures(case, ["нет"], when(SUNDAY))
    assert case.urgent_measures[0].result == "да"
