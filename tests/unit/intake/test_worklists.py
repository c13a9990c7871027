"""Every open case is in exactly one list, with one owner and one next term, in every state."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import assessment, careplan
from contracts.assessment import SurveyOutcome
from contracts.context import Context
from contracts.errors import Refusal
from contracts.event import Event
from contracts.regulation import load_pack
from contracts.terms import ClosedTerm, Deadline
from contracts.triage import TriageCode
from services.intake.domain import declining
from services.intake.domain.actions import ALLOWED, OPEN, Action, Status
from services.intake.domain.case import Case
from services.intake.domain.dispatching import record_not_sent, record_sent
from services.intake.domain.registration import link_referral
from services.intake.domain.terms import sound_terms
from services.intake.domain.urgent import MeasureResult, record_urgent_results
from services.intake.domain.worklists import (
    WORKLISTS,
    NextTerm,
    TermSource,
    Worklist,
    follow,
    place_of,
    settle,
)
from services.intake.handlers import CASE_HANDLERS
from tests.unit.intake.sample import (
    CERTIFICATE,
    DANGER,
    NOON,
    REQUEST,
    analysed,
    applied,
    complete,
    entry,
    form,
    in_status,
    record_certificate,
    record_negative_answer,
    register_sheet,
    registered,
    requested,
    sent,
    taken_in,
    triaged,
    when,
)
from tests.unit.intake.test_allowed import WAYS

PACK = load_pack("kuzbass-2013")
BY = when().by


def surveyed(outcome: SurveyOutcome = SurveyOutcome.COMMISSION) -> Event:
    return assessment.SurveyCompleted(by=BY, outcome=outcome)


def named() -> Event:
    return assessment.OrganizerAssigned(by=BY, organizer="staff-7", opened=(term("commission"),))


def assessed(case: Case) -> Event:
    return assessment.NeedsAssessed(
        by=BY,
        case=case.reference,
        proposal=assessment.Proposal.SERVICE,
        organizer="staff-7",
        instrument="care-need-2026",
        instrument_version="1",
        closed=(ended("commission"),),
    )


def term(code: str, moment: datetime = NOON) -> Deadline:
    return when(moment).deadline(PACK, code)


def ended(code: str) -> ClosedTerm:
    return ClosedTerm(code=code, due_at=term(code).due_at, closed_at=when().now)


DRAFTED = careplan.PlanDrafted(by=BY, plan_version=1, weekly_minutes=600, executors=("p-1",))
SUBMITTED = careplan.PackageSubmitted(by=BY, documents=("protocol",), opened=(term("decision"),))
ENROL = careplan.Decided(by=BY, outcome=careplan.Outcome.ENROL, closed=(ended("decision"),))
REFUSE = careplan.Decided(by=BY, outcome=careplan.Outcome.REFUSE)
REFUSED = careplan.Refused(by=BY, notice_number="9-у", grounds=("no_need",))
ANNULLED = careplan.CaseReopened(by=BY, complaint_id="K1")
ENROLLED = careplan.Enrolled(
    by=BY, order_number="15-з", form=careplan.ServiceForm.HOME, provider="p-1"
)
DECLINED = assessment.AssessmentDeclined(by=BY)


def heard(case: Case, *events: Event, at: Context | None = None) -> Case:
    for event in events:
        CASE_HANDLERS[type(event)](case, event, at or when())
    return case


def settled(case: Case) -> Case:
    settle(case, when(), moved=True)
    return case


def opened(case: Case) -> Event:
    terms = (term("primary-survey"), term("survey-stage"))
    return assessment.AssessmentOpened(by=BY, case=case.reference, opened=terms)


def negative() -> Case:
    case = sent()
    record_negative_answer(case, REQUEST, "нет такого пенсионера", when())
    return case


def referred_again(case: Case, **said: bool) -> Case:
    link_referral(case, entry(2, form=form(**said)), when())
    return case


def overdue() -> Case:
    case = sent()
    sound_terms(case, when(NOON + timedelta(days=30)))
    return case


def thought_over() -> Case:
    case = applied()
    declining.decline(
        case,
        when(),
        consequences_explained=True,
        contact_left=True,
        think_until=NOON.date() + timedelta(days=9),
    )
    sound_terms(case, when(NOON + timedelta(days=10)))
    return case


def whole(*events: Event) -> Case:
    return heard(complete(), *events)


LISTED: dict[str, tuple[Callable[[], Case], Worklist, str, str, str]] = {
    "taken in": (taken_in, Worklist.FORWARDING, "registrar", "referral-forwarding",
        "R 3.1.2, 5.5.2"),
    "registered": (registered, Worklist.ANALYSIS, "registrar", "referral-analysis", "R 3.1.8"),
    "analysed": (analysed, Worklist.TRIAGE, "urgent_head", "referral-analysis", "R 3.1.8"),
    "referred again": (lambda: referred_again(triaged()), Worklist.FURTHER_REFERRAL,
        "urgent_head", "referral-analysis", "R 3.1.8"),
    "referred again in danger": (lambda: referred_again(triaged(), in_danger=True),
        Worklist.FURTHER_REFERRAL, "urgent_head", "urgent-measures", "R 3.1.7"),
    "immediate": (lambda: triaged(TriageCode.IMMEDIATE, answers=DANGER),
        Worklist.URGENT_MEASURES, "urgent_head", "urgent-measures", "R 3.1.7"),
    "urgent at the survey": (lambda: heard(triaged(), surveyed(SurveyOutcome.URGENT_HELP)),
        Worklist.URGENT_MEASURES, "urgent_head", "urgent-help-follow-up", "ours"),
    "consultation": (lambda: triaged(TriageCode.CONSULTATION),
        Worklist.CONSULTATION, "specialist", "consultation-follow-up", "ours"),
    "declined at the survey": (lambda: heard(triaged(), surveyed(SurveyOutcome.DECLINED)),
        Worklist.DECLINED_AT_SURVEY, "specialist", "decline-follow-up", "ours"),
    "triaged": (triaged, Worklist.APPLICATION, "specialist", "application-follow-up", "ours"),
    "being surveyed": (lambda: heard(case := triaged(), opened(case)),
        Worklist.APPLICATION, "specialist", "primary-survey", "R 3.3.2"),
    "applied": (applied, Worklist.INTERAGENCY_REQUEST, "institution_director",
        "interagency-request", "R 3.2.4"),
    "request signed": (requested, Worklist.INTERAGENCY_REQUEST, "institution_director",
        "interagency-request", "R 3.2.4"),
    "request refused": (negative, Worklist.INTERAGENCY_REQUEST, "institution_director",
        "request-anew-follow-up", "ours"),
    "answer overdue": (overdue, Worklist.INTERAGENCY_REQUEST, "institution_director",
        "interagency-answer", "210-FZ 7.2 (3)"),
    "request sent": (sent, Worklist.INTERAGENCY_ANSWER, "registrar",
        "interagency-answer", "210-FZ 7.2 (3)"),
    "package complete": (complete, Worklist.ORGANIZER, "urgent_head",
        "organizer-follow-up", "ours"),
    "organizer named": (lambda: whole(named()), Worklist.COMMISSION, "care_organizer",
        "commission", "R 3.4.10"),
    "assessed": (lambda: heard(case := whole(named()), assessed(case)), Worklist.CARE_PLAN,
        "care_organizer", "care-plan-follow-up", "ours"),
    "submitted": (lambda: whole(SUBMITTED), Worklist.DECISION, "authorised_body_head",
        "decision", "R 3.6.5"),
    "decided to enrol": (lambda: whole(SUBMITTED, ENROL), Worklist.ENROLMENT,
        "institution_director", "enrolment-follow-up", "ours"),
    "decided to refuse": (lambda: whole(SUBMITTED, REFUSE), Worklist.REFUSAL_NOTICE,
        "registrar", "decision", "R 3.6.5"),
    "thought about it long enough": (thought_over, Worklist.ASKING_AGAIN,
        "specialist", "asking-again-follow-up", "ours"),
    "refusal annulled": (lambda: whole(SUBMITTED, REFUSE, REFUSED, ANNULLED), Worklist.DECISION,
        "authorised_body_head", "decision", "R 3.6.5"),
}  # fmt: skip


@pytest.mark.parametrize("state", LISTED)
def test_state_of_a_case_is_its_list_its_owner_and_its_next_term(state: str) -> None:
    make, worklist, role, code, clause = LISTED[state]
    place = place_of(settled(make()))
    assert place is not None
    assert (place.row.worklist, place.owner) == (worklist, f"role:{role}")
    assert place.term is not None
    assert (place.term.deadline.code, place.term.deadline.clause) == (code, clause)
    assert (place.term.source is TermSource.FOLLOW_UP) is (clause == "ours")


def test_documents_of_the_citizen_are_waited_for_r_3_3_9() -> None:
    case = sent()
    case.documents = [d for d in case.documents if d.code != "medical_certificate"]
    register_sheet(case)
    place = place_of(settled(case))
    assert place is not None
    assert (place.row.worklist, place.row.role) == (Worklist.DOCUMENTS, "specialist")
    assert place.term is not None
    assert place.term.deadline.code == "interagency-answer"  # R 3.3.9 sets none; this comes first


def test_survey_is_followed_while_its_sheet_alone_is_missing_r_3_3_8() -> None:
    case = sent()
    record_certificate(case, REQUEST, CERTIFICATE, when())
    heard(case, opened(case))
    place = place_of(case)
    assert place is not None
    assert (place.row.worklist, place.row.follows) == (Worklist.SURVEY, "assessment")
    assert place.term is not None
    assert (place.term.deadline.code, place.term.source) == ("primary-survey", TermSource.FOLLOWED)


@pytest.mark.parametrize(
    "over",
    [
        lambda: Case(id="C1"),
        lambda: in_status(Status.DECLINED),
        lambda: in_status(Status.CLOSED),
        lambda: whole(SUBMITTED, REFUSE, REFUSED),
        lambda: whole(SUBMITTED, ENROL, ENROLLED),
    ],
)
def test_case_in_which_nothing_is_to_be_done_is_in_no_list(over: Callable[[], Case]) -> None:
    case = over()
    settle(case, when(), moved=True)
    assert place_of(case) is None
    assert case.follow_up is None


def test_every_list_is_in_the_table_once_and_reached() -> None:
    assert {row.worklist for row in WORKLISTS} == set(Worklist)
    assert len(WORKLISTS) == len(Worklist)
    reached = {worklist for _, worklist, *_ in LISTED.values()}
    assert reached | {Worklist.DOCUMENTS, Worklist.SURVEY} == set(Worklist)


@pytest.mark.parametrize("row", WORKLISTS, ids=lambda row: row.worklist)
def test_list_without_a_term_of_its_own_has_a_follow_up_with_its_reason(row: object) -> None:
    worklist = row.worklist  # type: ignore[attr-defined]
    rule = PACK.follow_up(worklist)
    statutory = {
        Worklist.FORWARDING,
        Worklist.FURTHER_REFERRAL,
        Worklist.ANALYSIS,
        Worklist.TRIAGE,
        Worklist.INTERAGENCY_ANSWER,
    }
    assert (rule is None) is (worklist in statutory)
    if rule is not None:
        assert rule.clause == "ours"
        assert (len(rule.reason_ru) > 40, len(rule.reason_en) > 40) == (True, True)


def test_follow_ups_name_lists_that_there_are() -> None:
    assert {rule.worklist for rule in PACK.follow_ups} <= set(Worklist)


def test_follow_up_counts_from_the_last_thing_that_happened() -> None:
    case = triaged()
    settle(case, when(), moved=True)
    settle(case, when(NOON + timedelta(days=1)), moved=True)
    later = case.follow_up
    settle(case, when(NOON), moved=True)  # heard late, happened before
    settle(case, when(NOON + timedelta(days=5)), moved=False)  # an alarm, an assignment
    assert case.follow_up == later
    assert later is not None
    assert later.started_at == when(NOON + timedelta(days=1)).now


def test_term_of_the_regulation_goes_before_a_later_one_of_ours() -> None:
    case = heard(sent(), surveyed(SurveyOutcome.URGENT_HELP))
    place = place_of(case)
    assert place is not None
    assert place.row.worklist is Worklist.URGENT_MEASURES
    assert place.term is not None
    assert place.term.deadline.code == "urgent-help-follow-up"  # one day: before the answer's five
    assert case.follow_up is not None
    case.follow_up = term("interagency-answer", NOON + timedelta(days=9))
    hidden = place_of(case)
    assert hidden is not None
    assert hidden.term == NextTerm(case.terms.deadlines[0], TermSource.STATUTORY)


def test_case_stored_by_a_version_without_worklists_is_to_be_looked_at_at_once() -> None:
    case = triaged()
    case.follow_up = None
    place = place_of(case)
    assert place is not None
    assert place.term is not None
    assert place.term.deadline.due_at == case.received_at
    assert (place.term.deadline.code, place.term.source) == (
        "application-follow-up",
        TermSource.FOLLOW_UP,
    )
    settle(case, when(), moved=False)
    settled_place = place_of(case)
    assert settled_place is not None
    assert settled_place.term is not None
    assert settled_place.term.deadline.due_at > when().now


def test_followed_term_that_starts_anew_takes_the_place_of_its_earlier_start() -> None:
    case = triaged()
    follow(case, "assessment", [term("primary-survey")], [])
    anew = term("primary-survey", NOON + timedelta(days=3))
    follow(case, "assessment", [anew, term("survey-stage")], [])
    assert case.followed["assessment"] == [anew, term("survey-stage")]
    follow(case, "assessment", [], [ended("primary-survey"), ended("decision")])
    assert case.followed["assessment"] == [term("survey-stage")]
    follow(case, "careplan", [term("decision")], [])
    assert set(case.followed) == {"assessment", "careplan"}


OTHERS: tuple[Callable[[Case], Event], ...] = (
    opened,
    lambda case: assessment.AssessmentOpened(by=BY, case=case.reference, reopened=True),
    lambda case: surveyed(),
    lambda case: surveyed(SurveyOutcome.URGENT_HELP),
    lambda case: surveyed(SurveyOutcome.DECLINED),
    lambda case: named(),
    assessed,
    lambda case: DECLINED,
    lambda case: DRAFTED,
    lambda case: SUBMITTED,
    lambda case: ENROL,
    lambda case: REFUSE,
    lambda case: REFUSED,
    lambda case: ANNULLED,
)


BEGUN = [status for status in Status if status is not Status.AWAITED]


def held(case: Case, at: Context) -> None:
    """What must be true of a case at any moment."""
    place = place_of(case)
    unseen = any(link.to_review for link in case.linked)
    going_on = case.status in OPEN | {Status.TO_FORWARD} and case.progress.order_number is None
    asked = case.status is Status.DECLINED and case.ask_again_at is not None
    waits = unseen and case.status in ALLOWED[Action.REVIEW_REFERRAL] and case.joined_to is None
    asked = asked and not case.consent_withdrawn
    assert (place is not None) is (going_on or waits or asked)
    if place is None:
        return
    assert sum(row.worklist is place.row.worklist for row in WORKLISTS) == 1
    assert place.owner in {f"person:{case.assignee}", f"role:{place.role}"}
    assert place.term is not None, (case.status, place.row.worklist)
    if place.term.source is TermSource.FOLLOW_UP:
        assert place.term.deadline == case.follow_up
    codes = {deadline.code for deadline in case.terms.deadlines}
    if place.row.worklist in {Worklist.ANALYSIS, Worklist.TRIAGE}:
        assert "referral-analysis" in codes
        assert "urgent-measures" in codes or not case.in_danger
    if place.row.worklist is Worklist.INTERAGENCY_ANSWER:
        assert "interagency-answer" in codes
    if place.row.worklist is Worklist.URGENT_MEASURES:
        done, called = case.urgent_done_at, case.urgent_called_at
        immediate = case.code is TriageCode.IMMEDIATE and done is None
        again = called is not None and (done is None or called > done)
        assert ("urgent-measures" in codes) is (immediate or again)
    if place.row.worklist is Worklist.FURTHER_REFERRAL:
        assert "referral-analysis" in codes


def commands(case: Case, dice: random.Random, at: Context) -> None:
    """Something that somebody does at a desk, or that the machine does by itself."""
    action = dice.choice([*WAYS, "results", "sent", "not sent", "refused", "alarm"])
    before = case.model_copy(deep=True)
    moved = True
    try:
        if action == "results":
            done = dice.random() < 0.7
            number = dice.randint(1, 3)
            record_urgent_results(
                case, [MeasureResult(measure=number, done=done, result="итог")], at
            )
        elif action == "sent":
            record_sent(case, at)
        elif action == "not sent":
            record_not_sent(case, at)
        elif action == "refused":
            record_negative_answer(case, case.request.id if case.request else "", "нет", at)
        elif action == "alarm":
            sound_terms(case, at)
            moved = False
        elif isinstance(action, Action):
            WAYS[action][1](case)
            moved = action not in {Action.ASSIGN, Action.LINK_REFERRAL}
    except Refusal:
        for name in type(case).model_fields:
            setattr(case, name, getattr(before, name))
        return
    settle(case, at, moved=moved)


@settings(max_examples=250, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    state=st.sampled_from([*LISTED, *BEGUN]),
    steps=st.integers(1, 40),
)
def test_every_open_case_is_in_one_list_with_one_owner_and_one_next_term_whatever_happens(
    seed: int, state: str, steps: int
) -> None:
    dice = random.Random(seed)
    case = in_status(state) if isinstance(state, Status) else LISTED[state][0]()
    settle(case, when(), moved=True)
    held(case, when())
    moment = NOON
    for _ in range(steps):
        moment += timedelta(minutes=dice.choice((1, 30, 600, 3000)))
        at = when(moment)
        if dice.random() < 0.6:
            commands(case, dice, at)
        else:
            heard(case, dice.choice(OTHERS)(case), at=at)
        held(case, at)
