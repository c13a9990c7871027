"""A further referral about a citizen whose case is triaged or set aside is not lost in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import careplan
from contracts.errors import NotAllowedInState
from contracts.event import Event
from contracts.intake import CaseReopened
from contracts.referral import (
    Channel,
    CircumstancesCorrected,
    ReferralLinked,
    ReferralsReviewed,
    ReviewOutcome,
)
from contracts.triage import TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.assignment import assign_case
from services.intake.domain.case import Case
from services.intake.domain.closing import WithoutObject
from services.intake.domain.consenting import ConsentState, learn_consent
from services.intake.domain.documents import register_application
from services.intake.domain.ending import (
    close_consultation,
    close_without_object,
    withdraw_referral,
)
from services.intake.domain.further import review_referrals
from services.intake.domain.joined_cases import close_joined, link_joined, unlink_joined
from services.intake.domain.notices import task_status
from services.intake.domain.records import ApplicantKind
from services.intake.domain.registration import link_referral, register_case
from services.intake.domain.task_states import TaskStatus
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.domain.urgent import (
    MeasureResult,
    PlannedMeasure,
    needs_urgent_help,
    plan_urgent_measures,
    record_urgent_results,
)
from services.intake.domain.worklists import Worklist, place_of, settle
from services.intake.handlers import CASE_HANDLERS
from tests.unit.intake.sample import (
    ADVICE,
    CONSENTED,
    DANGER,
    HOSPITAL,
    NOON,
    REQUEST,
    analysed,
    applied,
    dead_code,
    decline,
    entry,
    form,
    in_status,
    registered,
    requested,
    sent,
    triaged,
    when,
)

LATER = when(NOON + timedelta(days=1))

REFUSED = (
    careplan.Decided(by=when().by, outcome=careplan.Outcome.REFUSE),
    careplan.Refused(by=when().by, notice_number="9-у", grounds=("no_need",)),
)
ENROLLED = (
    careplan.Enrolled(
        by=when().by, order_number="15-з", form=careplan.ServiceForm.HOME, provider="p-1"
    ),
)


def danger_about(case: Case, **changed: object) -> list[object]:
    """The neighbour phones: the citizen is in danger."""
    second = entry(2, form=form(in_danger=True), received_at=LATER.now, **changed)
    return list(link_referral(case, second, LATER))


def listed(case: Case) -> tuple[Worklist, str]:
    settle(case, LATER, moved=True)
    place = place_of(case)
    assert place is not None
    assert place.term is not None
    return place.row.worklist, place.term.deadline.code


def test_declined_case_is_analysed_anew_when_the_citizen_is_referred_again_r_3_1_3() -> None:
    case = in_status(Status.DECLINED)
    linked, reopened = danger_about(case, requester=HOSPITAL)
    assert isinstance(linked, ReferralLinked)
    assert isinstance(reopened, CaseReopened)
    assert (linked.in_danger, linked.to_review, reopened.analysis_anew) == (True, False, True)
    assert [term.code for term in reopened.opened] == ["referral-analysis", "urgent-measures"]
    assert (case.status, case.code, listed(case)) == (
        Status.REGISTERED,
        None,
        (Worklist.ANALYSIS, "urgent-measures"),
    )
    assert task_status(case, entry(2).id) == (TaskStatus.ACCEPTED, None)


def test_nothing_leaves_until_the_citizen_has_applied_again_r_3_3_7_2() -> None:
    case = requested()
    decline(case)
    danger_about(case)
    answer_questions(case, DANGER, False, LATER, applicant_informed=True)
    triage_case(case, TriageCode.IMMEDIATE, None, LATER)
    assert case.sendable == []
    events = register_application(case, ApplicantKind.CITIZEN, False, [], LATER, consent=CONSENTED)
    assert [request.id for request in case.sendable] == [REQUEST]
    assert [document.code for document in case.documents].count("application") == 1
    assert "interagency-request" in {term.code for event in events for term in event.opened}


def test_request_that_left_is_awaited_again_with_the_new_application_r_3_2() -> None:
    case = sent()
    decline(case)
    danger_about(case)
    answer_questions(case, DANGER, False, LATER, applicant_informed=True)
    triage_case(case, TriageCode.IMMEDIATE, None, LATER)
    register_application(case, ApplicantKind.CITIZEN, False, [], LATER, consent=CONSENTED)
    assert "interagency-answer" in {term.code for term in case.terms.deadlines}


def test_term_of_urgent_help_runs_from_the_referral_that_called_for_it_r_3_1_7() -> None:
    case = in_status(Status.DECLINED)
    danger_about(case)
    answer_questions(case, DANGER, False, LATER, applicant_informed=True)
    triage_case(case, TriageCode.IMMEDIATE, None, LATER)
    (urgent,) = [term for term in case.terms.deadlines if term.code == "urgent-measures"]
    assert urgent.started_at == LATER.now


def test_declined_before_it_was_passed_on_waits_there_again_r_3_1_2() -> None:
    case = in_status(Status.TO_FORWARD)
    decline(case)
    second = entry(2, taken_in=True, form=form(in_danger=True))
    _, reopened = link_referral(case, second, LATER)
    assert isinstance(reopened, CaseReopened)
    assert listed(case) == (Worklist.FORWARDING, "urgent-measures")


def test_referral_about_who_took_the_consent_back_is_looked_at_152_fz_9() -> None:
    case = applied()
    learn_consent(case, ConsentState(None, NOON), when())
    (linked,) = danger_about(case, requester=HOSPITAL)
    assert isinstance(linked, ReferralLinked)
    assert (case.status, linked.to_review) == (Status.DECLINED, True)
    assert listed(case) == (Worklist.FURTHER_REFERRAL, "urgent-measures")
    assert task_status(case, entry(2).id)[0] is TaskStatus.RECEIVED
    with pytest.raises(NotAllowedInState) as refused:
        review_referrals(case, ReviewOutcome.URGENT_HELP, "помочь", LATER)
    assert (refused.value.code, refused.value.clause) == ("case-set-aside", "152-FZ 9")
    review_referrals(case, ReviewOutcome.NOTHING_NEW, "согласия нет", LATER)
    assert (place_of(case), case.terms.deadlines) == (None, [])


@pytest.mark.parametrize("make", [triaged, applied, lambda: in_status(Status.PACKAGE_COMPLETE)])
def test_further_referral_to_a_triaged_case_is_looked_at_first_r_3_1_8(make: object) -> None:
    case = make()  # type: ignore[operator]
    (linked,) = danger_about(case)
    assert isinstance(linked, ReferralLinked)
    assert linked.to_review
    assert {term.code for term in linked.opened} == {"referral-analysis", "urgent-measures"}
    assert listed(case) == (Worklist.FURTHER_REFERRAL, "urgent-measures")
    (reviewed,) = review_referrals(case, ReviewOutcome.NOTHING_NEW, "уже помогли", LATER)
    assert isinstance(reviewed, ReferralsReviewed)
    assert {term.code for term in reviewed.closed} == {"referral-analysis", "urgent-measures"}
    assert reviewed.journal_numbers == (entry(2).journal_number,)
    assert listed(case)[0] is not Worklist.FURTHER_REFERRAL
    with pytest.raises(NotAllowedInState) as refused:
        review_referrals(case, ReviewOutcome.NOTHING_NEW, "ещё раз", LATER)
    assert refused.value.code == "nothing-to-review"


def test_who_analyses_sees_every_referral_so_none_waits_besides_r_3_1_3() -> None:
    for case in (registered(), analysed()):
        (linked,) = danger_about(case)
        assert isinstance(linked, ReferralLinked)
        assert (linked.to_review, case.to_review) == (False, [])


def test_further_referral_may_call_for_urgent_help_r_3_1_7() -> None:
    case = triaged(TriageCode.IMMEDIATE, answers=DANGER)
    measure = PlannedMeasure(measure="Вызвать врача", responsible="Орлова")
    plan_urgent_measures(case, [measure], when())
    record_urgent_results(case, [MeasureResult(measure=1, done=True, result="сделано")], when())
    danger_about(case)
    review_referrals(case, ReviewOutcome.URGENT_HELP, "упал", LATER)
    assert needs_urgent_help(case)
    assert listed(case) == (Worklist.URGENT_MEASURES, "urgent-measures")
    plan_urgent_measures(case, [measure], LATER)
    record_urgent_results(case, [MeasureResult(measure=2, done=True, result="сделано")], LATER)
    assert not needs_urgent_help(case)
    assert listed(case)[0] is Worklist.APPLICATION


def test_consultation_does_not_end_over_a_referral_nobody_looked_at_r_3_1_3() -> None:
    case = triaged(TriageCode.CONSULTATION)
    danger_about(case)
    with pytest.raises(NotAllowedInState) as refused:
        close_consultation(case, ADVICE, LATER)
    assert (refused.value.code, refused.value.clause) == ("further-referral-waits", "R 3.1.3")
    with pytest.raises(NotAllowedInState) as refused:
        review_referrals(case, ReviewOutcome.URGENT_HELP, "упал", LATER)
    assert refused.value.code == "only-a-consultation"
    (reviewed,) = review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "нужен уход", LATER)
    assert [term.code for term in reviewed.opened] == ["referral-analysis"]
    assert (case.status, case.code, case.proposal) == (Status.REGISTERED, None, None)
    answer_questions(case, DANGER, False, LATER, applicant_informed=True)
    triage_case(case, TriageCode.IMMEDIATE, None, LATER)
    assert listed(case) == (Worklist.URGENT_MEASURES, "urgent-measures")


def test_code_stands_once_an_application_is_registered_r_3_1_6() -> None:
    case = applied()
    danger_about(case)
    with pytest.raises(NotAllowedInState) as refused:
        review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "иначе", LATER)
    assert refused.value.code == "application-registered"


def test_who_declines_leaves_a_referral_nobody_looked_at_in_its_list_r_3_1_3() -> None:
    case = triaged()
    danger_about(case)
    decline(case, LATER)
    assert listed(case) == (Worklist.FURTHER_REFERRAL, "urgent-measures")


def test_referral_its_sender_took_back_waits_for_nobody_l_5_1() -> None:
    case = triaged()
    danger_about(case, requester=HOSPITAL)
    second = entry(2)
    (withdrawn,) = withdraw_referral(
        case, second.id, TaskStatus.CANCELLED, "выписан", LATER, hash_of=dead_code
    )
    assert (case.to_review, len(withdrawn.closed)) == ([], 2)


@pytest.mark.parametrize("elder_declined", [False, True])
def test_untriaged_case_that_is_joined_to_an_elder_one_is_not_lost_there_l_5_1(
    elder_declined: bool,
) -> None:
    elder, younger = triaged(), Case(id="C2")
    register_case(
        younger,
        entry(2, form=form(in_hospital=True, channel=Channel.WRITTEN, oral=False)),
        "P2",
        already_served=False,
        status_code_hash="0" * 64,
        at=LATER,
    )
    if elder_declined:
        decline(elder)
    close_joined(younger, "C1", LATER)
    events = link_joined(elder, younger, LATER)
    assert any(isinstance(event, CaseReopened) for event in events) is elder_declined
    wanted = Worklist.ANALYSIS if elder_declined else Worklist.FURTHER_REFERRAL
    assert (listed(elder), elder.in_hospital) == ((wanted, "referral-analysis"), True)
    _, corrected, *set_aside = unlink_joined(elder, younger, LATER, hash_of=dead_code)
    assert isinstance(corrected, CircumstancesCorrected)  # who lies there is not its citizen
    assert (elder.in_hospital, bool(set_aside)) == (False, elder_declined)
    assert elder.terms.deadlines == []


def test_case_declined_itself_takes_up_none_that_it_is_joined_to_r_3_3_7_2() -> None:
    elder, younger = in_status(Status.DECLINED), registered()
    younger.id, younger.entry_id = "C2", entry(2).id
    decline(younger)
    close_joined(younger, "C1", LATER)
    link_joined(elder, younger, LATER)
    assert elder.status is Status.DECLINED


def test_hospital_that_refers_second_is_known_to_the_case_r_3_3_3() -> None:
    case = registered()
    hospital = form(in_hospital=True, channel=Channel.MEDICAL_ORGANIZATION, oral=False)
    (linked,) = link_referral(case, entry(2, form=hospital, requester=HOSPITAL), LATER)
    assert isinstance(linked, ReferralLinked)
    assert (linked.in_hospital, case.in_hospital) == (True, True)


@pytest.mark.parametrize("end", [REFUSED, ENROLLED])
def test_case_that_ends_before_anybody_looked_keeps_the_referral_listed_r_3_1_3(
    end: tuple[Event, ...],
) -> None:
    case = in_status(Status.PACKAGE_COMPLETE)
    danger_about(case)
    for event in end:
        CASE_HANDLERS[type(event)](case, event, LATER)
    assert case.over
    assert listed(case) == (Worklist.FURTHER_REFERRAL, "urgent-measures")
    assign_case(case, "staff:0117", "её участок", LATER)
    for outcome in (ReviewOutcome.URGENT_HELP, ReviewOutcome.ANALYSIS_ANEW):
        with pytest.raises(NotAllowedInState) as refused:
            review_referrals(case, outcome, "помочь", LATER)
        assert (refused.value.code, refused.value.clause) == ("case-is-over", "R 3.1.2")
    review_referrals(case, ReviewOutcome.NOTHING_NEW, "заведено новое обращение", LATER)
    assert (place_of(case), case.terms.deadlines) == (None, [])


def test_case_without_object_takes_its_unseen_referrals_with_it_r_3_1_2() -> None:
    case = applied()
    danger_about(case)
    close_without_object(case, WithoutObject.DIED, LATER)
    assert (place_of(case), case.terms.deadlines) == (None, [])
