"""Passing a referral on, and back: who may, until when, what is kept (R 3.1.2, 5.5.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contracts.errors import InvalidInput, NotAllowedInState, NotPermitted
from contracts.intake import TermMissed
from contracts.referral import (
    ReferralForwarded,
    ReferralLinked,
    ReferralRegistered,
    ReferralReturned,
    ReturnReason,
    ReviewOutcome,
)
from contracts.triage import TriageCode
from contracts.values import Actor, Address
from services.intake.domain.actions import Status
from services.intake.domain.addresses import is_outside
from services.intake.domain.case import Case, involves
from services.intake.domain.declining import reopen
from services.intake.domain.forwarding import forward_referral, may_move, return_referral
from services.intake.domain.further import review_referrals
from services.intake.domain.journal import JournalEntry
from services.intake.domain.records import ChosenBy, EntryState, Onward, Returned
from services.intake.domain.registration import link_referral, register_case
from services.intake.domain.terms import next_wake, sound_terms
from services.intake.domain.triage import answer_questions, triage_case
from tests.unit.intake.sample import (
    AUTHORISED_BODY,
    BODY,
    CALM,
    DANGER,
    INSTITUTION,
    NOON,
    THERE,
    decline,
    entry,
    local,
    registered,
    taken_in,
    taken_in_entry,
    when,
)

MFC = "mfc-01"
ELSEWHERE = Onward(institution="r-institution-16", authorised_body="r-authorised-body-08")
BY_BODY = when(org=BODY)


def forwarded() -> Case:
    made = taken_in()
    forward_referral(made, THERE, ChosenBy.PERSON, None, BY_BODY)
    return made


def terms_of(case: Case) -> list[str]:
    return [deadline.code for deadline in case.terms.deadlines]


def test_what_a_body_takes_in_waits_there_with_its_term_r_3_1_2_r_5_5_2() -> None:
    case = Case(id="C1")
    (event,) = register_case(
        case,
        taken_in_entry(holder=MFC),
        "P1",
        already_served=False,
        status_code_hash="0" * 64,
        at=when(org=MFC),
    )
    assert isinstance(event, ReferralRegistered)
    assert event.to_forward
    assert (event.case.institution, event.case.authorised_body) == (MFC, BODY)
    (term,) = event.opened
    assert (term.code, term.clause) == ("referral-forwarding", "R 3.1.2, 5.5.2")
    assert term.due_on == date(2026, 2, 3)  # no later than the next working day
    assert case.status is Status.TO_FORWARD


def test_term_of_forwarding_skips_days_off_r_5_5_2() -> None:
    friday = local(2026, 2, 6)
    case = taken_in(when(friday, org=BODY), received_at=friday)
    assert case.terms.deadlines[0].due_on == date(2026, 2, 9)


def test_referral_not_forwarded_in_its_term_sounds_the_alarm_once_r_5_5_2() -> None:
    case = taken_in()
    late = when(local(2026, 2, 4))
    missed = [event for event in sound_terms(case, late) if isinstance(event, TermMissed)]
    assert [event.term.code for event in missed] == ["referral-forwarding"]
    assert missed[0].institution == BODY
    assert sound_terms(case, late) == []


def test_address_that_one_serves_sends_it_on_at_once_in_the_same_write_r_3_1_2() -> None:
    case = Case(id="C1")
    events = register_case(
        case,
        taken_in_entry(onward=THERE),
        "P1",
        already_served=False,
        status_code_hash="0" * 64,
        at=BY_BODY,
    )
    assert [type(event) for event in events] == [ReferralRegistered, ReferralForwarded]
    assert case.status is Status.REGISTERED
    assert case.reference.institution == INSTITUTION
    assert case.forwardings[0].chosen_by is ChosenBy.ADDRESS
    assert case.pass_on_at is None  # who places it enters it in the institution's journal


def test_person_names_the_institution_r_3_1_2() -> None:
    case = taken_in()
    number = case.reference.number
    (event,) = forward_referral(case, THERE, ChosenBy.PERSON, "по телефону", BY_BODY)
    assert isinstance(event, ReferralForwarded)
    assert event.case == case.ref
    assert (event.sender, event.case.institution) == (BODY, INSTITUTION)
    assert event.case.number == number  # for ever, and for every other service
    assert [term.code for term in event.closed] == ["referral-forwarding"]
    assert terms_of(case) == ["referral-analysis"]
    (kept,) = case.forwardings
    assert (kept.sender, kept.institution, kept.sent_by) == (BODY, INSTITUTION, "test:registrar")
    assert (kept.sent_at, kept.note) == (BY_BODY.now, "по телефону")
    assert next_wake(case) == case.pass_on_at


def test_analysis_runs_from_the_receipt_at_the_institution_r_3_1_8() -> None:
    case = taken_in()
    later = when(local(2026, 2, 5), org=BODY)
    forward_referral(case, THERE, ChosenBy.PERSON, None, later)
    assert case.terms.deadlines[0].due_on == date(2026, 2, 6)


def test_urgent_measures_are_of_the_day_it_reached_the_institution_r_3_1_7() -> None:
    case = taken_in()
    forward_referral(case, THERE, ChosenBy.PERSON, None, when(local(2026, 2, 3), org=BODY))
    answer_questions(case, DANGER, False, when(local(2026, 2, 3)), applicant_informed=True)
    triage_case(case, TriageCode.IMMEDIATE, None, when(local(2026, 2, 3), role="urgent_head"))
    assert [term.due_on for term in case.terms.deadlines] == [date(2026, 2, 3)]


def test_only_who_has_it_forwards_it_r_3_1_2() -> None:
    case = taken_in()
    before = case.model_copy(deep=True)
    with pytest.raises(NotPermitted) as refused:
        forward_referral(case, THERE, ChosenBy.PERSON, None, when(org="mfc-02"))
    assert (refused.value.code, refused.value.clause) == ("not-the-body", "R 3.1.2")
    assert case == before


def test_of_two_who_forward_at_once_one_wins_r_3_1_2() -> None:
    case = forwarded()
    with pytest.raises(NotAllowedInState):
        forward_referral(case, ELSEWHERE, ChosenBy.PERSON, None, BY_BODY)
    assert len(case.forwardings) == 1


def test_institution_gives_back_with_a_reason_and_the_history_is_kept_r_3_1_2() -> None:
    case = forwarded()
    at = when(local(2026, 2, 3))
    (event,) = return_referral(case, ReturnReason.ANOTHER_SERVES, "живёт в Белово", at)
    assert isinstance(event, ReferralReturned)
    assert (event.institution, event.reason) == (INSTITUTION, ReturnReason.ANOTHER_SERVES)
    assert "Белово" not in event.model_dump_json()  # the words stay here
    assert (event.case.institution, event.case.authorised_body) == (BODY, BODY)
    assert case.status is Status.TO_FORWARD
    assert [term.code for term in event.closed] == ["referral-analysis"]
    assert [term.due_on for term in event.opened] == [date(2026, 2, 4)]
    returned = case.forwardings[0].returned
    assert returned is not None
    assert (returned.at, returned.explanation) == (at.now, "живёт в Белово")
    forward_referral(case, ELSEWHERE, ChosenBy.PERSON, None, BY_BODY)
    assert [known.institution for known in case.forwardings] == [INSTITUTION, "r-institution-16"]
    assert case.reference.authorised_body == "r-authorised-body-08"
    assert case.reference.number == taken_in().reference.number


def test_going_back_where_it_came_from_needs_a_note_r_3_1_2() -> None:
    case = forwarded()
    return_referral(case, ReturnReason.ADDRESS_WRONG, None, when())
    with pytest.raises(InvalidInput) as refused:
        forward_referral(case, THERE, ChosenBy.PERSON, None, BY_BODY)
    assert (refused.value.code, refused.value.field) == ("returned-from-there", "note")
    forward_referral(case, THERE, ChosenBy.PERSON, "адрес уточнён", BY_BODY)
    assert case.status is Status.REGISTERED


def test_return_for_another_reason_is_explained_r_3_1_2() -> None:
    case = forwarded()
    with pytest.raises(InvalidInput) as refused:
        return_referral(case, ReturnReason.OTHER, None, when())
    assert (refused.value.code, refused.value.field) == ("return-unexplained", "explanation")


def test_only_the_institution_gives_back_r_3_1_2() -> None:
    case = forwarded()
    with pytest.raises(NotPermitted):
        return_referral(case, ReturnReason.ANOTHER_SERVES, None, when(org=AUTHORISED_BODY))


def test_what_nobody_forwarded_cannot_be_given_back_r_3_1_2() -> None:
    with pytest.raises(NotAllowedInState) as refused:
        return_referral(registered(), ReturnReason.ANOTHER_SERVES, None, when())
    assert refused.value.code == "not-forwarded"


def test_what_was_triaged_once_is_not_given_back_while_it_is_analysed_anew_r_3_1_2() -> None:
    case = forwarded()
    answer_questions(case, CALM, False, when(), applicant_informed=True)
    triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, when())
    link_referral(case, entry(2), when())
    review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "всё изменилось", when())
    assert (case.status, may_move(case)) == (Status.REGISTERED, False)
    with pytest.raises(NotAllowedInState) as refused:
        return_referral(case, ReturnReason.ANOTHER_SERVES, None, when())
    assert (refused.value.code, refused.value.clause) == ("taken-already", "R 3.1.2, 3.1.6")


def test_triaged_referral_is_not_given_back_r_3_1_2() -> None:
    case = forwarded()
    answer_questions(case, CALM, False, when(), applicant_informed=True)
    triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, when(role="urgent_head"))
    with pytest.raises(NotAllowedInState):
        return_referral(case, ReturnReason.ANOTHER_SERVES, None, when())


def test_answers_do_not_hinder_a_return_and_are_asked_anew_r_3_1_2() -> None:
    case = forwarded()
    answer_questions(case, CALM, False, when(), applicant_informed=True)
    return_referral(case, ReturnReason.LIVES_ELSEWHERE, None, when())
    assert case.proposal is None
    forward_referral(case, ELSEWHERE, ChosenBy.PERSON, None, BY_BODY)
    assert case.status is Status.REGISTERED


def test_further_referral_that_knows_the_address_takes_the_waiting_case_along_r_3_1_2() -> None:
    case = taken_in()
    second = taken_in_entry(2, holder=MFC, onward=THERE)
    events = link_referral(case, second, when(org=MFC))
    assert [type(event) for event in events] == [ReferralLinked, ReferralForwarded]
    assert case.reference.institution == INSTITUTION
    assert case.pass_on_at is not None  # the first line is not with the institution yet


def test_further_referral_moves_no_case_that_an_institution_has_r_3_1_2() -> None:
    case = registered()
    events = link_referral(case, taken_in_entry(2, onward=ELSEWHERE), BY_BODY)
    assert [type(event) for event in events] == [ReferralLinked]
    assert case.reference.institution == INSTITUTION


def test_citizen_who_declines_before_it_is_forwarded_may_return_r_3_3_7_2() -> None:
    case = taken_in()
    decline(case, BY_BODY)
    assert case.waits
    with pytest.raises(NotAllowedInState):
        forward_referral(case, THERE, ChosenBy.PERSON, None, BY_BODY)
    (event,) = reopen(case, when(local(2026, 2, 5), org=BODY))
    assert case.status is Status.TO_FORWARD
    assert terms_of(case) == ["referral-forwarding"]
    assert event.stream == "intake.case"


def test_who_has_it_may_know_of_it_r_3_1_2() -> None:
    institution = Actor(id="a", role="registrar", organization=INSTITUTION)
    body = Actor(id="b", role="registrar", organization=BODY)
    assert not involves(taken_in(), institution)
    assert involves(taken_in(), body)
    assert involves(forwarded(), institution)


RETURNED = Returned(at=NOON, recorded_by="test:registrar", reason=ReturnReason.OTHER)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (entry(), EntryState.ENTERED),
        (taken_in_entry(), EntryState.TO_FORWARD),
        (taken_in_entry(set_aside=True), EntryState.SET_ASIDE),
        (taken_in_entry(set_aside=True, ended="died"), EntryState.ENDED),
        (taken_in_entry(passed_on="J-x", passed_to="x"), EntryState.FORWARDED),
        (entry(forwarded_from="J-y", sender=BODY), EntryState.ENTERED),
        (entry(forwarded_from="J-y", sender=BODY, returned=RETURNED), EntryState.RETURNED),
    ],
)
def test_line_says_how_it_stands_r_3_1_2(line: JournalEntry, state: EntryState) -> None:
    assert line.state is state


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1", False),
        ("Томская область, г. Томск, пр. Ленина, д. 3", True),
        ("г. Москва, ул. Тверская, д. 5", True),
        ("Новосибирская обл., Тогучинский район, с. Моховая, д. 2", True),
        ("ул. Мира, д. 4", False),
        ("г. Нигде, ул. Никакая, д. 1", True),
        ("Россия Кемеровская область, г. Юрга", False),
        ("Кемеровская область г. Юрга ул. Мира 1", False),
        ("Кемеровская область - Кузбасс обл, г Юрга, пр-кт Победы, д 13", False),
        ("Кемеровская область (Кузбасс), г. Юрга", False),
        ("Кем. обл., г. Юрга", False),
        ("Санкт-Петербург, г. Колпино", True),
    ],
)
def test_address_outside_the_region_is_told_from_one_that_is_unclear_r_3_1_1(
    text: str, outside: bool
) -> None:
    assert is_outside(Address(text=text), {"RU-KEM"}) is outside


def test_grace_before_the_sweeper_is_short() -> None:
    case = forwarded()
    assert case.pass_on_at == BY_BODY.now + timedelta(seconds=5)
