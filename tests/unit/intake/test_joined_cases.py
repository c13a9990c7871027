"""Of two open cases of one citizen the younger ends in the elder, and comes back whole (L 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contracts.intake import CaseClosed, CaseDeclined, CaseReopened
from contracts.referral import ReferralsParted, ReferralWithdrawn
from contracts.triage import TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.consenting import ConsentState, learn_consent
from services.intake.domain.correcting import leave_case
from services.intake.domain.declining import decline as decline_with
from services.intake.domain.documents import register_application
from services.intake.domain.ending import withdraw_referral
from services.intake.domain.joined_cases import (
    close_joined,
    go_on_alone,
    has_taken,
    link_joined,
    reopen_parted,
    unlink_joined,
)
from services.intake.domain.joining import OpenCases
from services.intake.domain.notices import followed, record_handed_over, task_state, tell_requester
from services.intake.domain.records import ApplicantKind
from services.intake.domain.registration import link_referral, register_case
from services.intake.domain.status_code import issue_status_code
from services.intake.domain.task_states import TaskStatus
from services.intake.domain.terms import next_wake, sound_terms
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.domain.worklists import Worklist, place_of, settle
from tests.unit.intake.sample import (
    CALM,
    CONSENTED,
    DANGER,
    HOSPITAL,
    NOON,
    PAPERS,
    applied,
    dead_code,
    decline,
    entry,
    form,
    in_status,
    registered,
    sent,
    taken_in_entry,
    triaged,
    when,
)

LATER = when(NOON + timedelta(days=1))
LAST = when(NOON + timedelta(days=2))
TAKEN_BACK = ConsentState(None, LATER.now, frozenset({LATER.now}))


def younger_case(code: TriageCode | None = None, **changed: Any) -> Case:
    """A hospital's referral of the next day, about the same person under another card."""
    made = Case(id="C2")
    of_hospital = {"requester": HOSPITAL, "received_at": LATER.now, **changed}
    line = of_hospital.pop("line", entry)
    register_case(
        made,
        line(2, **of_hospital),
        "P2",
        already_served=False,
        status_code_hash="0" * 64,
        at=LATER,
    )
    if code is not None:
        answers = DANGER if code is TriageCode.IMMEDIATE else CALM
        answer_questions(made, answers, False, LATER, applicant_informed=True)
        triage_case(made, code, "по решению заведующего", LATER)
    return made


def join(elder: Case, younger: Case) -> None:
    close_joined(younger, elder.id, LATER)
    link_joined(elder, younger, LATER)
    for case in (elder, younger):
        tell_requester(case, LATER)
        settle(case, LATER, moved=True)


def part(elder: Case, younger: Case) -> list[object]:
    events = unlink_joined(elder, younger, LAST, hash_of=dead_code)
    more = reopen_parted(younger, LAST, elder.withdrawals, hash_of=dead_code)
    for case in (elder, younger):
        tell_requester(case, LAST)
        settle(case, LAST, moved=True)
    return [*events, *more]


def told(case: Case) -> dict[str, str]:
    """What senders are to be told now, by referral."""
    return {
        known: task_state(case, known).text
        for known, notice in followed(case)
        if notice.next_attempt_at is not None
    }


def show(case: Case) -> None:
    for known in told(case):
        record_handed_over(case, known, task_state(case, known), LATER)


def set_aside(case: Case, how: str) -> None:
    """Declined, or declined because the consent was taken back, or to be asked once more."""
    if how == "consent":
        learn_consent(case, TAKEN_BACK, LATER)
    elif how == "thinking":
        until = (NOON + timedelta(days=20)).date()
        decline_with(
            case, when(), consequences_explained=True, contact_left=True, think_until=until
        )
    else:
        decline(case)


@pytest.mark.parametrize("how", ["declined", "consent", "thinking"])
@pytest.mark.parametrize("make", [registered, sent, lambda: in_status(Status.TO_FORWARD)])
def test_case_that_goes_on_is_joined_to_none_that_is_set_aside_l_5_1(
    make: Callable[[], Case], how: str
) -> None:
    """What the citizen brought to it is not asked for again (R 5.2), and it stays in its list."""
    elder, younger = make(), younger_case(TriageCode.INITIAL_ASSESSMENT)
    register_application(younger, ApplicantKind.CITIZEN, False, PAPERS, LATER, consent=CONSENTED)
    set_aside(elder, how)
    papers, ending = list(younger.documents), OpenCases(elder, younger).ending()
    assert ending is elder
    join(younger, ending)
    assert (younger.status, younger.documents) == (Status.APPLICATION_REGISTERED, papers)
    assert place_of(younger) is not None
    assert (elder.joined_to, younger.referrals) == ("C2", [entry(2).id, elder.entry_id])
    part(younger, elder)
    assert (elder.status, younger.referrals) == (Status.DECLINED, [entry(2).id])


def test_of_two_set_aside_the_one_that_is_asked_once_more_goes_on_r_3_3_7_2_l_5_1() -> None:
    elder, younger = sent(), younger_case()
    set_aside(elder, "declined")
    set_aside(younger, "thinking")
    assert OpenCases(elder, younger).ending() is elder
    set_aside(elder, "thinking")
    assert OpenCases(elder, younger).ending() is younger


def test_case_that_was_set_aside_just_then_stops_none_that_is_joined_to_it_l_5_1() -> None:
    """Between the decision and its carrying out the citizen took the consent back there."""
    elder, younger = sent(), younger_case(TriageCode.INITIAL_ASSESSMENT)
    learn_consent(elder, TAKEN_BACK, LATER)
    join(elder, younger)
    place = place_of(elder)
    assert place is not None
    assert place.row.worklist is Worklist.FURTHER_REFERRAL
    elder = in_status(Status.TO_FORWARD)
    decline(elder)
    join(elder, younger_case(TriageCode.INITIAL_ASSESSMENT))
    assert elder.status is Status.TO_FORWARD


def test_referral_that_left_a_joined_case_does_not_come_back_r_3_1_8_l_5_1() -> None:
    elder, younger = triaged(), younger_case()
    join(elder, younger)
    for case in (younger, elder):  # it is about somebody else
        leave_case(case, entry(2).id, "C9", LATER, hash_of=dead_code)
    assert has_taken(elder, younger)
    assert (link_joined(elder, younger, LAST), elder.referrals) == ([], [elder.entry_id])
    _, closed = reopen_parted(younger, LAST, hash_of=dead_code)
    assert isinstance(closed, CaseClosed)
    assert (younger.closed_for, place_of(younger)) == ("wrong_person", None)


def test_case_whose_sender_took_its_referral_back_meanwhile_ends_when_parted_l_5_1() -> None:
    elder, younger = triaged(), younger_case()
    join(elder, younger)
    withdraw_referral(
        elder, entry(2).id, TaskStatus.ENTERED_IN_ERROR, "ошибка", LATER, hash_of=dead_code
    )
    events = part(elder, younger)
    assert (younger.status, younger.closed_for) == (Status.CLOSED, "referral_withdrawn")
    (taken_back,) = [event for event in events if isinstance(event, ReferralWithdrawn)]
    assert taken_back.dead_code_hash == dead_code(entry(2).id, 0, "")  # nor does its code open it


def test_code_told_while_the_two_were_one_dies_when_they_are_parted_r_3_7_3() -> None:
    elder, younger = triaged(), younger_case()
    join(elder, younger)
    issue_status_code(elder, str, LATER)
    parted, *_ = part(elder, younger)
    assert isinstance(parted, ReferralsParted)
    assert parted.dead_code_hash == dead_code(elder.entry_id, 1, "")


def test_danger_of_a_referral_that_is_given_back_goes_with_it_r_3_1_7_l_5_1() -> None:
    elder, younger = registered(), younger_case(form=form(in_danger=True, in_hospital=True))
    join(elder, younger)
    assert (elder.in_danger, elder.in_hospital) == (True, True)
    part(elder, younger)
    assert (elder.in_danger, elder.in_hospital) == (False, False)
    assert [term.code for term in elder.terms.deadlines] == ["referral-analysis"]
    assert (younger.in_danger, younger.in_hospital) == (True, True)


def test_case_that_waits_to_be_passed_on_is_joined_and_comes_back_r_3_1_2() -> None:
    elder, younger = triaged(), younger_case(line=taken_in_entry)
    assert younger.status is Status.TO_FORWARD
    join(elder, younger)
    assert (younger.status, younger.terms.deadlines, place_of(younger)) == (
        Status.CLOSED,
        [],
        None,
    )
    assert elder.pass_on_at == LATER.now  # the body's journal says to whom the referral has gone
    assert younger.waits  # it went nowhere by itself
    part(elder, younger)
    assert (younger.status, younger.pass_on_at) == (Status.TO_FORWARD, LAST.now)
    assert [term.code for term in younger.terms.deadlines] == ["referral-forwarding"]


def test_elder_that_ended_first_takes_nothing_and_the_younger_goes_on_l_5_1() -> None:
    elder, younger = in_status(Status.CLOSED), younger_case()
    close_joined(younger, elder.id, LATER)
    assert link_joined(elder, younger, LATER) == []
    assert not has_taken(elder, younger)
    (reopened,) = go_on_alone(younger, elder.id, LAST, hash_of=dead_code)
    assert isinstance(reopened, CaseReopened)
    assert (younger.status, younger.reunite_at) == (Status.REGISTERED, LAST.now)
    assert next_wake(younger) == LAST.now
    assert place_of(younger) is not None


def test_younger_that_is_over_by_itself_stays_so_l_5_1() -> None:
    over = in_status(Status.CLOSED)
    assert (go_on_alone(over, "C0", LAST, hash_of=dead_code), over.reunite_at) == ([], None)


def test_help_that_was_called_for_in_the_younger_case_is_given_in_the_elder_r_3_1_7() -> None:
    elder, younger = applied(), younger_case(TriageCode.IMMEDIATE)
    join(elder, younger)
    place = place_of(elder)
    assert place is not None
    assert place.term is not None
    assert (place.row.worklist, place.term.deadline.code) == (
        Worklist.FURTHER_REFERRAL,
        "urgent-measures",
    )
    join(quiet := applied(), younger_case(TriageCode.INITIAL_ASSESSMENT))
    assert quiet.to_review == []


def test_case_taken_up_by_a_joining_is_set_aside_when_they_are_parted_r_3_3_7_2_l_5_1() -> None:
    elder, younger = sent(), younger_case()
    until = (NOON + timedelta(days=20)).date()
    decline_with(
        elder, when(), consequences_explained=True, contact_left=True, think_until=until
    )  # fmt: skip
    before = elder.model_copy(deep=True)
    join(elder, younger)
    assert (elder.status, elder.code) == (Status.REGISTERED, None)
    declined = [event for event in part(elder, younger) if isinstance(event, CaseDeclined)]
    assert [term.code for event in declined for term in event.closed] == ["referral-analysis"]
    for kept in ("status", "status_before", "code", "proposal", "think_until", "analysed_since"):
        assert getattr(elder, kept) == getattr(before, kept), kept
    assert (elder.linked, elder.terms.deadlines, place_of(elder)) == ([], [], None)
    assert sound_terms(elder, when(NOON + timedelta(days=21)))  # the reminder is not forgotten


@pytest.mark.parametrize("done", ["answered", "referred"])
def test_what_was_done_since_keeps_the_case_open_when_they_are_parted_l_5_1(done: str) -> None:
    elder, younger = sent(), younger_case()
    decline(elder)
    join(elder, younger)
    if done == "answered":
        answer_questions(elder, CALM, False, LATER, applicant_informed=True)
    else:
        link_referral(elder, entry(3, received_at=LATER.now), LATER)
    part(elder, younger)
    assert elder.status is (Status.ANALYSED if done == "answered" else Status.REGISTERED)
    assert "referral-analysis" in {term.code for term in elder.terms.deadlines}


def test_sender_sees_the_elders_state_and_none_before_the_one_they_saw_l_2_2_l_5_1() -> None:
    elder, younger = registered(), younger_case(TriageCode.INITIAL_ASSESSMENT)
    younger.progress.surveyed = True
    tell_requester(younger, LATER)
    show(younger)
    assert younger.notice.told == "in-progress/survey"
    close_joined(younger, elder.id, LATER)
    tell_requester(younger, LATER)
    assert (told(younger), task_state(younger).text) == ({}, "in-progress/survey")
    link_joined(elder, younger, LATER)
    tell_requester(elder, LATER)
    assert task_state(elder).text == "received"
    assert told(elder) == {entry(2).id: "in-progress/survey"}
    elder.progress.assessed = True
    assert task_state(elder, entry(2).id).text == "in-progress/commission"
    elder.progress.order_number = "15-з"
    assert task_state(elder, entry(2).id).text == "completed/enrolled"


def test_what_waited_to_be_told_when_it_was_joined_is_told_by_the_elder_l_2_2() -> None:
    elder, younger = triaged(), younger_case()
    assert told(younger) == {entry(2).id: "received"}
    join(elder, younger)
    assert (told(younger), next_wake(younger)) == ({}, None)
    assert told(elder) == {entry(2).id: "accepted"}
    show(elder)
    part(elder, younger)
    assert (told(younger), dict(followed(elder))) == ({entry(2).id: "received"}, {})


def test_referral_its_sender_took_back_stays_so_in_either_case_l_5_1() -> None:
    elder, younger = triaged(), younger_case(TriageCode.INITIAL_ASSESSMENT)
    withdraw_referral(
        younger, entry(2).id, TaskStatus.CANCELLED, "ошибка", LATER, hash_of=dead_code
    )
    join(elder, younger)
    assert task_state(elder, entry(2).id).status is TaskStatus.CANCELLED
    assert elder.to_review == []

    elder, younger = triaged(), younger_case(TriageCode.INITIAL_ASSESSMENT)
    join(elder, younger)
    withdraw_referral(elder, entry(2).id, TaskStatus.CANCELLED, "ошибка", LATER, hash_of=dead_code)
    part(elder, younger)
    assert task_state(younger).status is TaskStatus.CANCELLED
