"""Whoever is said to be in danger is helped the day it is said, triaged or not (R 3.1.7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.referral import ReferralForwarded, ReferralLinked, ReturnReason, ReviewOutcome
from contracts.triage import TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.declining import reopen
from services.intake.domain.forwarding import forward_referral, return_referral
from services.intake.domain.further import review_referrals
from services.intake.domain.records import ChosenBy
from services.intake.domain.registration import link_referral
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.domain.urgent import (
    MeasureResult,
    PlannedMeasure,
    danger_reported,
    plan_urgent_measures,
    record_urgent_results,
)
from services.intake.domain.worklists import Worklist, place_of, settle
from tests.unit.intake.sample import (
    BODY,
    CALM,
    DANGER,
    INSTITUTION,
    NOON,
    THERE,
    analysed,
    decline,
    entry,
    form,
    registered,
    taken_in,
    triaged,
    when,
)

LATER = when(NOON + timedelta(hours=3))
NEXT_DAY = when(NOON + timedelta(days=1))
MEASURE = PlannedMeasure(measure="Вызвать врача", responsible="Орлова")


def in_danger() -> Case:
    return registered(form=form(in_danger=True))


def danger_about(case: Case, at: Context = LATER) -> ReferralLinked:
    linked, *_ = link_referral(case, entry(2, form=form(in_danger=True), received_at=at.now), at)
    assert isinstance(linked, ReferralLinked)
    return linked


def term_of(case: Case) -> tuple[object, object]:
    """When the same-day term began, and its day."""
    (found,) = [term for term in case.terms.deadlines if term.code == "urgent-measures"]
    return found.started_at, found.due_on


def running(case: Case) -> set[str]:
    return {term.code for term in case.terms.deadlines}


def listed(case: Case, at: Context = LATER) -> tuple[Worklist, str]:
    settle(case, at, moved=True)
    place = place_of(case)
    assert place is not None
    assert place.term is not None
    return place.row.worklist, place.term.deadline.code


def answered(case: Case, at: Context = LATER) -> Case:
    answer_questions(case, CALM, False, at, applicant_informed=True)
    return case


def test_first_referral_in_danger_has_the_day_it_arrives_until_triage_r_3_1_7() -> None:
    case = in_danger()
    assert term_of(case) == (when().now, NOON.date())
    assert (listed(case), danger_reported(case)) == ((Worklist.ANALYSIS, "urgent-measures"), True)
    answered(case)
    assert (listed(case), danger_reported(case)) == ((Worklist.TRIAGE, "urgent-measures"), True)


@pytest.mark.parametrize("code", list(TriageCode))
def test_triage_decides_whether_the_same_day_goes_on_r_3_1_7(code: TriageCode) -> None:
    case = answered(in_danger())
    triage_case(case, code, "по решению заведующего", LATER)
    immediate = code is TriageCode.IMMEDIATE
    assert ("urgent-measures" in running(case), danger_reported(case)) == (immediate, False)
    if immediate:
        assert term_of(case) == (when().now, NOON.date())


@pytest.mark.parametrize("make", [registered, analysed])
def test_danger_call_to_an_untriaged_case_is_seen_the_same_day_r_3_1_7(make: object) -> None:
    case: Case = make()  # type: ignore[operator]
    assert not danger_reported(case)
    linked = danger_about(case)
    assert [term.code for term in linked.opened] == ["urgent-measures"]
    assert term_of(case) == (LATER.now, NOON.date())
    assert (listed(case), danger_reported(case)) == ((Worklist.ANALYSIS, "urgent-measures"), True)


def test_nobody_confirms_what_was_proposed_without_the_call_r_3_1_3() -> None:
    case = analysed()
    danger_about(case)
    assert (case.status, case.proposal, case.answers) == (Status.REGISTERED, None, CALM)
    with pytest.raises(NotAllowedInState) as refused:
        triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, LATER)
    assert (refused.value.code, refused.value.clause) == ("questions-unanswered", "R 3.1.3")
    answer_questions(case, DANGER, False, LATER, applicant_informed=True)
    triage_case(case, TriageCode.IMMEDIATE, None, LATER)
    assert term_of(case) == (LATER.now, NOON.date())


def test_danger_is_passed_on_the_same_day_and_helped_the_day_it_came_r_3_1_2_r_3_1_7() -> None:
    case = taken_in(form=form(in_danger=True))
    assert running(case) == {"referral-forwarding", "urgent-measures"}
    assert listed(case) == (Worklist.FORWARDING, "urgent-measures")
    body = when(NEXT_DAY.now, org=BODY)
    (passed,) = forward_referral(case, THERE, ChosenBy.PERSON, None, body)
    assert isinstance(passed, ReferralForwarded)
    assert {term.code for term in passed.closed} == {"referral-forwarding", "urgent-measures"}
    assert term_of(case) == (NEXT_DAY.now, NEXT_DAY.now.date())
    there = when(NEXT_DAY.now + timedelta(days=1), org=INSTITUTION)
    return_referral(case, ReturnReason.ANOTHER_SERVES, None, there)
    assert running(case) == {"referral-forwarding", "urgent-measures"}
    assert term_of(case)[0] == there.now


def test_who_declined_before_triage_and_comes_back_is_still_in_danger_r_3_3_7_2() -> None:
    case = in_danger()
    decline(case, LATER)
    assert running(case) == set()
    reopen(case, NEXT_DAY)
    assert running(case) == {"referral-analysis", "urgent-measures"}


def test_same_day_of_a_call_goes_on_while_the_case_is_analysed_anew_r_3_1_7() -> None:
    case = triaged()
    danger_about(case)
    assert danger_reported(case)
    review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "всё изменилось", NEXT_DAY)
    assert (danger_reported(case), term_of(case)) == (True, (LATER.now, NOON.date()))
    answered(case, NEXT_DAY)
    triage_case(case, TriageCode.CONSULTATION, "нужен совет", NEXT_DAY)
    assert (danger_reported(case), running(case)) == (False, set())


def test_danger_decided_on_is_none_when_the_case_is_analysed_anew_r_3_1_7() -> None:
    case = answered(in_danger())
    triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, LATER)
    link_referral(case, entry(2, received_at=LATER.now), LATER)
    review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "переехал", LATER)
    assert (danger_reported(case), running(case)) == (False, {"referral-analysis"})


def test_call_that_came_while_set_aside_is_before_whoever_analyses_then_r_3_1_3() -> None:
    case = registered()
    decline(case)
    case.consent_withdrawn = True
    danger_about(case)
    assert case.to_review
    case.consent_withdrawn = False
    reopen(case, NEXT_DAY)
    assert (case.to_review, danger_reported(case)) == ([], True)
    assert running(case) == {"referral-analysis", "urgent-measures"}
    answered(case, NEXT_DAY)
    triage_case(case, TriageCode.CONSULTATION, "нужен совет", NEXT_DAY)
    assert listed(case, NEXT_DAY)[0] is Worklist.CONSULTATION


@pytest.mark.parametrize("helped_before", [False, True])
def test_help_called_for_by_a_review_is_of_the_day_when_who_declined_returns_r_3_1_7(
    helped_before: bool,
) -> None:
    case = triaged(TriageCode.IMMEDIATE, answers=DANGER) if helped_before else triaged()
    if helped_before:
        plan_urgent_measures(case, [MEASURE], when())
        record_urgent_results(case, [MeasureResult(measure=1, done=True, result="да")], when())
    danger_about(case)
    review_referrals(case, ReviewOutcome.URGENT_HELP, "упал", LATER)
    decline(case, LATER)
    assert running(case) == set()
    reopen(case, NEXT_DAY)
    assert listed(case, NEXT_DAY) == (Worklist.URGENT_MEASURES, "urgent-measures")
    assert term_of(case)[0] == NEXT_DAY.now


def test_help_that_was_given_begins_no_term_when_who_declined_returns_r_3_1_7() -> None:
    case = triaged(TriageCode.IMMEDIATE, answers=DANGER)
    plan_urgent_measures(case, [MEASURE], when())
    record_urgent_results(case, [MeasureResult(measure=1, done=True, result="да")], when())
    decline(case, LATER)
    reopen(case, NEXT_DAY)
    assert running(case) == set()
